"""A checkpoint brings everything back, or nothing; and holds numbers and text alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from duchenne.training.checkpoint import Progress, State, resume, save, weights_of

Tensors = dict[str, torch.Tensor]
HISTORY = [{"epoch": 1, "val_loss": 0.1 + 0.2, "val_auc": None, "watched": -1.0 / 3.0}]


def state(seed: int, *, width: int = 6) -> State:
    """A network with statistics and dropout, its optimiser, and random numbers."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Linear(4, width), nn.BatchNorm1d(width), nn.Dropout(0.5), nn.Linear(width, 1)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.01)
    return State(network, optimiser, np.random.default_rng(seed))


def steps(given: State, count: int) -> None:
    """Learn something, with random numbers of both kinds."""
    for _ in range(count):
        x = torch.from_numpy(given.rng.normal(size=(8, 4)).astype(np.float32))
        given.optimiser.zero_grad()
        given.network(x).square().mean().backward()
        given.optimiser.step()


def content(given: State) -> tuple[Any, ...]:
    """All that changes while a network learns, in a form that can be compared."""
    moments = given.optimiser.state_dict()["state"]
    return (
        {name: value.tolist() for name, value in given.network.state_dict().items()},
        {number: {k: v.tolist() for k, v in each.items()} for number, each in moments.items()},
        torch.get_rng_state().tolist(),
        given.rng.bit_generator.state,
    )


def saved(path: Path) -> State:
    """A state after three steps, saved with the weights that it had after two."""
    given = state(1)
    steps(given, 2)
    best = weights_of(given.network)
    steps(given, 1)
    save(path, Progress(3, HISTORY, best, 2), given)
    return given


def test_what_was_saved_comes_back_and_goes_on_alike(tmp_path: Path):
    path = tmp_path / "new" / "progress"
    undisturbed = saved(path)
    kept = content(undisturbed)
    steps(undisturbed, 3)
    wanted = content(undisturbed)

    other = state(2)
    steps(other, 5)
    progress = resume(path, other)
    assert progress is not None
    assert (progress.epoch, progress.best_epoch, progress.history) == (3, 2, HISTORY)
    assert content(other) == kept
    best = state(1)
    steps(best, 2)
    found = {name: value.tolist() for name, value in progress.best.items()}
    assert found == content(best)[0]

    resume(path, other)
    steps(other, 3)
    assert content(other) == wanted


def test_saving_changes_nothing(tmp_path: Path):
    given = state(1)
    steps(given, 2)
    before = content(given)
    save(tmp_path / "progress", Progress(2, HISTORY, weights_of(given.network), 1), given)
    assert content(given) == before


def test_the_best_weights_are_a_copy():
    given = state(1)
    best = weights_of(given.network)
    before = {name: value.tolist() for name, value in best.items()}
    steps(given, 2)
    assert {name: value.tolist() for name, value in best.items()} == before


def test_without_a_file_there_is_nothing_to_resume(tmp_path: Path):
    given = state(1)
    before = content(given)
    assert resume(tmp_path / "progress", given) is None
    assert content(given) == before


# ---- Damage -------------------------------------------------------------------------------------
def rewritten(change: Callable[[Tensors, dict[str, Any]], Any]) -> Callable[[Path], None]:
    """A file whose tensors and facts have been tampered with; facts of None are left out."""

    def damage(path: Path) -> None:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        change(tensors, facts)
        save_file(tensors, path, metadata={"progress": json.dumps(facts)})

    return damage


def without_facts(path: Path) -> None:
    save_file({"network.0.weight": torch.ones(6, 4)}, path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def of_another_network(path: Path) -> None:
    """It has the same names, and some of its tensors even fit."""
    save(path, Progress(1, [], {}, 1), state(3, width=7))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("weights"),
    "a folder": folder,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "cut off in its head": lambda path: path.write_bytes(path.read_bytes()[:500]),
    "no facts": without_facts,
    "facts of another kind": rewritten(lambda tensors, facts: facts.clear()),
    "no random state": rewritten(lambda tensors, facts: facts.pop("random")),
    "no history": rewritten(lambda tensors, facts: facts.pop("history")),
    "a random state of another kind": rewritten(
        lambda tensors, facts: facts.update(random={"bit_generator": "MT19937"})
    ),
    "no random state of torch": rewritten(lambda tensors, facts: tensors.pop("random.cpu")),
    "a short random state of torch": rewritten(
        lambda tensors, facts: tensors.update({"random.cpu": torch.zeros(3, dtype=torch.uint8)})
    ),
    "a weight less": rewritten(lambda tensors, facts: tensors.pop("network.3.bias")),
    "a weight more": rewritten(
        lambda tensors, facts: tensors.update({"network.9.bias": torch.ones(1)})
    ),
    "a moment without a number": rewritten(
        lambda tensors, facts: tensors.update({"optimiser.x.step": torch.ones(())})
    ),
    "another network": of_another_network,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_from_a_damaged_file_nothing_is_taken(name: str, tmp_path: Path):
    """Not even the part that can be read: a run would begin with weights of epoch 3 at epoch 1."""
    path = tmp_path / "progress"
    saved(path)
    DAMAGE[name](path)
    fresh = state(2)
    before = content(fresh)
    assert resume(path, fresh) is None
    assert content(fresh) == before


def test_a_killed_save_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "progress"
    saved(path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("duchenne.training.checkpoint.settle", killed)
    later = state(1)
    with pytest.raises(KeyboardInterrupt):
        save(path, Progress(9, [], {}, 9), later)
    progress = resume(path, state(2))
    assert progress is not None
    assert progress.epoch == 3


def test_nothing_is_pickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pickle can run anything, and caches are shared."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pickle")

    for place in ("torch.load", "torch.save", "pickle.load", "pickle.loads", "pickle.dumps"):
        monkeypatch.setattr(place, refuse)
    saved(tmp_path / "progress")
    assert resume(tmp_path / "progress", state(2)) is not None
