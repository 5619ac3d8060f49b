"""The self-cure network (Wang et al. 2020), which also predicts the face's 68 landmarks.

It predicts a certainty per face, by which the class logits are multiplied. The release with
landmarks averages only the top left 16 of the last map's 36 cells; here all are averaged. Its
losses and its relabelling are used by duchenne.training.objective.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets import frames
from duchenne.nets.frames import pixels_of
from duchenne.nets.heads import outputs
from duchenne.nets.inputs import Output, Pictures

_STRIDES = (1, 2, 2, 2)  # of the first block of each stage; the second one's is 1
POINTS = 68


def rank_loss(certainty: Tensor, *, share: float = 0.7, margin: float = 0.5) -> Tensor:
    """max(0, margin - (mean high - mean low)) of certainties (B,).

    High is the `share` of the batch with the largest certainty, low the rest. 0 where either would
    be empty.
    """
    high = int(share * len(certainty))
    if not 0 < high < len(certainty):
        return certainty.new_zeros(())
    ranked = certainty.sort(descending=True).values
    return functional.relu(margin - (ranked[:high].mean() - ranked[high:].mean()))


def landmark_loss(points: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of coordinates (B, 68, 2) over those that are not NaN in `target`.

    The published loss also divides by faces without landmarks. Exactly 0 where no face has any.
    """
    known = ~target.isnan()
    errors = torch.where(known, points - target, 0.0).abs()
    return errors.sum() / known.sum().clamp(min=1)


def mean_points(points: Tensor) -> Tensor:
    """Mean landmarks of training faces (C, 68, 2), NaN where unknown → (68, 2); 0.5 without any."""
    return points.nanmean(dim=0).nan_to_num(nan=0.5)


def relabelled(probabilities: Tensor, given: Tensor, *, margin: float = 0.4) -> Tensor:
    """Labels (C,): the likeliest class where its probability exceeds the given one's by `margin`.

    `given` are the labels of the data set, not those of an earlier call, so that a replaced label
    can come back. `probabilities` (C, classes) are those of evaluation mode: dropout would make the
    choice random.
    """
    most, likeliest = probabilities.max(dim=1)
    own = probabilities.gather(1, given[:, None])[:, 0]
    return torch.where(most - own > margin, likeliest, given)


class ResNet18(nn.Module):
    """(F, channels, H, W) → (F, 8 · width); `width` is that of the first stage."""

    def __init__(self, *, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(channels, width), nn.BatchNorm2d(width), nn.ReLU())
        self.stages = nn.Sequential()
        planes = width
        for stage, stride in enumerate(_STRIDES):
            wide = width * 2**stage
            self.stages.append(Block(planes, wide, stride=stride))
            self.stages.append(Block(wide, wide, stride=1))
            planes = wide
        self.width = planes

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.stages(self.stem(pictures))
        return features.mean(dim=(2, 3))


class Block(nn.Module):
    """A residual block of two convolutions; the shortcut is 1 × 1 where the shape changes."""

    def __init__(self, planes: int, wide: int, *, stride: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            _conv(planes, wide, stride=stride),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
            _conv(wide, wide),
            nn.BatchNorm2d(wide),
        )
        self.around: nn.Module = nn.Identity()
        if stride > 1 or planes != wide:
            narrow = nn.Conv2d(planes, wide, kernel_size=1, stride=stride, bias=False)
            self.around = nn.Sequential(narrow, nn.BatchNorm2d(wide))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.convolutions(x) + self.around(x))


def _conv(planes: int, wide: int, *, stride: int = 1) -> nn.Module:
    return nn.Conv2d(planes, wide, kernel_size=3, stride=stride, padding=1, bias=False)


class Scn(nn.Module):
    """`mean_points` (68, 2), a buffer, is set from the training faces before training."""

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
        """Classifies each grey chip (B, T, H, W, 1) by itself; a clip gets the means of its frames.

        A frame of low certainty has probabilities near chance and little effect on the mean.
        """
        present = pictures.present
        grey = (pixels_of(pictures) - 0.5) / 0.5
        features = self.dropout(self.features(grey.expand(-1, 3, -1, -1)))
        certainty = torch.sigmoid(self.certainty(features))  # (F, 1)
        points = frames.mean(self.points(features), present)
        return Output(
            frames.mean_probabilities(certainty * self.scores(features), present),
            certainty=frames.mean(certainty, present)[:, 0],
            points=self.mean_points + points.reshape(-1, POINTS, 2),
        )
