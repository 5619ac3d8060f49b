"""Time and peak memory of steps of the networks, compared with the time of their matrix products.

Each step runs in a new process, whose memory is measured, with the environment of the pipeline's
workers: else, on a busy machine, spinning threads would mostly wait for each other. The floor is
the FLOP of the step's matrix products over the rate of large products on this machine. The ratio of
processor time to wall time tells how busy the machine was.
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
from typing import Any, NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from duchenne.flow.startup import PINS
from duchenne.nets.curvenet import CurveNet
from duchenne.nets.inputs import Windows
from duchenne.nets.neighbours import nearest
from duchenne.nets.settings import MeshSettings
from duchenne.nets.smilenet import SmileNet
from duchenne.training.device import keep_memory

POINTS, THREADS = 478, 2
Step = Callable[[], Any]


class Goal(NamedTuple):
    seconds: float
    gigabytes: float


def curvenet_training() -> Step:
    """Forward and backward of a batch of 16 windows of 16 frames."""
    net, xyz, neighbours = curvenet(frames=256)

    def step() -> None:
        net.zero_grad()
        out = net(xyz, neighbours)
        out.backward(torch.ones_like(out))

    return step


def curvenet_inference() -> Step:
    """Inference on 80 frames, as for one clip."""
    net, xyz, neighbours = curvenet(frames=80)
    net.eval()
    return torch.inference_mode()(lambda: net(xyz, neighbours))


def neighbours_of_80() -> Step:
    xyz = torch.randn(80, POINTS, 3)
    return lambda: nearest(xyz, 21)


def curvenet(*, frames: int) -> tuple[CurveNet, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    xyz = torch.randn(frames, POINTS, 3)
    return CurveNet(POINTS), xyz, nearest(xyz, 21)


def training() -> Step:
    """A step of the stage `train`: the published network with D-Markers on 16 windows of 16 frames.

    It has forward, loss, backward, clipping and AdamW.
    """
    net, windows = network(windows=16)
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-4)
    labels = torch.arange(16).remainder(2).float()[:, None]

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        logits = net(windows).logits
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()

    return step


def inference() -> Step:
    """Inference on five windows, as for one clip."""
    net, windows = network(windows=5)
    net.eval()
    return torch.inference_mode()(lambda: net(windows))


def network(*, windows: int) -> tuple[SmileNet, Windows]:
    torch.manual_seed(0)
    xyz = torch.randn(windows, 16, POINTS, 3)
    near = nearest(xyz.flatten(0, 1), 21).view(windows, 16, POINTS, 21)
    present = torch.ones(windows, 16, dtype=torch.bool)
    settings = MeshSettings(points=POINTS, fusion="hadamard")
    return SmileNet(settings), Windows(xyz, near, present, torch.randn(windows, 225))


STEPS: dict[str, tuple[Callable[[], Step], Goal]] = {
    "CurveNet forward and backward, 256 frames": (curvenet_training, Goal(1.7, 2.5)),
    "CurveNet inference, 80 frames": (curvenet_inference, Goal(0.2, 1.5)),
    "training step, 16 windows": (training, Goal(5.0, 4.0)),
    "inference, 5 windows": (inference, Goal(0.35, 1.5)),
    "neighbours, 80 frames": (neighbours_of_80, Goal(0.2, 1.5)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round instead of five")
    parser.add_argument("--step", choices=STEPS, help="measure this one here and print JSON")
    given = parser.parse_args()
    rounds = 1 if given.quick else 5
    if given.step:
        print(json.dumps(measure(STEPS[given.step][0], rounds=rounds)))
        return 0
    torch.set_num_threads(THREADS)
    rate = product_rate()
    print(f"{THREADS} threads; large products run at {rate / 1e9:.0f} GFLOP/s here", flush=True)
    for name in STEPS:
        report(name, rate=rate, rounds=rounds)
    return 0


def report(name: str, *, rate: float, rounds: int) -> None:
    """Measure a step in a new process and print it beside its goal."""
    goal = STEPS[name][1]
    command = [sys.executable, "-m", "bench.networks", "--step", name]
    command += ["--quick"] if rounds == 1 else []
    environment = os.environ | PINS
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    got = json.loads(done.stdout)
    print(
        f"{name}: {got['wall']:.2f} s (goal {goal.seconds}), {got['cpu']:.2f} s of CPU, "
        f"peak {got['peak'] / 1e9:.2f} GB (goal {goal.gigabytes}), "
        f"{got['flops'] / 1e9:.1f} GFLOP: floor {got['flops'] / rate:.2f} s",
        flush=True,
    )


def measure(make: Callable[[], Step], *, rounds: int) -> dict[str, float]:
    """The median round after a warm-up round: s, bytes, FLOP."""
    keep_memory()
    torch.set_num_threads(THREADS)
    step = make()
    step()
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.addmm_: in_place})
    torch.set_num_threads(1)  # the counter counts only in its own thread
    with counter:
        step()
    flops = counter.get_total_flops()
    middle = statistics.median
    return {"wall": middle(walls), "cpu": middle(cpus), "peak": peak, "flops": flops}


def in_place(_: Any, one: list[int], other: list[int], **__: Any) -> int:
    """FLOP of `addmm_`, given the shapes: PyTorch's counter knows only `addmm`."""
    return 2 * one[0] * one[1] * other[1]


def product_rate() -> float:
    """FLOP/s of single-precision products with the network's last shape, the best of ten."""
    rows, weight = torch.randn(256 * POINTS, 256), torch.randn(256, 256)
    out = torch.empty_like(rows)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        torch.mm(rows, weight, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * rows.numel() * len(weight) / best


if __name__ == "__main__":
    raise SystemExit(main())
