"""What every detector gives: places worth a closer look."""

from collections.abc import Callable, Sequence
from typing import Protocol

from duchenne.face.crop import Crop
from duchenne.media.jpeg import Pixels

Search = Callable[[Pixels], Sequence[Crop]]
"""Squares about as large as the faces in a picture, `(H, W, 3)` BGR.

Generous on purpose: the closer look that follows rejects what is no face.
"""


class Proposer(Protocol):
    @property
    def searches(self) -> Sequence[Search]:
        """The best first; the next is made only where those before led to no sure face."""

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """(name, sha256) of every file of weights."""
