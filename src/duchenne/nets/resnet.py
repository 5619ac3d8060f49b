"""ResNet-18 (He et al. 2016) as it is used for small pictures: no pooling before the blocks.

The stem is a 3 × 3 convolution of stride 1, and all that is left of the map at the end is averaged.
"""

from torch import Tensor, nn
from torch.nn import functional

_STRIDES = (1, 2, 2, 2)  # of the first block of each stage; the second one's is 1


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
