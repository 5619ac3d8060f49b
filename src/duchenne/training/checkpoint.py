"""The checkpoint of a fold: weights, optimiser, random states and history in one file.

It is a safetensors file, which holds only numbers and text, and is put in place by a rename.
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

from duchenne.tables.files import settle

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
    best = {f"best.{name}": value for name, value in progress.best.items()}
    facts = {
        "epoch": progress.epoch,
        "history": progress.history,
        "best_epoch": progress.best_epoch,
        "random": state.rng.bit_generator.state,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    save_file(_taken(state) | best, part, metadata={"progress": json.dumps(facts)})
    settle(part, path)


def resume(path: Path, state: State) -> Progress | None:
    """Put everything back as it was saved; None, and nothing touched, where there is nothing that
    fits."""
    if not path.exists():
        return None
    before, random = _taken(state), state.rng.bit_generator.state
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        _put(tensors, facts["random"], state)
        best = _part(tensors, "best")
        return Progress(facts["epoch"], facts["history"], best, facts["best_epoch"])
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError, OSError):
        # Cut off in a way that rename does not cover. Torch loads what fits before it complains.
        _put(before, random, state)
        return None


def weights_of(network: nn.Module) -> Weights:
    """A copy of a network's weights on the CPU."""
    return {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}


def _taken(state: State) -> Weights:
    """A copy, on the CPU, of weights, optimiser and torch's random states."""
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    for number, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in moments.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if (device := _device(state)).type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}


def _put(tensors: Weights, random: Any, state: State) -> None:
    state.network.load_state_dict(_part(tensors, "network"))
    moments: dict[int, Weights] = {}
    for name, value in _part(tensors, "optimiser").items():
        number, key = name.split(".", 1)
        moments.setdefault(int(number), {})[key] = value
    state.optimiser.load_state_dict({**state.optimiser.state_dict(), "state": moments})
    torch.set_rng_state(tensors["random.cpu"])
    if (device := _device(state)).type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], device)
    state.rng.bit_generator.state = random


def _device(state: State) -> torch.device:
    return next(state.network.parameters()).device


def _part(tensors: Weights, name: str) -> Weights:
    start = f"{name}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
