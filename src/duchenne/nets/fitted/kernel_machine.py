"""Support vector machines, one against the rest for each class, and what makes them probabilities.

All share their kernel and columns, so each support vector is kept once, with its part in every
machine.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from duchenne.nets.fitted.base import Judge, numbers, width
from duchenne.nets.fitted.columns import Columns

Kernel = Callable[[Tensor, Tensor, Tensor], Tensor]  # (B, m), (V, m), gamma () → (B, V)


def linear(rows: Tensor, vectors: Tensor, gamma: Tensor) -> Tensor:
    return gamma * (rows @ vectors.T)


def rbf(rows: Tensor, vectors: Tensor, gamma: Tensor) -> Tensor:
    # By differences: squares and products, which cdist prefers for many rows, cancel.
    apart = torch.cdist(rows, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    return torch.exp(-gamma * apart.square())


KERNELS: dict[str, Kernel] = {"linear": linear, "rbf": rbf}


class KernelMachine(Judge):
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
        """(B, machines): on which side of each machine's plane a row lies, and how far."""
        alike = self.kernel(self.columns(values), self.vectors, self.gamma)
        return alike @ self.dual.T + self.intercept
