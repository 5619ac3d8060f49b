"""Size, rate and damage of a clip, as measured while it was read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Flaw(NamedTuple):
    """A fault of a clip that is still usable; `partial` if pictures are missing."""

    reason: str
    detail: str
    partial: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts of one clip. Sizes in px of the upright source with square pixels, rates in Hz."""

    width: int
    height: int
    rotation: int = 0  # degrees clockwise that made it upright: 0, 90, 180, 270
    mirrored: bool = False  # left and right were swapped, as the file asked
    fps: float = 0.0  # mean over the clip; 0 for a single frame
    seconds: float = 0.0  # time of the last frame
    frames_container: int | None = None  # according to the header; None if it does not say
    frames_decoded: int = 1
    frames_damaged: int = 0  # could not be decoded, or only with errors; dropped
    frames_missing: int = 0  # in gaps between timestamps or numbers
    packets_damaged: int = 0  # marked or read as damaged, even if they could be decoded
    times_repaired: int = 0
    ended_early: bool = False
    size_changed: str = ""  # the new size, if the size changed; reading stopped there
    still: bool = False

    @property
    def partial(self) -> bool:
        flaw = self.flaw()
        return flaw is not None and flaw.partial

    def flaw(self) -> Flaw | None:
        """The gravest flaw, with a detail that lists all of them and the counts; None if none."""
        flaws = list(self._flaws())
        if not flaws:
            return None
        counts = f"{self.frames_decoded} frames decoded"
        if self.frames_container is not None:
            counts += f" of the {self.frames_container} that the file promises"
        sentences = "; ".join(flaw.detail for flaw in flaws)
        return flaws[0]._replace(detail=f"{sentences} ({counts})")

    def _flaws(self) -> Iterator[Flaw]:
        if self.ended_early:
            yield Flaw("truncated", "the clip ends early", True)
        if self.size_changed:
            yield Flaw("size_changed", f"read until its size became {self.size_changed} px", True)
        damage = {
            "damaged frames dropped": self.frames_damaged,
            "frames missing": self.frames_missing,
            "damaged packets": self.packets_damaged,
        }
        if any(damage.values()):
            found = ", ".join(f"{count} {what}" for what, count in damage.items() if count)
            yield Flaw("damaged_frames", found, True)
        if self.frames_decoded == 1 and not self.still:
            yield Flaw("one_frame", "the clip has a single frame", True)
        if self.times_repaired:
            repaired = f"{self.times_repaired} missing or repeated timestamps repaired"
            yield Flaw("times_repaired", repaired, False)
