"""The self-cure network (Wang et al. 2020) that also learns where a face's landmarks are.

It says how far it trusts its own look at a face, and the class scores count by so much. The
release with landmarks averages only the top left 16 of the last map's 36 cells; here all count.
What it is taught by is in duchenne.nets.self_cure.
"""

import torch
from torch import Tensor, nn

from duchenne.nets import each_frame
from duchenne.nets.frames import pixels_of
from duchenne.nets.inputs import Output, Pictures
from duchenne.nets.resnet import ResNet18
from duchenne.nets.verdict import outputs

POINTS = 68


class Scn(nn.Module):
    """`mean_points` (68, 2) is set from the training faces before training; weights keep it."""

    mean_points: Tensor

    def __init__(self, *, classes: int, width: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = ResNet18(width=width)
        self.dropout = nn.Dropout(dropout)
        self.scores = nn.Linear(self.features.width, outputs(classes))
        self.certainty = nn.Linear(self.features.width, 1)
        self.points = nn.Linear(self.features.width, POINTS * 2)
        self.register_buffer("mean_points", torch.full((POINTS, 2), 0.5))

    def forward(self, pictures: Pictures) -> Output:
        """Of grey chips (B, T, H, W, 1), each by itself; a clip is given the means of its frames.

        A frame that the network does not trust has probabilities near chance, so that it takes no
        class's side in the mean.
        """
        present = pictures.present
        grey = (pixels_of(pictures) - 0.5) / 0.5
        features = self.dropout(self.features(grey.expand(-1, 3, -1, -1)))
        certainty = torch.sigmoid(self.certainty(features))  # (F, 1)
        points = each_frame.mean(self.points(features), present)
        return Output(
            each_frame.verdict(certainty * self.scores(features), present),
            certainty=each_frame.mean(certainty, present)[:, 0],
            points=self.mean_points + points.reshape(-1, POINTS, 2),
        )
