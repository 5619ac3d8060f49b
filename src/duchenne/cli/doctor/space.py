"""Disk space for what the pipeline will make of the data set. It is an estimate, so only a note.

Every result is in the unit cache and in DVC's cache; the workspace has links to DVC's cache.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from duchenne.cli.doctor import Finding, Site, links
from duchenne.cli.doctor.layout import clips
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError
from duchenne.flow.settings import cache_folder
from duchenne.media.container import seconds_of
from duchenne.pipeline import dvc

# Measured on the demo's 112 clips.
JPEG_BYTES_PER_PIXEL = 0.25  # at quality 90
LANDMARK_BYTES = 18_000  # per frame, in data/mesh and data/landmarks together
NETWORK_BYTES = 10 * 20_000_000  # ten folds, five million weights as published
# Assumed where the file does not tell.
SECONDS_PER_BYTE = 8 / 4_000_000  # of video, at 4 Mbit/s
PICTURE_SHAPE = 0.75  # height / width
DEMO_SECONDS = 5  # per clip
ARRAY_BYTES_PER_FRAME = 478 * 3 * 4


@dataclass(frozen=True)
class Need:
    """Storage for a data set: of the results of the pipeline, and of the raw files; bytes."""

    results: float
    raw: int


def check(site: Site) -> Iterator[Finding]:
    """Note each disk that has less free space than the estimate."""
    try:
        need = needed(site)
    except DatasetError:
        return  # the check `layout` reports it
    for place, wanted in _by_disk(_wanted(site, need)):
        free = shutil.disk_usage(place).free
        if wanted > free:
            yield Finding(
                f"the disk of {place} has {decimal(free)} free, and {site.dataset} may need about "
                f"{decimal(round(wanted))}; make room, or move DVC's cache (`dvc cache dir`) or "
                "the unit cache (DUCHENNE_CACHE) to a larger disk",
                blocks=False,
            )


def _wanted(site: Site, need: Need) -> list[tuple[Path, float]]:
    """Folders and the bytes that each will receive.

    Links take no space. Raw files that DVC does not track yet will move into its cache.
    """
    wanted = [(cache_folder(), need.results)]
    if not dvc.is_project(site.root):
        return wanted
    cache = dvc.cache_folder(site.root)
    linked = links.kind(site.root, cache)
    moves = linked == "symlink" and not site.data.with_name(f"{site.dataset}.dvc").exists()
    wanted.append((cache, need.results + need.raw * moves))
    if linked == links.COPY:
        wanted.append((site.root, need.results + need.raw))
    return wanted


def _by_disk(wanted: Sequence[tuple[Path, float]]) -> list[tuple[Path, float]]:
    """Sum up the bytes for each disk; a disk is named by the first of its folders."""
    disks: dict[int, list[tuple[Path, float]]] = defaultdict(list)
    for place, amount in wanted:
        existing = next(path for path in (place, *place.parents) if path.exists())
        disks[existing.stat().st_dev].append((existing, amount))
    return [(rows[0][0], sum(amount for _, amount in rows)) for rows in disks.values()]


def needed(site: Site) -> Need:
    """Estimate the bytes of frames, landmarks and networks of all clips; zero once they exist.

    The estimate uses the sizes and lengths of the files.
    """
    if not site.data.is_dir() and site.is_rendered:
        return Need(_demo_results(site), 0)
    found = clips(site) if site.data.is_dir() else []
    if found and _finished(site, len(found)):
        return Need(0, 0)
    raw = sum(_bytes(site.data / clip.place) for clip in found)
    return Need(_results(found, site), raw)


def _results(found: Sequence[Found], site: Site) -> float:
    each = [(_frames(clip, site), clip) for clip in found]
    pictures = sum(_pictures(clip, frames, site) for frames, clip in each)
    return pictures + sum(frames for frames, _ in each) * LANDMARK_BYTES + NETWORK_BYTES


def _demo_results(site: Site) -> float:
    """Bytes of the demo's results, by its settings: it may not be rendered yet."""
    demo = site.settings.model_dump()
    clips = int(demo["subjects"] * demo["clips_per_subject"])
    frames = clips * DEMO_SECONDS * site.params.decode.fps
    return _jpeg(frames, int(demo["size"])) + frames * LANDMARK_BYTES + NETWORK_BYTES


def _jpeg(pictures: float, side: int) -> float:
    return pictures * side * side * PICTURE_SHAPE * JPEG_BYTES_PER_PIXEL


def _finished(site: Site, clips: int) -> bool:
    """Whether the workspace already has the landmarks of all clips."""
    made = len(list((site.root / "data/landmarks").glob("*.parquet")))
    return site.dataset == site.params.dataset and made >= clips


def _frames(clip: Found, site: Site) -> float:
    """The number of frames that a clip will have."""
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
    """Bytes of a clip's decoded frames; a clip of picture files keeps its size."""
    match clip.kind:
        case "video":
            return _jpeg(frames, site.params.decode.max_side)
        case "landmarks" | "dmarkers":
            return 0
        case _:
            return _bytes(site.data / clip.place)


def _files(path: Path) -> list[Path]:
    """The file itself, or the files of a folder; none for a clip that is a part of a file."""
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in _files(path))
