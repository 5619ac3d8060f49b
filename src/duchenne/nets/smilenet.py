"""The landmark network in all its published forms: which one, `Settings.fusion` says.

none: MeshSmileNet, landmarks alone. multitask: DeepMarkerNet, which also predicts the D-Markers
and needs none to be given. All others: HadaSmileNet's ways to bring given D-Markers in.
"""

from torch import nn

from duchenne.nets import fusion
from duchenne.nets.heads import MarkerHeads, smile_head
from duchenne.nets.inputs import Output, Windows
from duchenne.nets.settings import Settings
from duchenne.nets.trunk import Trunk


class SmileNet(nn.Module):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        # In this order, so that one seed gives the same trunk and head whatever the fusion.
        self.trunk = Trunk(settings)
        self.head = smile_head(settings.classes)
        self.fusion = fusion.build(settings)
        self.marker_heads = MarkerHeads() if settings.fusion == "multitask" else None
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm1d):
                layer.momentum = settings.momentum

    def forward(self, windows: Windows) -> Output:
        features = self.trunk(windows)
        logits = self.head(self.fusion(features, windows.markers))
        return Output(logits, self.marker_heads(features.clip) if self.marker_heads else None)
