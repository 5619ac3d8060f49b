"""Learning a fold: it resumes to the bit, and the test clips have no say in what is learnt."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from duchenne.errors import Unusable
from duchenne.training import loop as module
from duchenne.training import monitor
from duchenne.training.loop import Learnt, Task, learn, predict
from tests.make.fold_cases import (
    CURVENET,
    Fold,
    clip,
    fold,
    learnt,
    ready,
    same,
    same_weights,
    settings,
    silent,
    task,
)


class Killed(Exception):
    pass


def killed_after(epoch: int):
    """What is said after every epoch ends the run after this one."""

    def say(text: str) -> None:
        if f"epoch {epoch}/" in text:
            raise Killed

    return say


def seen_epochs(history: list[dict[str, Any]]) -> list[int]:
    return [row["epoch"] for row in history]


# ---- Resuming -----------------------------------------------------------------------------------
EVERYTHING = {
    "fusion": "concat", "window__shows": "motion", "train__epochs": 4, "train__balance": True,
    "train__schedule": "cosine", "augment__mirror": 0.5, "augment__rotate": 5.0,
    "augment__noise": 0.01, "augment__stretch": 0.2,
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(EVERYTHING, id="everything that is random"),
        pytest.param({"fusion": "multitask", "protocol": "published"}, id="published"),
        pytest.param({"train__patience": 2, "train__epochs": 6, "train__lr": 0.03}, id="patience"),
        pytest.param({**CURVENET, "train__epochs": 2}, id="curvenet"),
    ],
)
def test_a_run_killed_after_any_epoch_ends_as_an_undisturbed_one(
    changes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What a killed run leaves is its last checkpoint, here of one epoch before it died."""
    monkeypatch.setattr(module, "SAVE_EVERY_S", -1.0)
    given, how = fold(), settings(**changes)
    wanted = learnt(given, how, tmp_path / "undisturbed")
    for epoch in seen_epochs(wanted.history):
        place = tmp_path / str(epoch)
        with pytest.raises(Killed):
            learn(task(given, how), unfinished=place, say=killed_after(epoch))
        assert place.exists() == (epoch > 1)
        told: list[str] = []
        assert same(learn(task(given, how), unfinished=place, say=told.append), wanted)
        assert len(told) == len(wanted.history) - (epoch - 1), "and learns nothing twice"


def test_a_run_may_be_killed_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SAVE_EVERY_S", -1.0)
    given, how = fold(), settings(**EVERYTHING)
    place = tmp_path / "progress"
    for epoch in (2, 3, 4):
        with pytest.raises(Killed):
            learn(task(given, how), unfinished=place, say=killed_after(epoch))
    assert same(learn(task(given, how), unfinished=place, say=silent),
                learnt(given, how, tmp_path / "undisturbed"))  # fmt: skip


def test_what_was_finished_already_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SAVE_EVERY_S", -1.0)
    given, how = fold(), settings()
    wanted = learnt(given, how, tmp_path)
    told: list[str] = []
    again = learn(task(given, how), unfinished=tmp_path / "progress", say=told.append)
    assert same(again, wanted)
    assert told == []


def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "SAVE_EVERY_S", -1.0)
    given, how = fold(), settings()
    wanted = learnt(given, how, tmp_path)
    place = tmp_path / "progress"
    place.write_bytes(place.read_bytes()[:-5000])
    assert same(learn(task(given, how), unfinished=place, say=silent), wanted)


def test_checkpoints_are_not_written_all_the_time(tmp_path: Path):
    learnt(fold(), settings(), tmp_path)
    assert not (tmp_path / "progress").exists()


# ---- One seed, one result -----------------------------------------------------------------------
def test_neither_other_folds_nor_their_order_change_a_fold(tmp_path: Path):
    how, folds = settings(fusion="concat", augment__mirror=0.5), {"a": fold(), "b": fold(train=8)}
    forth = {name: learnt(given, how, tmp_path, name=name) for name, given in folds.items()}
    torch.manual_seed(99)
    torch.rand(5)
    back = {name: learnt(folds[name], how, tmp_path, name=name) for name in reversed(folds)}
    assert all(same(forth[name], back[name]) for name in folds)


