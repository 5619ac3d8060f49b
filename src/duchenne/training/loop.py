"""One fold: train, choose the epoch, test once.

`nested` chooses the epoch by clips of validation subjects and looks at the test clips once, at the
end. `published` repeats the papers: it trains on the validation clips too, tests after every epoch
and reports the best. Its figures are optimistic, and marked so wherever they show.
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
from duchenne.training import checkpoint, losses, scores
from duchenne.training.batches import AnyCutter
from duchenne.training.checkpoint import Progress, Weights
from duchenne.training.device import precision
from duchenne.training.objective import Objective

Numbers = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]
Say = Callable[[str], None]

SAVE_EVERY_S = 15.0  # a checkpoint of the whole network takes some tenths of a second
NAMED = 32  # clips in an error message; a batch is rarely larger
TEST_BATCH = 2  # testing keeps nothing for a backward pass, so more windows fit


@dataclass(frozen=True)
class Task:
    """A fold to be learnt. `train`, `val` and `test` are numbers of clips."""

    fold: str
    network: nn.Module
    cutter: AnyCutter
    objective: Objective
    classes: int
    train: Numbers
    val: Numbers
    test: Numbers
    settings: Training
    rng: np.random.Generator

    @property
    def published(self) -> bool:
        return self.settings.protocol == "published"

    @property
    def learns(self) -> Numbers:
        """The clips whose labels the weights see."""
        return np.concatenate([self.train, self.val]) if self.published else self.train

    @property
    def watched(self) -> Numbers:
        """The clips that choose the epoch."""
        return self.test if self.published else self.val


@dataclass(frozen=True)
class Learnt:
    """What came of a fold: the chosen epoch's weights, and the probabilities (C, classes) that
    they give validation and test clips."""

    weights: Weights
    epoch: int
    history: list[dict[str, Any]]
    probabilities: Mapping[str, Probabilities]  # by role
    doubted: Mapping[str, int]  # training clips whose label these weights contradict, with theirs


def learn(task: Task, *, unfinished: Path, say: Say) -> Learnt:
    """Train a fold; `unfinished` is where it leaves its progress and finds that of a killed run."""
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
    roles = {"test": task.test} if task.published else {"val": task.val, "test": task.test}
    found = {role: predict(task, numbers) for role, numbers in roles.items()}
    doubted = task.objective.doubted(lambda: predict(task, task.learns))
    names = {task.cutter.clips.names[number]: label for number, label in doubted.items()}
    return Learnt(progress.best, progress.best_epoch, progress.history, found, names)


def predict(task: Task, numbers: Numbers) -> Probabilities:
    """Probabilities (C, classes) of clips, each the mean over its windows."""
    task.network.eval()
    total = np.zeros((len(numbers), task.classes))
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
    """One epoch, and what the watched clips say of it."""
    settings = task.settings.train
    epoch = progress.epoch + 1
    rate = _rate(task, epoch)
    for group in optimiser.param_groups:
        group["lr"] = rate
    remarks = task.objective.begin(epoch, lambda: predict(task, task.learns))
    loss = _epoch(task, optimiser, epoch)
    labels = task.cutter.clips.labels[torch.from_numpy(task.watched)].cpu().numpy()
    found = predict(task, task.watched)
    lost = ~np.isfinite(found).all(axis=1)
    if lost.any():
        raise _no_number(task, task.watched[lost], f"after epoch {epoch}, of")
    watched = scores.of(found, labels)
    row: dict[str, Any] = {"fold": task.fold, "epoch": epoch, "lr": rate, "train_loss": loss}
    row |= remarks
    who = "test" if task.published else "val"
    row |= {f"{who}_{name}": None if math.isnan(v) else v for name, v in watched.items()}
    monitor = "accuracy" if task.published else settings.monitor
    row["watched"] = scores.monitored(watched, monitor)
    best = max((past["watched"] for past in progress.history), default=-math.inf)
    progress.history.append(row)
    progress.epoch = epoch
    if row["watched"] > best:  # of equals the first, which has learnt the least by heart
        progress.best, progress.best_epoch = checkpoint.weights_of(task.network), epoch


def _epoch(task: Task, optimiser: torch.optim.Optimizer, epoch: int) -> float:
    """Every training clip once; the mean loss."""
    settings, network = task.settings, task.network
    network.train()
    total = torch.zeros((), device=task.cutter.clips.device)
    batches = task.cutter.training(task.learns, size=settings.train.batch, rng=task.rng)
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
    return float(total) / len(task.learns)


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
        f"fold {task.fold}: the loss is not a number {where} {names}; "
        "a smaller train.lr or train.clip may help",
        lasting=False,
    )


def _line(task: Task, progress: Progress, seconds_each: float) -> str:
    """`fold 3, epoch 5/20: loss 0.612, val loss 0.660, accuracy 0.71, 1:20 left`"""
    row, settings = progress.history[-1], task.settings.train
    who = "test" if task.published else "val"
    left = round(seconds_each * (settings.epochs - progress.epoch))
    return (
        f"fold {task.fold}, epoch {progress.epoch}/{settings.epochs}: "
        f"loss {row['train_loss']:.3f}, {who} loss {row[f'{who}_loss']:.3f}, "
        f"accuracy {row[f'{who}_accuracy']:.2f}, {left // 60}:{left % 60:02d} left"
    )
