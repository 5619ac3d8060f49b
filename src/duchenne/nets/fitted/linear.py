"""Logistic regression."""

from torch import Tensor

from duchenne.nets.fitted.base import Judge, numbers, width
from duchenne.nets.fitted.columns import Columns


class Linear(Judge):
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
