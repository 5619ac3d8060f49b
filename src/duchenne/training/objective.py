"""What training makes small: the loss of the labels, and whatever else a model asks for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from duchenne.nets.inputs import Output
from duchenne.nets.losses import norms
from duchenne.training import losses
from duchenne.training.batches import AnyBatch
from duchenne.training.losses import Targets

Judge = Callable[[], npt.NDArray[np.float64]]  # probabilities (C, classes) of the training clips


@dataclass(kw_only=True)
class Objective:
    labels: Tensor  # (clips,) int64, those that count at present
    weights: Tensor  # (classes,)
    targets: Targets | None = None  # D-Markers to be predicted
    penalty: float = 0.0  # of the weights' lengths

    def begin(self, epoch: int, judge: Judge) -> dict[str, float]:
        """Before an epoch, from 1; what is to stand in the history beside its losses."""
        del epoch, judge  # labels stay as they were given
        return {}

    def doubted(self, judge: Judge) -> dict[int, int]:
        """Numbers of the training clips whose label the network would replace, with the new one."""
        del judge
        return {}

    def loss(self, output: Output, batch: AnyBatch, network: nn.Module) -> Tensor:
        labels = self.labels[batch.clips]
        loss = losses.smile_loss(output.logits.float(), labels, self.weights)
        if self.targets is not None and output.markers is not None:
            predicted = output.markers.float()
            loss = loss + self.targets.loss(predicted, batch.clips, batch.mirrored)
        if self.penalty:
            loss = loss + self.penalty * norms(network.parameters())
        return loss
