"""What every judge is: scores of the classes it was shown, placed among all classes."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.inputs import Output, Rows

# Of a class that no training clip shows: so rare that it never decides, and still finite.
NEVER = math.log(1e-12)


class Judge(nn.Module):
    """Rows of `inputs` columns → logits. Of `classes`, so many were `present` in training."""

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
        """(B, inputs) → (B, present), whose softmax are probabilities; of two the second alone."""
        raise NotImplementedError

    def _placed(self, scores: Tensor) -> Tensor:
        if len(self.present) == 2:
            scores = functional.pad(scores, (1, 0))
        logits = scores.new_full((len(scores), self.classes), NEVER)
        logits[:, self.present] = functional.log_softmax(scores, dim=1)
        return logits[:, 1:] - logits[:, :1] if self.classes == 2 else logits


def width(present: int) -> int:
    """Columns of `scores`."""
    return 1 if present == 2 else present


def numbers(*shape: int) -> Tensor:
    """What a buffer holds until it is given its weights."""
    return torch.zeros(shape, dtype=torch.float64)
