"""Read a video file as a stream of small upright JPEGs with true times.

One frame is in memory at a time, so memory does not grow with the clip. Only the frames that are
kept are scaled and encoded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from duchenne.errors import Unusable
from duchenne.media.container import check_memory, open_container, promise_of, video_stream
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture
from duchenne.media.picture import FrameEncoder, Geometry
from duchenne.media.regular import Source, opened
from duchenne.media.timeline import Timeline, thin

_MOST_FAILED_READS = 100  # of the container; then reading stops
_USUAL_RATE = 25  # Hz, for repaired times where the file names no rate


@dataclass(frozen=True)
class Moment:
    """A frame that could be decoded, its number in the source and its time in s."""

    number: int
    time: float
    frame: av.VideoFrame


class Video:
    """Iterate once over the pictures; `facts` are available after the last one."""

    def __init__(
        self,
        source: Source,
        container: InputContainer,
        *,
        fps: float,
        max_side: int,
        quality: int,
    ) -> None:
        self._source = source
        self._container = container
        self._stream = video_stream(container)
        self._promise = promise_of(container, self._stream)
        self._step = 1 / Fraction(self._stream.guessed_rate or _USUAL_RATE)
        self._timeline = Timeline(self._step)
        self._fps, self._max_side, self._quality = fps, max_side, quality
        self._encoder: FrameEncoder | None = None
        self._seen = self._decoded = self._damaged = 0  # frames
        self._delivered = self._torn = 0  # packets
        self._size_changed = ""
        self._facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        if self._facts is None:
            raise RuntimeError("the facts are known after the last picture")
        return self._facts

    def __iter__(self) -> Iterator[Picture]:
        for moment in thin(self._moments(), fps=self._fps, time=lambda moment: moment.time):
            if self._encoder is None:
                self._encoder = self._start(moment.frame)
            yield Picture(moment.number, moment.time, self._encoder.jpeg(moment.frame))
        self._source.check_unchanged()
        self._facts = self._sum_up()

    def _start(self, frame: av.VideoFrame) -> FrameEncoder:
        pixel = self._stream.sample_aspect_ratio
        geometry = Geometry.of(frame, pixel=pixel, max_side=self._max_side)
        return FrameEncoder(geometry, quality=self._quality)

    def _moments(self) -> Iterator[Moment]:
        first = None
        for frame in self._frames():
            size = (frame.width, frame.height)
            first = first or size
            if size != first:
                self._size_changed = f"{frame.width} × {frame.height}"
                return
            self._decoded += 1
            yield Moment(self._seen - 1, self._timeline.place(_stamp(frame)), frame)

    def _frames(self) -> Iterator[av.VideoFrame]:
        """The frames that could be decoded, in presentation order; damaged ones are counted."""
        for packet in self._packets():
            try:
                frames = self._stream.decode(packet)
            except av.FFmpegError as error:
                check_memory(error)
                self._damaged += 1
                self._seen += 1
                continue
            for frame in frames:
                self._seen += 1
                if frame.is_corrupt:
                    self._damaged += 1
                else:
                    yield frame

    def _packets(self) -> "Iterator[Packet[VideoStream]]":
        """Every packet that can be read; reading continues after damaged ones."""
        for _ in range(_MOST_FAILED_READS):
            try:
                for packet in self._container.demux(self._stream):
                    is_flush = packet.size == 0 and packet.dts is None
                    self._delivered += not (is_flush or packet.is_discard)
                    self._torn += packet.is_corrupt
                    yield packet
            except av.FFmpegError as error:
                check_memory(error)
                self._torn += 1
            else:
                return

    def _sum_up(self) -> Facts:
        if self._encoder is None:
            raise Unusable("no_frames", f"no frame can be shown; {self._damaged} are damaged")
        geometry = self._encoder.geometry
        length = self._timeline.last
        return Facts(
            width=geometry.width,
            height=geometry.height,
            rotation=geometry.orientation.rotation,
            mirrored=geometry.orientation.mirrored,
            fps=(self._seen - 1) / length if length else 0.0,
            seconds=length,
            frames_container=self._promise.frames,
            frames_decoded=self._decoded,
            frames_damaged=self._damaged,
            frames_missing=self._missing(),
            packets_damaged=self._torn,
            times_repaired=self._timeline.repaired,
            ended_early=self._ended_early() and not self._size_changed,
            size_changed=self._size_changed,
        )

    def _ended_early(self) -> bool:
        """Whether frames that the file lists are missing, or else a tenth of its length, since the
        length may be that of the sound."""
        if self._promise.exact:
            return self._delivered < (self._promise.frames or 0)
        step = float(self._step)
        rest = self._promise.seconds - self._timeline.last - step
        return rest > max(2 * step, self._promise.seconds / 10)

    def _missing(self) -> int:
        """Frames lost in gaps of an evenly spaced clip, if they are more than a tenth of it."""
        lost = self._timeline.skipped - self._damaged
        even = self._timeline.is_steady and not self._promise.exact
        return lost if even and lost * 10 > self._decoded else 0


@contextmanager
def open_video(
    path: Path,
    *,
    fps: float = 25,
    max_side: int = 640,
    quality: int = 90,
    sha256: str | None = None,
) -> Iterator[Video]:
    """At most `fps` pictures per s, no side longer than `max_side` px, JPEG `quality` 1 to 100.

    Raises Unusable, here or during iteration, if the file holds no picture that can be decoded.
    """
    with opened(path, sha256=sha256) as source, open_container(source.file) as container:
        yield Video(source, container, fps=fps, max_side=max_side, quality=quality)


def _stamp(frame: av.VideoFrame) -> Fraction | None:
    """The frame's timestamp in s; in AVI, which has none, its decoding time."""
    ticks = frame.dts if frame.pts is None else frame.pts
    return None if ticks is None or frame.time_base is None else ticks * frame.time_base
