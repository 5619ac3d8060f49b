"""Open a video file with FFmpeg safely, and read what its header promises.

A file's name proves nothing: a playlist or a script renamed .mp4 would make the decoder open other
files. So only formats that hold their own frames are tried, and FFmpeg may open no other file.
"""

import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from duchenne.errors import Unusable
from duchenne.media.regular import opened

MAX_SIDE = 16_384  # px; the largest frame of H.264 and H.265 levels, larger is a broken header
MAX_PIXELS = 70_000_000  # 8192 × 8192 and a little: 280 MB as RGBA, which fits a worker
_LARGEST_BLOCK = 2**31  # bytes; FFmpeg never asks for more at once, whatever a file says

# Demuxers that read one self-contained file. Left out on purpose: playlists (hls, dash, concat),
# scripts (lavfi, vapoursynth), text that FFmpeg would draw (tty), and file name patterns (image2).
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,gif,flv,asf,ogg,mxf,dv,nut,"
    "h264,hevc,m4v,ivf,rm,yuv4mpegpipe,apng,mp3,wav,aac,flac"
)
_WITH_LENGTH = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "asf"}
_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot"}


class Promise(NamedTuple):
    """What a file's header says: frames, length in s; `exact` if it lists every frame."""

    frames: int | None = None
    seconds: float = 0.0
    exact: bool = False


@contextmanager
def open_container(file: FileIO) -> Iterator[InputContainer]:
    """The container in an open file; raises Unusable, with the reason, if it is no video."""
    try:
        container = av.open(
            file,
            "r",
            # No protocol at all: FFmpeg reads the file opened here and no other that it names.
            options={"format_whitelist": FORMATS, "protocol_whitelist": "none"},
            metadata_errors="replace",  # titles come in any encoding, and none is read
        )
    except av.FFmpegError as error:
        check_memory(error)
        raise _cut_off(file) or _unopened(error) from error
    with container:
        if not container.streams.video and (verdict := _cut_off(file)):
            raise verdict
        yield container


def video_stream(container: InputContainer) -> VideoStream:
    """The first video track, set up to decode on one thread, since a worker has one core."""
    tracks = [s for s in container.streams.video if Disposition.attached_pic not in s.disposition]
    if not tracks:
        held = ", ".join(s.type for s in container.streams) or "nothing"
        raise Unusable("no_video_stream", f"the file holds no moving pictures, only: {held}")
    stream = tracks[0]
    if stream.codec_context is None:
        raise Unusable("unknown_codec", "no decoder here knows this video; convert it to H.264")
    check_size(stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # in case frames grow later
    stream.thread_count = 1
    stream.codec_context.thread_type = "NONE"
    return stream


def check_size(width: int, height: int) -> None:
    """Raise Unusable for a picture larger than the limits, before memory is allocated for it."""
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        limit = f"{MAX_SIDE} px a side and {MAX_PIXELS // 1_000_000} million pixels"
        raise Unusable("too_large", f"{width} × {height} px; at most {limit} are read")


def check_memory(error: av.FFmpegError) -> None:
    """Raise the error again if the system lacks memory, so that the file is not blamed.

    FFmpeg gives the same error for a broken header that makes it ask for gigabytes. The most that
    it may ask for is allocated here and freed at once: if that works, memory was not lacking.
    """
    if isinstance(error, av.error.MemoryError):
        try:
            mmap.mmap(-1, _LARGEST_BLOCK).close()
        except OSError:
            raise error from None


def promise_of(container: InputContainer, stream: VideoStream) -> Promise:
    """What the header promises; empty for formats where FFmpeg only guesses the length.

    MP4 and MOV list every frame and mark those that an edit list hides. AVI counts frames, some of
    which may never have been stored; for other formats the count is length × rate.
    """
    name, rate = container.format.name, float(stream.average_rate or 0)
    if stream.frames and "mov" in name:
        shown = sum(not entry.is_discard for entry in stream.index_entries)
        return Promise(shown, exact=True)
    if name not in _WITH_LENGTH or not rate:
        return Promise()
    seconds = stream.frames / rate or length_of(container, stream)
    return Promise(round(seconds * rate) or None, seconds)


def length_of(container: InputContainer, stream: VideoStream) -> float:
    """Length of the video track in s, else of the longest track; 0 if the header has none."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if clock := re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = clock.groups()  # as Matroska writes it
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return container.duration / av.time_base if container.duration else 0.0


def seconds_of(path: Path) -> float | None:
    """Length of a video in s by its header; None if it has none or the file is no video."""
    try:
        with opened(path) as source, open_container(source.file) as container:
            return length_of(container, video_stream(container)) or None
    except (Unusable, av.FFmpegError, MemoryError, ValueError, OverflowError):
        return None


def _unopened(error: av.FFmpegError) -> Unusable:
    """Why FFmpeg could not open a file, from its error."""
    if isinstance(error, av.error.MemoryError):
        detail = "a number in its header asks for more memory than any video needs; copy it again"
        return Unusable("damaged_header", detail)
    return Unusable("not_a_video", f"no video format fits these bytes ({error.strerror})")


def _cut_off(file: FileIO) -> Unusable | None:
    """Why an MP4 is cut off: its boxes exceed the file, or its index (moov) is missing."""
    size = os.fstat(file.fileno()).st_size
    boxes = dict(_boxes(file, size))
    if boxes and max(boxes.values()) > size:
        detail = f"the file ends at byte {size}, before its index is complete; copy it again"
        return Unusable("truncated", detail)
    if boxes and b"moov" not in boxes:
        detail = "an MP4 without its index (moov), as left by a recording that was cut off"
        return Unusable("no_index", detail)
    return None


def _boxes(file: FileIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Kind of each top-level MP4 box, and the byte at which it should end."""
    start = 0
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:  # the length follows in 64 bits
            length = int.from_bytes(head[8:16])
        elif length == 0:  # up to the end of the file
            length = size - start
        if length < 8 or (start == 0 and head[4:8] not in _BOXES):
            return
        start += length
        yield head[4:8], start
