"""The networks without D-Markers as inputs: MeshSmileNet and DeepMarkerNet."""

from torch import Tensor

from duchenne.nets.fusion.base import Fusion
from duchenne.nets.trunk import Features


class Alone(Fusion):
    """The clip's vector as it is."""

    uses_markers = False
    paper = "MeshSmileNet"
    published = 4_896_337

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        del markers  # may be empty
        return features.clip


class Multitask(Alone):
    """The same; the network also predicts the D-Markers."""

    predicts_markers = True
    paper = "DeepMarkerNet"
    published = 4_952_361
    differs = (
        "225 D-Markers, not 216; a head per region and phase, not one for all; a loss that is not "
        "squashed, since the published one has almost no gradient"
    )
