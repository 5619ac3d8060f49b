"""How many bytes the pipeline will make of a data set, by the sizes and lengths of its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duchenne.cli.doctor.found import clips
from duchenne.cli.doctor.site import Site
from duchenne.datasets.clip import Found
from duchenne.media.container import seconds_of

# Factors, measured on the demo's 112 clips.
JPEG_BYTES_PER_PIXEL = 0.25  # at quality 90
LANDMARK_BYTES = 18_000  # of a frame, in data/mesh and data/landmarks together
NETWORK_BYTES = 10 * 20_000_000  # ten folds of the published five million weights
# Assumed where a file does not say it.
SECONDS_PER_BYTE = 8 / 4_000_000  # of video, at 4 Mbit/s
PICTURE_SHAPE = 0.75  # height by width
DEMO_SECONDS = 5  # of a clip
ARRAY_BYTES_PER_FRAME = 478 * 3 * 4


@dataclass(frozen=True)
class Need:
    """What is to be stored of a data set, bytes."""

    results: float
    raw: int


def needed(site: Site) -> Need:
    """For the frames, landmarks and networks of all clips; nothing once they are there."""
    if not site.data.is_dir() and site.is_rendered:
        return Need(_of_the_demo(site), 0)
    found = clips(site) if site.data.is_dir() else []
    if found and _finished(site, len(found)):
        return Need(0, 0)
    raw = sum(_bytes(site.data / clip.place) for clip in found)
    return Need(_results(found, site), raw)


def _results(found: Sequence[Found], site: Site) -> float:
    each = [(_frames(clip, site), clip) for clip in found]
    pictures = sum(_pictures(clip, frames, site) for frames, clip in each)
    return pictures + sum(frames for frames, _ in each) * LANDMARK_BYTES + NETWORK_BYTES


def _of_the_demo(site: Site) -> float:
    """Before it is rendered."""
    demo = site.settings.model_dump()
    clips = int(demo["subjects"] * demo["clips_per_subject"])
    frames = clips * DEMO_SECONDS * site.params.decode.fps
    return _jpeg(frames, int(demo["size"])) + frames * LANDMARK_BYTES + NETWORK_BYTES


def _jpeg(pictures: float, side: int) -> float:
    return pictures * side * side * PICTURE_SHAPE * JPEG_BYTES_PER_PIXEL


def _finished(site: Site, clips: int) -> bool:
    """Whether the landmarks of all clips lie in the workspace already."""
    made = len(list((site.root / "data/landmarks").glob("*.parquet")))
    return site.dataset == site.params.dataset and made >= clips


def _frames(clip: Found, site: Site) -> float:
    """How many frames a clip will have."""
    path = site.data / clip.place
    match clip.kind:
        case "video":
            seconds = seconds_of(path) or _bytes(path) * SECONDS_PER_BYTE
            return seconds * site.params.decode.fps
        case "landmarks":
            return _bytes(path) / ARRAY_BYTES_PER_FRAME
        case "dmarkers":
            return 0
        case "sequence":
            return len(_files(path))
        case _:
            return 1


def _pictures(clip: Found, frames: float, site: Site) -> float:
    """Bytes of its frames: pictures that are ones already do not grow."""
    match clip.kind:
        case "video":
            return _jpeg(frames, site.params.decode.max_side)
        case "landmarks" | "dmarkers":
            return 0
        case _:
            return _bytes(site.data / clip.place)


def _files(path: Path) -> list[Path]:
    """A file, those of a folder, or none for a part of a file."""
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in _files(path))