def test_the_seed_and_the_name_of_a_fold_decide(tmp_path: Path):
    first = learnt(fold(), settings(), tmp_path)
    assert same(first, learnt(fold(), settings(), tmp_path))
    for other in (
        learnt(fold(), settings(seed=1), tmp_path),
        learnt(fold(), settings(), tmp_path, name="2"),
    ):
        assert not same_weights(first.weights, other.weights)


# ---- What the test clips may do -----------------------------------------------------------------
def opposite(given: Fold) -> Fold:
    return given.changed(["test"], label=lambda one: 1 - one.label)


def strangers(given: Fold) -> Fold:
    """Other faces, times and D-Markers in the test part."""
    other = {one.name: clip(f"{one.name}-other", frames=9, fps=7.0) for one in given.clips}
    return given.changed(
        ["test"],
        times=lambda one: other[one.name].times,
        xyz=lambda one: other[one.name].xyz,
        markers=lambda one: other[one.name].markers,
    )


@pytest.mark.parametrize(
    ("fusion", "shows"), [("none", "motion"), ("concat", "shape"), ("multitask", "motion")]
)
@pytest.mark.parametrize("change", [opposite, strangers])
def test_nested_test_clips_decide_nothing(change, fusion, shows, tmp_path: Path):
    how = settings(fusion=fusion, window__shows=shows)
    one, two = (learnt(given, how, tmp_path) for given in (fold(), change(fold())))
    assert same_weights(one.weights, two.weights)
    assert (one.epoch, one.history) == (two.epoch, two.history)
    assert np.array_equal(one.probabilities["val"], two.probabilities["val"])
    assert np.array_equal(one.probabilities["test"], two.probabilities["test"]) == (
        change is opposite
    ), "labels change no answer, other faces do"


def test_published_test_clips_choose_the_epoch_and_teach_nothing(tmp_path: Path):
    how = settings(protocol="published")
    one, two = (learnt(given, how, tmp_path) for given in (fold(), opposite(fold())))
    for first, second in zip(one.history, two.history, strict=True):
        assert first["train_loss"] == second["train_loss"]
        assert 0.0 <= first["train_accuracy"] == second["train_accuracy"] <= 1.0
        assert first["test_accuracy"] == pytest.approx(1.0 - second["test_accuracy"])
    assert [row["watched"] for row in one.history] == [r["test_accuracy"] for r in one.history]


@pytest.mark.parametrize(("protocol", "teaches"), [("nested", False), ("published", True)])
def test_validation_clips_teach_in_the_published_protocol_alone(protocol, teaches, tmp_path: Path):
    how = settings(protocol=protocol)
    given = fold()
    other = given.changed(["val"], label=lambda one: 1 - one.label)
    one, two = (learnt(each, how, tmp_path) for each in (given, other))
    losses = [[row["train_loss"] for row in each.history] for each in (one, two)]
    assert (losses[0] != losses[1]) == teaches


@pytest.mark.parametrize(
    ("protocol", "learns", "watched", "roles"),
    [("nested", 10, 4, ["val", "test"]), ("published", 14, 6, ["test"])],
)
def test_who_learns_and_who_is_watched(protocol, learns, watched, roles, tmp_path: Path):
    how, given = settings(protocol=protocol), fold(test=6)
    ours = task(given, how)
    assert (len(ours.split.learns), len(ours.split.watched)) == (learns, watched)
    found = learnt(given, how, tmp_path)
    assert list(found.probabilities) == roles
    prefix = "val" if protocol == "nested" else "test"
    assert f"{prefix}_loss" in found.history[0]
    assert not any(key.startswith({"val": "test", "test": "val"}[prefix]) for key in
                   found.history[0])  # fmt: skip


# ---- Which epoch --------------------------------------------------------------------------------
def scripted(
    task_of: Task, watched: list[float], monkeypatch: pytest.MonkeyPatch
) -> tuple[Learnt, list[str]]:
    """A run in which the watched accuracies and losses are given, epoch by epoch."""
    script = iter(watched)

    def of(*_: object) -> dict[str, float]:
        value = next(script)
        return {"loss": -value, "accuracy": value, "balanced_accuracy": value, "auc": math.nan}

    told: list[str] = []
    monkeypatch.setattr(monitor, "scores", of)
    return learn(task_of, unfinished=Path("nowhere"), say=told.append), told


