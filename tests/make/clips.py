"""Write video files with known content, valid and broken.

A frame shows its number as a row of black and white blocks, and another grey in each corner, so
that a test can read the number and the orientation of a decoded frame.
"""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.stream import Disposition
from av.video.stream import VideoStream

Pixels = npt.NDArray[np.uint8]

BITS = 8
BLOCK = 8  # px, half a macroblock: any codec preserves it
CORNERS = ((60, "top left"), (110, "top right"), (160, "bottom left"), (210, "bottom right"))


def frame_picture(number: int, size: tuple[int, int] = (128, 96)) -> Pixels:
    """`(H, W, 3)` RGB: the number in binary along the middle, another grey in each corner."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    for grey, corner in CORNERS:
        rows = slice(None, height // 2) if "top" in corner else slice(height // 2, None)
        columns = slice(None, width // 2) if "left" in corner else slice(width // 2, None)
        image[rows, columns] = grey
    middle = height // 2 - BLOCK
    for bit in range(BITS):
        shade = 255 if number >> bit & 1 else 0
        image[middle : middle + 2 * BLOCK, 2 * BLOCK * bit : 2 * BLOCK * (bit + 1)] = shade
    return image


def number_in(jpeg: bytes) -> int:
    """The number in an upright picture of `frame_picture`, at its original size."""
    grey = decoded(jpeg).mean(axis=2)
    row = grey[grey.shape[0] // 2]
    return sum(int(row[2 * BLOCK * bit + BLOCK] > 128) << bit for bit in range(BITS))


def corners_in(jpeg: bytes) -> list[str]:
    """Names of the corners that are seen at top left, top right, bottom left, bottom right."""
    grey = decoded(jpeg).mean(axis=2)
    height, width = grey.shape
    seen = [grey[y, x] for y in (4, height - 5) for x in (4, width - 5)]
    return [min(CORNERS, key=lambda corner: abs(corner[0] - value))[1] for value in seen]


def decoded(jpeg: bytes) -> Pixels:
    """The decoded JPEG, `(H, W, 3)` BGR."""
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def write_video(
    path: Path,
    *,
    frames: int = 25,
    fps: int = 25,
    size: tuple[int, int] = (128, 96),
    codec: str = "libx264",
    times: Sequence[float] | None = None,
    pixel: Fraction | None = None,
    pictures: Sequence[Pixels] | None = None,
    container: str | None = None,
    options: dict[str, str] | None = None,
    colour: dict[str, int] | None = None,
) -> Path:
    """A clip of numbered frames, or of `pictures`, at `fps` or at increasing `times` in s."""
    numbers = range(len(times) if times else frames)
    pictures = pictures or [frame_picture(number, size) for number in numbers]
    with av.open(path, "w", format=container, options=options or {}) as output:
        stream = cast(VideoStream, output.add_stream(codec, rate=fps))
        context = stream.codec_context
        context.height, context.width = pictures[0].shape[:2]
        context.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        context.gop_size = 12
        context.max_b_frames = 0
        context.time_base = Fraction(1, 1000) if times else Fraction(1, fps)
        if pixel:
            context.sample_aspect_ratio = pixel
        for name, value in (colour or {}).items():
            setattr(context, name, value)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=context.pix_fmt, **_colours(colour or {}))
            frame.time_base = context.time_base
            frame.pts = round(times[number] * 1000) if times else number
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def write_repeated(path: Path, ticks: Sequence[int], *, fps: int = 25) -> Path:
    """An MP4 with presentation times `ticks` / fps s, in any order, perhaps with duplicates."""
    plain = write_video(path.with_suffix(".plain.mp4"), frames=len(ticks), fps=fps)
    with av.open(plain) as source, av.open(path, "w", options={"use_editlist": "0"}) as output:
        track = source.streams.video[0]
        copy = output.add_stream_from_template(track)
        for number, packet in enumerate(p for p in source.demux(track) if p.size):
            packet.pts = round(ticks[number] / fps / packet.time_base)
            packet.dts = round((number - len(ticks)) / fps / packet.time_base)
            packet.stream = copy
            output.mux(packet)
    return path


def set_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write [[a, b], [c, d]] into the MP4 track header: x' = a x + c y, y' = b x + d y."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in matrix)
    start = data.index(b"tkhd") + 44  # version 0, as FFmpeg writes short clips
    struct.pack_into(">9i", data, start, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def write_audio(path: Path, *, cover: bool = False) -> Path:
    """Half a second of silence without video; with `cover`, there is a cover picture."""
    with av.open(path, "w") as output:
        stream = output.add_stream("aac", rate=8000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=4000)
        frame.sample_rate = 8000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        if cover:
            art = output.add_stream("mjpeg", rate=1)
            art.width, art.height, art.pix_fmt = 128, 96, "yuvj420p"
            art.disposition = Disposition.attached_pic
            output.mux(art.encode(av.VideoFrame.from_ndarray(frame_picture(0))))
            output.mux(art.encode())
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def cut(path: Path, share: float) -> Path:
    """Truncate a file to the first `share` of its bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def scramble(path: Path, *, at: float = 0.5, share: float = 0.05, seed: int = 0) -> Path:
    """Overwrite a `share` of the bytes with noise, from the share `at` on."""
    data = bytearray(path.read_bytes())
    start, length = int(len(data) * at), int(len(data) * share)
    data[start : start + length] = np.random.default_rng(seed).bytes(length)
    path.write_bytes(data)
    return path


def drop_index(path: Path) -> Path:
    """Remove the moov box from an MP4 that ends with it."""
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moov") - 4])
    return path


def exaggerate(path: Path, *, box: bytes, at: int) -> Path:
    """Write a number near 2^30 into an MP4, `at` bytes after a box's name.

    FFmpeg then reports that it is out of memory.
    """
    data = bytearray(path.read_bytes())
    start = data.index(box) + at
    data[start : start + 4] = (0x3FFF_FFFF).to_bytes(4)
    path.write_bytes(data)
    return path


def _colours(colour: dict[str, int]) -> dict[str, int]:
    """Options of the scaler that make pixels agree with the colour tags."""
    matrix, extent = colour.get("colorspace", 5), colour.get("color_range", 1)
    return {"dst_colorspace": 1 if matrix == 1 else 5, "dst_color_range": extent}
