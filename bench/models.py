"""Training samples per second of each model on this machine.

A step of a network is forward, backward and optimiser on one batch. A step of a fitted model is the
fit of all clips, with the choice of settings on inner folds. Each model is trained on noise in a
new process, whose memory is measured, with the environment of the pipeline's workers. Reading and
augmenting windows is not included.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from duchenne.config import models
from duchenne.config.datasets import PUBLISHED
from duchenne.flow.startup import PINS
from duchenne.nets.inputs import Pictures, Windows
from duchenne.nets.neighbours import nearest
from duchenne.nets.registry import build
from duchenne.training.device import keep_memory
from duchenne.training.fit import Fitter
from duchenne.training.fitting import Logistic, Rocket, Svm, Trees, fit
from duchenne.training.losses import smile_loss
from duchenne.training.signals import CHANNELS, STEPS

POINTS, FRAMES = 478, 16
FITTED_CLIPS, CLIPS_OF_A_PERSON = 256, 4
Inputs = Windows | Pictures
Step = Callable[[], None]


class Model(NamedTuple):
    build: Callable[[], nn.Module]
    inputs: Callable[[int], Inputs]  # number of samples → inputs
    batch: int


def landmarks(samples: int, *, neighbours: int = 0) -> Windows:
    """Windows of all landmarks; `neighbours` counts the landmark itself too."""
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


def _model(name: str) -> Model:
    """As declared, with its published batch and number of frames."""
    declared = models.MODELS[name]
    published: dict[str, dict[str, Any]] = {
        section: {**PUBLISHED[section], **declared.published.get(section, {})}
        for section in ("train", "window")
    }
    chip = declared.needs.chip
    inputs: Callable[[int], Inputs] = landmarks
    if chip is not None:
        frames = int(published["window"]["frames"])
        inputs = partial(chips, frames=frames, side=chip.side, channels=chip.channels)
    elif declared.needs.fuses:
        inputs = partial(landmarks, neighbours=1 + int(PUBLISHED["net"]["neighbours"] or 0))
    network = partial(build, name, {"classes": declared.classes})
    return Model(network, inputs, int(published["train"]["batch"]))


MODELS = {name: _model(name) for name, of in models.MODELS.items() if of.network}


class Fitted(NamedTuple):
    fitter: Fitter
    columns: int


FITTED: dict[str, Fitted] = {
    "svm": Fitted(("svm", Svm()), 225),
    "trees": Fitted(("trees", Trees(iterations=200, rate=0.05)), 225),
    "rocket": Fitted(("rocket", Rocket(channels=CHANNELS)), CHANNELS * STEPS),
    "duration": Fitted(("logistic", Logistic()), 1),
    "first_frame": Fitted(("logistic", Logistic()), 3 * POINTS),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round instead of five")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--model", choices=[*MODELS, *FITTED], help="measure this one here and print JSON"
    )
    given = parser.parse_args()
    rounds = 1 if given.quick else 5
    if given.model:
        keep_memory()
        torch.set_num_threads(given.threads)
        print(json.dumps(measure(given.model, rounds=rounds)))
        return 0
    print(f"{given.threads} threads, PyTorch {torch.__version__}")
    print(
        "model          clips   s per step   CPU s per step     clips per s   peak GB", flush=True
    )
    for name in (*MODELS, *FITTED):
        report(name, sys.argv[1:])
    return 0


def report(name: str, options: list[str]) -> None:
    """Measure a model in a new process and print its line."""
    command = [sys.executable, "-m", "bench.models", "--model", name, *options]
    environment = os.environ | PINS
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    got = json.loads(done.stdout)
    print(
        f"{name:14}  {got['samples']:5.0f}   {got['seconds']:10.3f}   {got['cpu']:14.3f}   "
        f"{got['samples'] / got['seconds']:13.2f}   {got['peak'] / 1e9:7.2f}",
        flush=True,
    )


def measure(name: str, *, rounds: int) -> dict[str, float]:
    """Median time of a step after a warm-up step, and peak memory of the process in bytes.

    The times in s are wall time and processor time; their ratio tells how busy the machine was.
    """
    torch.manual_seed(0)
    step, samples = learning(MODELS[name]) if name in MODELS else fitting(FITTED[name])
    walls, cpus = [], []
    for _ in range(1 + rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    middle = statistics.median
    return {
        "seconds": middle(walls[1:]), "cpu": middle(cpus[1:]), "samples": samples, "peak": peak
    }  # fmt: skip


def learning(model: Model) -> tuple[Step, int]:
    network, inputs = model.build(), model.inputs(model.batch)
    labels: Tensor = torch.arange(model.batch) % 2
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-4)
    weights = torch.ones(2)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        smile_loss(network(inputs).logits, labels, weights).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step, model.batch


def fitting(model: Fitted) -> tuple[Step, int]:
    name, how = model.fitter
    values = np.random.default_rng(0).standard_normal((FITTED_CLIPS, model.columns))
    labels = np.arange(FITTED_CLIPS) % 2
    people = [f"s{clip // CLIPS_OF_A_PERSON}" for clip in range(FITTED_CLIPS)]

    def step() -> None:
        fit(name, values, labels, people, classes=2, seed=0, how=how)

    return step, FITTED_CLIPS


if __name__ == "__main__":
    raise SystemExit(main())
