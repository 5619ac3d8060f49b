"""Read a folder of numbered pictures as a stream of small upright JPEGs with true times.

It is treated as a video: a picture that cannot be decoded is a damaged frame, and the clip ends
where the size changes. One picture is in memory at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from duchenne.errors import Unusable
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture, Pixels, encode
from duchenne.media.numbered import Numbered, digest_of, pictures_in
from duchenne.media.regular import opened
from duchenne.media.still import pixels_of, shrink
from duchenne.media.timeline import thin

_DAMAGED = {"empty_file", "not_an_image", "damaged_image"}  # of one picture; the clip goes on


@dataclass(frozen=True)
class Moment:
    """A picture that could be decoded, its number in the sequence (0 first) and its time in s."""

    number: int
    time: float
    pixels: Pixels


class Sequence:
    """Iterate once over the pictures; `facts` are available after the last one."""

    def __init__(
        self, pictures: list[Numbered], *, rate: float, fps: float, max_side: int, quality: int
    ) -> None:
        self._pictures, self._rate = pictures, rate
        self._fps, self._max_side, self._quality = fps, max_side, quality
        self._decoded = self._damaged = 0
        self._size: tuple[int, int] | None = None
        self._size_changed = ""
        self._last = 0.0  # s

    @property
    def facts(self) -> Facts:
        if self._size is None:
            raise Unusable("no_frames", f"no picture can be shown; {self._damaged} are damaged")
        first, last = self._pictures[0].number, self._pictures[-1].number
        return Facts(
            width=self._size[0],
            height=self._size[1],
            fps=self._rate if len(self._pictures) > 1 else 0.0,
            seconds=self._last,
            frames_container=len(self._pictures),
            frames_decoded=self._decoded,
            frames_damaged=self._damaged,
            frames_missing=last - first + 1 - len(self._pictures),
            size_changed=self._size_changed,
        )

    def __iter__(self) -> Iterator[Picture]:
        for moment in thin(self._moments(), fps=self._fps, time=lambda moment: moment.time):
            small = shrink(moment.pixels, max_side=self._max_side)
            yield Picture(moment.number, moment.time, encode(small, quality=self._quality))

    def _moments(self) -> Iterator[Moment]:
        """The decoded pictures until the size changes; the first one's time is 0."""
        start = None
        for number, pixels in self._sound():
            height, width = pixels.shape[:2]
            self._size = self._size or (width, height)
            if self._size != (width, height):
                self._size_changed = f"{width} × {height}"
                return
            self._decoded += 1
            start = number if start is None else start
            self._last = (number - start) / self._rate
            yield Moment(number - self._pictures[0].number, self._last, pixels)

    def _sound(self) -> Iterator[tuple[int, Pixels]]:
        for picture in self._pictures:
            try:
                with opened(picture.path, sha256=picture.sha256) as source:
                    pixels = pixels_of(source.file)
            except Unusable as verdict:
                if verdict.reason not in _DAMAGED:
                    raise
                self._damaged += 1
            else:
                yield picture.number, pixels


@contextmanager
def open_sequence(
    folder: Path,
    *,
    rate: float | None,
    fps: float = 25,
    max_side: int = 640,
    quality: int = 90,
    sha256: str | None = None,
) -> Iterator[Sequence]:
    """At most `fps` pictures per s of a folder with `rate` pictures per s; else as `open_video`."""
    if rate is None:
        raise Unusable(
            "rate_unknown",
            "say in params.yaml, under the data set's name, how many pictures a second was filmed "
            "in (fps: 25)",
        )
    pictures = pictures_in(folder)
    if sha256 is not None and digest_of(pictures) != sha256:
        detail = "its pictures are not those whose digest was taken; run again once it is complete"
        raise Unusable("changed", detail, lasting=False)
    yield Sequence(pictures, rate=rate, fps=fps, max_side=max_side, quality=quality)
