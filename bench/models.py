"""Training samples per second of every model on this machine: forward, backward, optimiser.

Each model learns from noise in a process of its own, so that one's memory does not show in
another's; neither reading nor augmenting windows counts.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from duchenne.needs import NEEDS
from duchenne.nets.dexpression import DeXpression
from duchenne.nets.inputs import Pictures, Windows
from duchenne.nets.neighbours import nearest
from duchenne.nets.p4transformer import P4Transformer
from duchenne.nets.pstnet import PstNet
from duchenne.nets.realsmilenet import RealSmileNet
from duchenne.nets.scn import Scn
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet
from duchenne.nets.vit import Vit
from duchenne.training.losses import smile_loss

POINTS, FRAMES = 478, 16
Inputs = Windows | Pictures


class Model(NamedTuple):
    build: Callable[[], nn.Module]
    inputs: Callable[[int], Inputs]  # so many samples of what it looks at
    batch: int


def landmarks(samples: int, *, neighbours: int = 0) -> Windows:
    """Windows of all landmarks; `neighbours` with the landmark itself."""
    xyz = torch.randn(samples, FRAMES, POINTS, 3)
    near = torch.zeros(samples, FRAMES, POINTS, 0, dtype=torch.int64)
    if neighbours:
        near = nearest(xyz.flatten(0, 1), neighbours).view(samples, FRAMES, POINTS, neighbours)
    present = torch.ones(samples, FRAMES, dtype=torch.bool)
    return Windows(xyz, near, present, torch.randn(samples, 225))


def chips(samples: int, *, frames: int = FRAMES, side: int, channels: int) -> Pictures:
    shape = (samples, frames, side, side, channels)
    noise = torch.randint(0, 256, shape, dtype=torch.uint8)
    return Pictures(noise, torch.ones(samples, frames, dtype=torch.bool))


def _chips(model: str, frames: int = FRAMES) -> Callable[[int], Inputs]:
    chip = NEEDS[model].chip
    assert chip is not None
    return partial(chips, frames=frames, side=chip.side, channels=chip.channels)


MODELS: dict[str, Model] = {
    "mesh": Model(lambda: SmileNet(Settings()), partial(landmarks, neighbours=21), 16),
    "pstnet": Model(lambda: PstNet(classes=2), landmarks, 16),
    "p4transformer": Model(lambda: P4Transformer(classes=2), landmarks, 16),
    "realsmilenet": Model(lambda: RealSmileNet(classes=2), _chips("realsmilenet"), 16),
    "dexpression": Model(lambda: DeXpression(classes=7), _chips("dexpression", frames=1), 32),
    "scn": Model(lambda: Scn(classes=7), _chips("scn", frames=1), 128),
    "vit": Model(lambda: Vit(classes=2), _chips("vit"), 16),
}


class Rate(NamedTuple):
    """Of one training step, the median of some."""

    seconds: float
    cpu: float  # seconds of all threads: beside the wall's they tell how busy the machine was
    samples: float  # per second of the wall


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round instead of five")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", choices=MODELS, help="measure this one here and print JSON")
    given = parser.parse_args()
    rounds = 1 if given.quick else 5
    if given.model:
        torch.set_num_threads(given.threads)
        print(json.dumps(measure(MODELS[given.model], rounds=rounds)))
        return 0
    print(f"{given.threads} threads, PyTorch {torch.__version__}, two classes")
    print(
        "model           batch   s per step   CPU s per step   samples per s   peak GB", flush=True
    )
    for name in MODELS:
        report(name, sys.argv[1:])
    return 0


def report(name: str, options: list[str]) -> None:
    """Measure a model in its own process and print its line."""
    command = [sys.executable, "-m", "bench.models", "--model", name, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    got = json.loads(done.stdout)
    print(
        f"{name:14}  {MODELS[name].batch:5}   {got['seconds']:10.3f}   {got['cpu']:14.3f}   "
        f"{got['samples']:13.2f}   {got['peak'] / 1e9:7.2f}",
        flush=True,
    )


def measure(model: Model, *, rounds: int) -> dict[str, float]:
    """The model's rate, and the bytes that its process took at most."""
    torch.manual_seed(0)
    labels = torch.arange(model.batch) % 2
    found = rate(model.build(), model.inputs(model.batch), labels, rounds=rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {**found._asdict(), "peak": peak}


def rate(network: nn.Module, inputs: Inputs, labels: Tensor, *, rounds: int) -> Rate:
    """Of steps on one batch, after one to warm up."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-4)
    weights = torch.ones(2)
    walls, cpus = [], []
    for _ in range(1 + rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        optimiser.zero_grad(set_to_none=True)
        smile_loss(network(inputs).logits, labels, weights).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    seconds = statistics.median(walls[1:])
    return Rate(seconds, statistics.median(cpus[1:]), len(labels) / seconds)


if __name__ == "__main__":
    raise SystemExit(main())
