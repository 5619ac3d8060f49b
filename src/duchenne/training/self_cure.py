"""Self-cure: training that doubts labels, and learns to be sure of those that deserve it.

Wang et al. 2020 with a landmark task beside it. Relabelling is computed anew before every epoch,
from the labels as they were given and by the network without dropout: so a label that was replaced
comes back as soon as the network no longer contradicts it, and a killed run goes on alike.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from duchenne.config.training import Scn
from duchenne.nets.inputs import Output
from duchenne.nets.self_cure import landmark_loss, rank_loss, relabelled
from duchenne.training.batches import AnyBatch
from duchenne.training.objective import Judge, Objective


@dataclass(kw_only=True)
class SelfCure(Objective):
    settings: Scn
    learns: npt.NDArray[np.int64]  # numbers of the training clips
    epochs: int

    def __post_init__(self) -> None:
        self.given = self.labels

    def begin(self, epoch: int, judge: Judge) -> dict[str, float]:
        if not self.settings.relabel:
            return {}
        late = epoch > max(1.0, self.settings.relabel_from * self.epochs)
        self.labels = self._cured(judge) if late else self.given
        return {"relabelled": float((self.labels != self.given).sum())}

    def doubted(self, judge: Judge) -> dict[int, int]:
        if not self.settings.relabel:
            return {}
        cured = self._cured(judge)
        return {int(clip): int(cured[clip]) for clip in (cured != self.given).nonzero()}

    def _cured(self, judge: Judge) -> Tensor:
        """(clips,): the given labels, but of training clips those that the network prefers."""
        place = torch.from_numpy(self.learns).to(self.given.device)
        probabilities = torch.from_numpy(judge()).to(self.given.device)
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
