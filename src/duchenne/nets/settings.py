"""What one network is made of; the defaults are the published network."""

from dataclasses import dataclass
from typing import Literal

WIDTH = 256
"""Of a landmark, a token, a frame and a clip: what CurveNet gives, and then kept throughout."""

Encoder = Literal["curvenet", "linear"]
Attention = Literal["both", "space", "time"]


@dataclass(frozen=True)
class Settings:
    points: int = 478
    classes: int = 2
    fusion: str = "none"  # a name in duchenne.nets.fusion
    encoder: Encoder = "curvenet"  # linear: the same map for every landmark, blind to the others
    attention: Attention = "both"  # space: within frames only; time: between frames only
    latents: int = 32  # tokens that the landmarks of a frame are pooled into
    depth: int = 6  # layers of the first transformer
    time_depth: int = 3  # layers of the second
    heads: int = 4
    mlp: int = 512
    dropout: float = 0.1
    neighbours: int = 20  # of a landmark, itself not counted; CurveNet's alone, as the next two
    curves: int = 100
    steps: int = 5
    momentum: float = 0.1  # of the running statistics by which BatchNorm judges later
    indicators: bool = False  # whether each D-Marker comes with a 1 where it is missing

    def __post_init__(self) -> None:
        if WIDTH % self.heads:
            raise ValueError(f"heads must divide {WIDTH}, and {self.heads} does not.")
