"""Fitted classifiers of one row of numbers per clip, with all their weights in buffers.

So weights are saved as plain tensors, and predicting does not need the library that fitted them.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.errors import suggest
from duchenne.nets.inputs import Output, Rows
from duchenne.nets.rocket import Convolutions

# Log-probability of a class that no training clip has: never the likeliest, and still finite.
NEVER = math.log(1e-12)
Kernel = Callable[[Tensor, Tensor, Tensor], Tensor]  # (B, m), (V, m), gamma () → (B, V)


class Classifier(nn.Module):
    """Rows of `inputs` columns → logits of `classes`, of which `present` occurred in training."""

    present: Tensor

    def __init__(self, *, inputs: int, classes: int, present: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.classes = classes
        self.register_buffer("present", torch.zeros(present, dtype=torch.int64))

    def forward(self, rows: Rows) -> Output:
        if rows.values.shape[1] != self.inputs:
            raise ValueError(f"fitted to {self.inputs} columns, not to {rows.values.shape[1]}")
        return Output(self._placed(self.scores(rows.values)))

    def scores(self, values: Tensor) -> Tensor:
        """Softmax logits, (B, inputs) → (B, present); of two classes that of the second alone."""
        raise NotImplementedError

    def _placed(self, scores: Tensor) -> Tensor:
        if len(self.present) == 2:
            scores = functional.pad(scores, (1, 0))
        logits = scores.new_full((len(scores), self.classes), NEVER)
        logits[:, self.present] = functional.log_softmax(scores, dim=1)
        return logits[:, 1:] - logits[:, :1] if self.classes == 2 else logits


def width(present: int) -> int:
    """Number of columns of `scores`."""
    return 1 if present == 2 else present


def numbers(*shape: int) -> Tensor:
    """The value of a buffer before its weights are loaded."""
    return torch.zeros(shape, dtype=torch.float64)


class Columns(nn.Module):
    """(B, M) → (B, columns): select columns, impute missing values, standardise."""

    chosen: Tensor
    fill: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("chosen", torch.zeros(columns, dtype=torch.int64))
        for name in ("fill", "mean", "spread"):
            self.register_buffer(name, numbers(columns))

    def forward(self, values: Tensor) -> Tensor:
        given = values[:, self.chosen]
        known = torch.where(given.isnan(), self.fill, given)
        return (known - self.mean) / self.spread


class Prior(Classifier):
    score: Tensor

    def __init__(self, *, inputs: int, classes: int, present: int) -> None:
        super().__init__(inputs=inputs, classes=classes, present=present)
        self.register_buffer("score", numbers(width(present)))

    def scores(self, values: Tensor) -> Tensor:
        return self.score.expand(len(values), -1)


class Linear(Classifier):
    weight: Tensor
    bias: Tensor

    def __init__(self, *, inputs: int, columns: int, classes: int, present: int) -> None:
        super().__init__(inputs=inputs, classes=classes, present=present)
        self.columns = Columns(columns)
        self.register_buffer("weight", numbers(width(present), columns))
        self.register_buffer("bias", numbers(width(present)))

    def scores(self, values: Tensor) -> Tensor:
        scores: Tensor = self.columns(values) @ self.weight.T + self.bias
        return scores


def linear(rows: Tensor, vectors: Tensor, gamma: Tensor) -> Tensor:
    return gamma * (rows @ vectors.T)


def rbf(rows: Tensor, vectors: Tensor, gamma: Tensor) -> Tensor:
    # From differences: the matrix product that cdist uses for many rows suffers from cancellation.
    apart = torch.cdist(rows, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    return torch.exp(-gamma * apart.square())


class KernelMachine(Classifier):
    vectors: Tensor
    dual: Tensor
    intercept: Tensor
    gamma: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(
        self, *, inputs: int, columns: int, vectors: int, kernel: str, classes: int, present: int
    ) -> None:
        super().__init__(inputs=inputs, classes=classes, present=present)
        self.kernel = KERNELS[kernel]
        self.columns = Columns(columns)
        machines = width(present)
        self.register_buffer("vectors", numbers(vectors, columns))
        self.register_buffer("dual", numbers(machines, vectors))
        self.register_buffer("intercept", numbers(machines))
        self.register_buffer("gamma", numbers())
        self.register_buffer("slope", numbers())
        self.register_buffer("offset", numbers(machines))

    def scores(self, values: Tensor) -> Tensor:
        return self.slope * self.decisions(values) + self.offset

    def decisions(self, values: Tensor) -> Tensor:
        """The decision function of each machine, (B, machines)."""
        alike = self.kernel(self.columns(values), self.vectors, self.gamma)
        return alike @ self.dual.T + self.intercept


class TreeSum(Classifier):
    """A sum of regression trees: tree `r` adds to score r modulo the number of scores."""

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    missing_left: Tensor
    value: Tensor
    base: Tensor

    def __init__(
        self, *, inputs: int, trees: int, nodes: int, depth: int, classes: int, present: int
    ) -> None:
        super().__init__(inputs=inputs, classes=classes, present=present)
        self.depth = depth
        shape = (trees, nodes)
        for name in ("feature", "left", "right"):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.int64))
        for name in ("threshold", "value"):
            self.register_buffer(name, numbers(*shape))
        self.register_buffer("missing_left", torch.zeros(shape, dtype=torch.bool))
        self.register_buffer("base", numbers(width(present)))

    def scores(self, values: Tensor) -> Tensor:
        # The trees were fitted to float32: rounded, a value falls on the same side of a threshold.
        rounded = values.float().double()
        tree = torch.arange(len(self.value), device=values.device)
        node = torch.zeros((len(values), len(tree)), dtype=torch.int64, device=values.device)
        for _ in range(self.depth):
            asked = rounded.gather(1, self.feature[tree, node])
            below = asked <= self.threshold[tree, node]
            goes_left = torch.where(asked.isnan(), self.missing_left[tree, node], below)
            node = torch.where(goes_left, self.left[tree, node], self.right[tree, node])
        added = self.value[tree, node].view(len(values), -1, len(self.base))
        return self.base + added.sum(dim=1)


class Ridge(Classifier):
    """Ridge regression on random convolutions of signals, with calibrated decisions."""

    weight: Tensor
    bias: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(
        self,
        *,
        inputs: int,
        channels: int,
        dilations: int,
        biases: int,
        columns: int,
        classes: int,
        present: int,
    ) -> None:
        super().__init__(inputs=inputs, classes=classes, present=present)
        self.convolutions = Convolutions(channels=channels, dilations=dilations, biases=biases)
        self.columns = Columns(columns)
        machines = width(present)
        self.register_buffer("weight", numbers(machines, columns))
        self.register_buffer("bias", numbers(machines))
        self.register_buffer("slope", numbers())
        self.register_buffer("offset", numbers(machines))

    def scores(self, values: Tensor) -> Tensor:
        decisions: Tensor = self.columns(self.convolutions(values)) @ self.weight.T + self.bias
        return self.slope * decisions + self.offset


KERNELS: dict[str, Kernel] = {"linear": linear, "rbf": rbf}


CLASSIFIERS: dict[str, type[Classifier]] = {
    "prior": Prior,
    "linear": Linear,
    "kernel_machine": KernelMachine,
    "tree_sum": TreeSum,
    "ridge": Ridge,
}


def build(arguments: dict[str, Any]) -> Classifier:
    """A classifier of these shapes, its weights still to be loaded; `judge` names its kind."""
    shapes = dict(arguments)
    name = shapes.pop("judge")
    if name not in CLASSIFIERS:
        raise ValueError(f"there is no classifier '{name}'; {suggest(name, CLASSIFIERS)}")
    return CLASSIFIERS[name](**shapes)
