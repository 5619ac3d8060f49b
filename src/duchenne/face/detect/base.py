"""What a detector of a library must provide, and what ours returns."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from duchenne.face.crop import Array, Crop
from duchenne.media.jpeg import Pixels

Search = Callable[[Pixels], Sequence[Crop]]
"""From a picture `(H, W, 3)` BGR to squares about as large as the faces in it.

False positives are welcome: `detector.Detector` looks at each place again and rejects them.
"""


class Proposer(Protocol):
    @property
    def searches(self) -> Sequence[Search]:
        """The best first; the next one runs only if those before led to no certain face."""

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """(name, sha256) of every file of weights."""


class Detections(NamedTuple):
    """The n faces of one picture, in descending order of score.

    Boxes are x0, y0, x1, y1 px around the mesh's points, in the axes of the face: `rolls` (degrees
    clockwise) turn each about its centre.
    """

    boxes: Array  # (n, 4) px
    rolls: Array  # (n,) °
    scores: Array  # (n,) 0 to 1