@pytest.mark.parametrize(
    ("watched", "patience", "chosen", "epochs"),
    [
        pytest.param([0.1, 0.3, 0.2, 0.3, 0.3], None, 2, 5, id="of equals the first"),
        pytest.param([0.5, 0.4, 0.3, 0.2, 0.1], None, 1, 5, id="the first"),
        pytest.param([0.1, 0.2, 0.3, 0.4, 0.5], None, 5, 5, id="the last"),
        pytest.param([0.1, 0.3, 0.2, 0.2, 0.9], 2, 2, 4, id="patience ends it"),
        pytest.param([0.1, 0.3, 0.2, 0.4, 0.1], 2, 4, 5, id="a better one starts it anew"),
        pytest.param([0.3, 0.3, 0.3, 0.3, 0.3], 1, 1, 2, id="an equal one is no better"),
    ],
)
def test_the_first_best_epoch_is_chosen(
    watched, patience, chosen, epochs, monkeypatch: pytest.MonkeyPatch
):
    """An area that is undefined in every epoch leaves the choice to the loss."""
    for score in ("loss", "balanced_accuracy", "auc"):
        how = settings(train__epochs=5, train__patience=patience, train__monitor=score)
        found, told = scripted(task(fold(), how), watched, monkeypatch)
        assert (found.epoch, len(found.history), len(told)) == (chosen, epochs, epochs)


def test_the_weights_are_those_of_the_chosen_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They are what a run gives that ends there."""
    found, _ = scripted(task(fold(), settings(train__epochs=4)), [0.1, 0.9, 0.2, 0.3], monkeypatch)
    short, _ = scripted(task(fold(), settings(train__epochs=2)), [0.1, 0.9], monkeypatch)
    assert same_weights(found.weights, short.weights)
    for role, told in found.probabilities.items():
        assert np.array_equal(told, short.probabilities[role]), "and they gave the answers"


@pytest.mark.parametrize(
    ("schedule", "warmup", "rates"),
    [
        ("constant", 0.0, [0.01] * 4),
        # lr (1 + cos(pi n / 4)) / 2 for n = 0, 1, 2, 3
        ("cosine", 0.0, [0.01, 0.01 * (2 + 2**0.5) / 4, 0.005, 0.01 * (2 - 2**0.5) / 4]),
        # half of four epochs: the middle of the first is a quarter of the way, of the second three
        ("constant", 0.5, [0.0025, 0.0075, 0.01, 0.01]),
        ("cosine", 0.25, [0.005, 0.01 * (2 + 2**0.5) / 4, 0.005, 0.01 * (2 - 2**0.5) / 4]),
    ],
)
def test_the_learning_rate_by_hand(schedule, warmup, rates, tmp_path: Path):
    how = settings(train__epochs=4, train__lr=0.01, train__schedule=schedule, train__warmup=warmup)
    found = learnt(fold(), how, tmp_path)
    assert [row["lr"] for row in found.history] == pytest.approx(rates)


def test_the_learning_rate_is_used(tmp_path: Path):
    def way(lr: float) -> float:
        """How far the head's weights have gone."""
        how = settings(train__epochs=1, train__lr=lr, train__weight_decay=0.0)
        start = task(fold(), how).network.state_dict()["head.1.weight"].clone()
        return float((learnt(fold(), how, tmp_path).weights["head.1.weight"] - start).abs().max())

    assert way(1e-4) == pytest.approx(way(1e-5) * 10.0, rel=0.2)


