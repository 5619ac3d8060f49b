"""The landmark network in its three published forms, chosen by `MeshSettings.fusion`.

none: MeshSmileNet, landmarks alone. multitask: DeepMarkerNet, which also predicts the D-Markers
and does not have them as inputs. All others: HadaSmileNet, with landmarks and D-Markers as inputs.
"""

from typing import Any

from torch import nn

from duchenne.nets import fusion
from duchenne.nets.heads import MarkerHeads, smile_head
from duchenne.nets.inputs import Output, Windows
from duchenne.nets.settings import MeshSettings
from duchenne.nets.trunk import Trunk


class SmileNet(nn.Module):
    def __init__(self, settings: MeshSettings) -> None:
        super().__init__()
        self.settings = settings
        # In this order, so that a seed gives the same trunk and head with every fusion.
        self.trunk = Trunk(settings)
        self.head = smile_head(settings.classes)
        self.fusion = fusion.build(settings)
        self.marker_heads = MarkerHeads() if self.fusion.predicts_markers else None
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm1d):
                layer.momentum = settings.momentum

    @classmethod
    def of(cls, **arguments: Any) -> "SmileNet":
        """Built from the fields of `MeshSettings`."""
        return cls(MeshSettings(**arguments))

    def forward(self, windows: Windows) -> Output:
        features = self.trunk(windows)
        logits = self.head(self.fusion(features, windows.markers))
        return Output(logits, self.marker_heads(features.clip) if self.marker_heads else None)
