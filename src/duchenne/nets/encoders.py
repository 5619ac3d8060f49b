"""From the landmarks of a frame to a vector for each: (F, N, 3) → (F, N, 256)."""

from collections.abc import Callable

from torch import Tensor, nn

from duchenne.nets.curvenet import CurveNet
from duchenne.nets.settings import WIDTH, Settings


class PerLandmark(nn.Module):
    """One linear map for every landmark, blind to the others: what CurveNet is measured against."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, WIDTH)

    def forward(self, xyz: Tensor, neighbours: Tensor) -> Tensor:
        del neighbours  # all encoders are called alike
        encoded: Tensor = self.linear(xyz)
        return encoded


def _linear(settings: Settings) -> nn.Module:
    del settings  # nothing about it can be set
    return PerLandmark()


def _curvenet(settings: Settings) -> nn.Module:
    return CurveNet(
        settings.points,
        neighbours=settings.neighbours,
        curves=settings.curves,
        steps=settings.steps,
    )


ENCODERS: dict[str, Callable[[Settings], nn.Module]] = {
    "curvenet": _curvenet,
    "linear": _linear,
}


def columns(settings: Settings) -> int:
    """K of `Windows.neighbours`: how many neighbours of a landmark it needs, itself included."""
    return settings.neighbours + 1 if settings.encoder == "curvenet" else 0