def test_gradients_are_clipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Adam hides the length of a gradient, so the call is what is looked at."""
    limits: list[float] = []
    clip_them = nn.utils.clip_grad_norm_

    def watch(parameters: Any, limit: float) -> Any:
        limits.append(limit)
        return clip_them(parameters, limit)

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", watch)
    learnt(fold(), settings(train__epochs=1, train__clip=None), tmp_path)
    assert limits == []
    learnt(fold(), settings(train__epochs=1, train__clip=0.5), tmp_path)
    assert limits == [0.5] * 3, "10 clips make 3 batches of at most 4"


# ---- What cannot go on --------------------------------------------------------------------------
def broken(given: Task, name: str) -> Task:
    """The task with landmarks of one clip that no number can be made of."""
    store = given.cutter.clips
    number = store.names.index(name)
    first = store.first[number]
    store.xyz[first : first + len(store.times[number])] = math.inf
    return given


def test_a_loss_that_is_no_number_names_fold_epoch_and_clips():
    with pytest.raises(Unusable, match=r"^nan_loss: fold 7: .* in epoch 1, in the batch") as caught:
        learn(broken(task(fold(), settings(), name="7"), "c04"), unfinished=Path("no"), say=silent)
    detail = caught.value.detail
    assert "c04" in detail
    assert len([n for n in range(18) if f"c{n:02d}" in detail]) <= 4, "the batch, and no more"
    assert not caught.value.lasting


def test_so_does_a_validation_clip_without_an_answer():
    with pytest.raises(Unusable, match=r"fold 1: .* after epoch 1, of c11;"):
        learn(broken(task(fold(), settings()), "c11"), unfinished=Path("no"), say=silent)


# ---- Progress and predictions -------------------------------------------------------------------
def test_every_epoch_is_told(tmp_path: Path):
    told: list[str] = []
    learn(task(fold(), settings(), name="3"), unfinished=tmp_path / "p", say=told.append)
    pattern = (
        r"fold 3, epoch 2/3: loss \d\.\d{3}, val loss \d\.\d{3}, accuracy \d\.\d\d, 0:\d\d left"
    )
    assert len(told) == 3
    assert re.fullmatch(pattern, told[1])
    assert told[2].endswith("0:00 left")


def test_a_probability_is_the_mean_over_a_clip_s_windows():
    ours = task(fold(), settings())
    numbers = ours.split.parts["test"][::-1].copy()
    found = predict(ours, numbers)
    for row, number in zip(found, numbers, strict=True):
        with torch.inference_mode():
            answers = [
                torch.sigmoid(ours.network(batch.windows).logits[:, 0]).numpy()
                for batch in ours.cutter.testing(np.array([number]), count=2, size=1)
            ]
        mean = np.concatenate(answers).mean()
        assert row == pytest.approx([1.0 - mean, mean], abs=1e-6)


def test_three_classes_have_three_probabilities(tmp_path: Path):
    given = fold()
    given = replace(given, clips=tuple(
        one._replace(label=number % 3) for number, one in enumerate(given.clips)
    ))  # fmt: skip
    ours = ready(given, settings(), classes=3).task
    found = learn(ours, unfinished=tmp_path / "p", say=silent)
    assert found.probabilities["test"].shape == (4, 3)
    assert found.probabilities["test"].sum(axis=1) == pytest.approx(np.ones(4))


# ---- It learns what there is to learn -----------------------------------------------------------
def accuracy(labels: list[int], tmp_path: Path) -> float:
    """Of clips of unseen subjects; `labels` are what the network is told."""
    given = fold(train=32, val=8, test=40)
    taught = replace(given, clips=tuple(
        one._replace(label=label) for one, label in zip(given.clips, labels, strict=True)
    ))  # fmt: skip
    how = settings(train__epochs=12, train__batch=8, train__lr=0.001, net__latents=8)
    found = learnt(taught, how, tmp_path)
    told = [taught.clips[number].label for number in taught.with_role("test")]
    return float((found.probabilities["test"].argmax(axis=1) == told).mean())


def test_true_labels_are_learnt_and_permuted_ones_are_not(tmp_path: Path):
    """40 coins fall between 0.3 and 0.7 in 99 of 100 throws."""
    labels = [one.label for one in fold(train=32, val=8, test=40).clips]
    assert accuracy(labels, tmp_path) >= 0.95
    rng = np.random.default_rng(0)
    assert 0.3 <= accuracy(rng.permutation(labels).tolist(), tmp_path) <= 0.7
