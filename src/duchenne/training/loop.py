"""The training loop of one fold: train, choose the epoch by the watched clips, predict.

`training.protocol` says which clips do what.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from duchenne.config.training import Training
from duchenne.errors import Unusable, listed
from duchenne.training import checkpoint, losses, monitor
from duchenne.training.batches import AnyCutter
from duchenne.training.checkpoint import Progress, Weights
from duchenne.training.device import precision
from duchenne.training.objective import Objective
from duchenne.training.protocol import Numbers, Split

Probabilities = npt.NDArray[np.float64]
Say = Callable[[str], None]

SAVE_EVERY_S = 15.0  # a checkpoint of the whole network takes some tenths of a second
NAMED = 32  # clips in an error message; a batch is rarely larger
TEST_BATCH = 2  # testing keeps nothing for a backward pass, so more windows fit


@dataclass(frozen=True)
class Task:
    """Everything that training a fold takes."""

    split: Split
    network: nn.Module
    cutter: AnyCutter
    objective: Objective
    settings: Training
    rng: np.random.Generator


@dataclass(frozen=True)
class Learnt:
    """The result of a fold: the chosen epoch's weights, and the probabilities (C, classes) that
    they give the clips of each role that was not learnt from."""

    weights: Weights
    epoch: int
    history: list[dict[str, Any]]
    probabilities: Mapping[str, Probabilities]  # by role
    doubted: Mapping[str, int]  # the label that self-cure would give, by training clip
    inference: float = math.nan  # s a clip that predicting took


def learn(task: Task, *, unfinished: Path, say: Say) -> Learnt:
    """Train a fold. `unfinished` is its checkpoint: a killed run goes on from there."""
    settings = task.settings.train
    optimiser = torch.optim.AdamW(
        task.network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
    )
    state = checkpoint.State(task.network, optimiser, task.rng)
    progress = checkpoint.resume(unfinished, state) or Progress(0, [], {}, 0)
    started, first, saved = time.monotonic(), progress.epoch, time.monotonic()
    while progress.epoch < settings.epochs and not _given_up(task, progress):
        _step(task, optimiser, progress)
        say(_line(task, progress, (time.monotonic() - started) / (progress.epoch - first)))
        if time.monotonic() - saved > SAVE_EVERY_S:
            checkpoint.save(unfinished, progress, state)
            saved = time.monotonic()
    task.network.load_state_dict(progress.best)
    of = task.split
    begun = time.monotonic()
    found = {role: predict(task, of.parts[role]) for role in of.protocol.predicted}
    each = (time.monotonic() - begun) / max(sum(map(len, found.values())), 1)
    doubted = task.objective.doubted(lambda: predict(task, task.split.learns))
    names = {task.cutter.clips.names[number]: label for number, label in doubted.items()}
    return Learnt(progress.best, progress.best_epoch, progress.history, found, names, each)


def predict(task: Task, numbers: Numbers) -> Probabilities:
    """Probabilities (C, classes) of clips, each the mean over its windows."""
    task.network.eval()
    total = np.zeros((len(numbers), task.split.classes))
    count = np.zeros(len(numbers))
    place = {int(number): i for i, number in enumerate(numbers)}
    size = TEST_BATCH * task.settings.train.batch
    window = task.settings.window
    with torch.inference_mode():
        for batch in task.cutter.testing(numbers, count=window.test, size=size):
            with _precision(task):
                logits = task.network(batch.windows).logits
            rows = [place[int(clip)] for clip in batch.clips.tolist()]
            np.add.at(total, rows, losses.probabilities(logits.float()).cpu().numpy())
            np.add.at(count, rows, 1.0)
    return np.asarray(total / count[:, None])


def _step(task: Task, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
    """Train for one epoch and score the watched clips."""
    of, settings = task.split, task.settings.train
    epoch = progress.epoch + 1
    rate = _rate(task, epoch)
    for group in optimiser.param_groups:
        group["lr"] = rate
    remarks = task.objective.begin(epoch, lambda: predict(task, task.split.learns))
    loss, accuracy = _epoch(task, optimiser, epoch)
    labels = task.cutter.clips.labels[torch.from_numpy(of.watched)].cpu().numpy()
    found = predict(task, of.watched)
    lost = ~np.isfinite(found).all(axis=1)
    if lost.any():
        raise _no_number(task, of.watched[lost], f"after epoch {epoch}, of")
    watched = monitor.scores(found, labels)
    row: dict[str, Any] = {"fold": of.fold, "epoch": epoch, "lr": rate, "train_loss": loss}
    row |= {"train_accuracy": accuracy, **remarks}
    who = of.protocol.watched
    row |= {f"{who}_{name}": None if math.isnan(v) else v for name, v in watched.items()}
    row["watched"] = monitor.monitored(watched, of.protocol.monitor or settings.monitor)
    best = max((past["watched"] for past in progress.history), default=-math.inf)
    progress.history.append(row)
    progress.epoch = epoch
    if row["watched"] > best:  # of equal epochs the first, which has overfitted the least
        progress.best, progress.best_epoch = checkpoint.weights_of(task.network), epoch


def _epoch(task: Task, optimiser: torch.optim.Optimizer, epoch: int) -> tuple[float, float]:
    """Show the network every training clip once: the mean loss, and the share of clips that it was
    right about, as they were shown (augmented, with dropout)."""
    settings, network = task.settings, task.network
    network.train()
    total, right = torch.zeros(2, device=task.cutter.clips.device).unbind()
    batches = task.cutter.training(task.split.learns, size=settings.train.batch, rng=task.rng)
    for batch in batches:
        optimiser.zero_grad(set_to_none=True)
        with _precision(task):
            output = network(batch.windows)
        loss = task.objective.loss(output, batch, network)
        if not bool(torch.isfinite(loss)):
            clips = batch.clips.cpu().numpy()
            raise _no_number(task, clips, f"in epoch {epoch}, in the batch of")
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.train.clip is not None:
            nn.utils.clip_grad_norm_(network.parameters(), settings.train.clip)
        optimiser.step()
        total += loss.detach() * len(batch.clips)
        told = losses.probabilities(output.logits.detach().float()).argmax(dim=1)
        right += (told == task.cutter.clips.labels[batch.clips]).sum()
    count = len(task.split.learns)
    return float(total) / count, float(right) / count


def _rate(task: Task, epoch: int) -> float:
    """The learning rate of an epoch, from 1."""
    settings = task.settings.train
    rising = settings.warmup * settings.epochs
    rate = settings.lr * (min(1.0, (epoch - 0.5) / rising) if rising else 1.0)
    done = (epoch - 1) / settings.epochs
    match settings.schedule:
        case "constant":
            return rate
        case "linear":
            return rate * (1.0 - done)
        case "cosine":
            return rate * 0.5 * (1.0 + math.cos(math.pi * done))


def _given_up(task: Task, progress: Progress) -> bool:
    patience = task.settings.train.patience
    return patience is not None and progress.epoch - progress.best_epoch >= patience


def _precision(task: Task) -> Any:
    return precision(task.cutter.clips.device, wanted=task.settings.train.precision)


def _no_number(task: Task, clips: Numbers, where: str) -> Unusable:
    names = listed((task.cutter.clips.names[number] for number in clips), shown=NAMED)
    return Unusable(
        "nan_loss",
        f"fold {task.split.fold}: the loss is not a number {where} {names}; "
        "a smaller train.lr or train.clip may help",
        lasting=False,
    )


def _line(task: Task, progress: Progress, seconds_each: float) -> str:
    """`fold 3, epoch 5/20: loss 0.612, val loss 0.660, accuracy 0.71, 1:20 left`"""
    row, settings = progress.history[-1], task.settings.train
    who = task.split.protocol.watched
    left = round(seconds_each * (settings.epochs - progress.epoch))
    return (
        f"fold {task.split.fold}, epoch {progress.epoch}/{settings.epochs}: "
        f"loss {row['train_loss']:.3f}, {who} loss {row[f'{who}_loss']:.3f}, "
        f"accuracy {row[f'{who}_accuracy']:.2f}, {left // 60}:{left % 60:02d} left"
    )
