"""A run that can go on where it was: weights, optimiser, random states and history in one file.

It is a safetensors file, which holds numbers and text alone, and appears by one rename.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from duchenne.files import settle

Weights = dict[str, Tensor]


@dataclass
class Progress:
    """How far a fold has come; `best` are the weights of the best epoch so far."""

    epoch: int
    history: list[dict[str, Any]]
    best: Weights
    best_epoch: int


class State(NamedTuple):
    """What changes while a network learns."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    rng: np.random.Generator


def save(path: Path, progress: Progress, state: State) -> None:
    """Write everything that the next epoch depends on."""
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in progress.best.items()}
    for number, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in moments.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    facts = {
        "epoch": progress.epoch,
        "history": progress.history,
        "best_epoch": progress.best_epoch,
        "random": state.rng.bit_generator.state,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    save_file(whole, part, metadata={"progress": json.dumps(facts)})
    settle(part, path)


def resume(path: Path, state: State) -> Progress | None:
    """Put everything back as it was saved; None where there is nothing, or nothing that fits."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        state.network.load_state_dict(_part(tensors, "network"))
        _restore(state.optimiser, _part(tensors, "optimiser"))
    except (SafetensorError, RuntimeError, ValueError, KeyError, OSError):
        return None  # written by a run that was cut off in a way that rename does not cover
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])
    state.rng.bit_generator.state = facts["random"]
    return Progress(facts["epoch"], facts["history"], _part(tensors, "best"), facts["best_epoch"])


def weights_of(network: nn.Module) -> Weights:
    """A copy of a network's weights on the CPU."""
    return {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}


def _part(tensors: Weights, name: str) -> Weights:
    start = f"{name}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def _restore(optimiser: torch.optim.Optimizer, tensors: Weights) -> None:
    whole = optimiser.state_dict()
    moments: dict[int, Weights] = {}
    for name, value in tensors.items():
        number, key = name.split(".", 1)
        moments.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({**whole, "state": moments})
