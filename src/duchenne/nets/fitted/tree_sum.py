"""Boosted trees as tables of nodes; all trees are descended at once.

A leaf leads to itself, so that shallow trees wait for deep ones.
"""

import torch
from torch import Tensor

from duchenne.nets.fitted.base import Judge, numbers, width


class TreeSum(Judge):
    """Tree `r` adds to score r modulo the number of scores."""

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
        # The trees were grown on single precision: a value between must fall on the same side.
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
