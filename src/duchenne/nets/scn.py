"""The self-cure network (Wang et al. 2020) that also learns where a face's landmarks are.

It says how far it trusts its own look at a face, and the class scores count by so much. The
release with landmarks averages only the top left 16 of the last map's 36 cells; here all count.
What it is taught by is in duchenne.nets.self_cure.
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
    """How far the more trusted `share` of a batch, (B,), is from leading the rest by `margin`.

    The mean of the high is to exceed the mean of the low. 0 for a batch that cannot be divided.
    """
    high = int(share * len(certainty))
    if not 0 < high < len(certainty):
        return certainty.new_zeros(())
    ranked = certainty.sort(descending=True).values
    return functional.relu(margin - (ranked[:high].mean() - ranked[high:].mean()))


def landmark_loss(points: Tensor, target: Tensor) -> Tensor:
    """Mean distance along x and y, (B, 68, 2) each, of the landmarks that `target` has.

    It is NaN where there are none; published, such faces were divided by as well. Exactly 0 where
    no face has any.
    """
    known = ~target.isnan()
    errors = torch.where(known, points - target, 0.0).abs()
    return errors.sum() / known.sum().clamp(min=1)


def mean_points(points: Tensor) -> Tensor:
    """Of training faces (C, 68, 2), NaN where unknown → (68, 2); of none, the chip's middle."""
    return points.nanmean(dim=0).nan_to_num(nan=0.5)


def relabelled(probabilities: Tensor, given: Tensor, *, margin: float = 0.4) -> Tensor:
    """Labels (C,): the likeliest class where it leads the given one by more than `margin`.

    `given` are the labels of the data set, never those of an earlier call, so that a label comes
    back as soon as the network no longer objects. `probabilities` (C, classes) are those of
    evaluation: dropout would relabel at random.
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
    """Two convolutions beside a way around them."""

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
        points = frames.mean(self.points(features), present)
        return Output(
            frames.verdict(certainty * self.scores(features), present),
            certainty=frames.mean(certainty, present)[:, 0],
            points=self.mean_points + points.reshape(-1, POINTS, 2),
        )
