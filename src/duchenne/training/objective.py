"""The objective that training minimises: the loss of the labels, and what else a model needs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from duchenne.config.training import Scn
from duchenne.nets.inputs import Output
from duchenne.nets.scn import landmark_loss, rank_loss, relabelled
from duchenne.training import losses
from duchenne.training.batches import AnyBatch
from duchenne.training.losses import Targets, norms

Predict = Callable[[], npt.NDArray[np.float64]]  # probabilities (C, classes) of the training clips


@dataclass(kw_only=True)
class Objective:
    labels: Tensor  # (clips,) int64, the labels to learn at present
    weights: Tensor  # (classes,)
    targets: Targets | None = None  # D-Markers to be predicted
    penalty: float = 0.0  # times the sum of the weights' norms

    def begin(self, epoch: int, predict: Predict) -> dict[str, float]:
        """Get ready for an epoch, counted from 1; what the history is to say beside its losses."""
        del epoch, predict  # labels stay as they were given
        return {}

    def doubted(self, predict: Predict) -> dict[int, int]:
        """Numbers of the training clips whose label the network would replace, with the new one."""
        del predict
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


@dataclass(kw_only=True)
class SelfCure(Objective):
    """Self-cure (Wang et al. 2020) with a landmark task beside it: labels that the network
    contradicts are replaced, and it learns to be sure of those that deserve it.

    Labels are replaced anew before every epoch, from the given ones and by the network without
    dropout. So a label comes back as soon as the network no longer contradicts it, and a killed
    run goes on alike.
    """

    settings: Scn
    learns: npt.NDArray[np.int64]  # numbers of the training clips
    epochs: int

    def __post_init__(self) -> None:
        self.given = self.labels

    def begin(self, epoch: int, predict: Predict) -> dict[str, float]:
        if not self.settings.relabel:
            return {}
        late = epoch > max(1.0, self.settings.relabel_from * self.epochs)
        self.labels = self._cured(predict) if late else self.given
        return {"relabelled": float((self.labels != self.given).sum())}

    def doubted(self, predict: Predict) -> dict[int, int]:
        if not self.settings.relabel:
            return {}
        cured = self._cured(predict)
        return {int(clip): int(cured[clip]) for clip in (cured != self.given).nonzero()}

    def _cured(self, predict: Predict) -> Tensor:
        """(clips,): the given labels, but of training clips those that the network prefers."""
        place = torch.from_numpy(self.learns).to(self.given.device)
        probabilities = torch.from_numpy(predict()).to(self.given.device)
        new = relabelled(probabilities, self.given[place], margin=self.settings.doubt)
        return self.given.index_copy(0, place, new)

    def loss(self, output: Output, batch: AnyBatch, network: nn.Module) -> Tensor:
        loss, how = super().loss(output, batch, network), self.settings
        if output.certainty is None or output.points is None:
            return loss
        if how.rank:
            loss = loss + rank_loss(output.certainty.float(), share=how.sure, margin=how.margin)
        if how.landmarks and batch.points is not None:
            loss = loss + landmark_loss(output.points.float(), batch.points)
        return loss
