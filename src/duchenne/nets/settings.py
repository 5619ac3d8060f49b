"""The settings of the landmark network; the defaults are those of MeshSmileNet."""

from dataclasses import dataclass
from typing import Literal

WIDTH = 256
"""Width of the features of a landmark, a token, a frame and a clip: that of CurveNet's output."""

Encoder = Literal["curvenet", "linear"]
Attention = Literal["both", "space", "time"]


@dataclass(frozen=True)
class MeshSettings:
    points: int = 478
    classes: int = 2
    fusion: str = "none"  # a name in duchenne.config.models.FUSIONS
    encoder: Encoder = "curvenet"  # linear: one linear map, landmark by landmark
    attention: Attention = "both"  # space: within frames alone; time: between frames alone
    latents: int = 32  # tokens per frame, pooled from its landmarks
    depth: int = 6  # layers of the first transformer
    time_depth: int = 3  # layers of the second
    heads: int = 4
    mlp: int = 512
    dropout: float = 0.1
    neighbours: int = 20  # of a landmark, itself not counted; CurveNet only, as curves and steps
    curves: int = 100
    steps: int = 5
    momentum: float = 0.1  # of BatchNorm's running statistics, which evaluation uses
    indicators: bool = False  # a second input per D-Marker, 1 where it is missing

    def __post_init__(self) -> None:
        if WIDTH % self.heads:
            raise ValueError(f"heads must divide {WIDTH}, and {self.heads} does not.")
