"""Build the clips table and its summary from the clips that an adapter has found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from duchenne.datasets.clip import Found, names_of
from duchenne.errors import DatasetError, Unusable
from duchenne.flow.settings import cores
from duchenne.media.container import seconds_of
from duchenne.media.numbered import digest_of, pictures_in, size_of
from duchenne.media.regular import excerpt_of, sha256_of
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS, STILLS

Clip = Mapping[str, Any]


def repeated_pictures(clips: pa.Table) -> dict[str, int]:
    """Counts of pictures that several clips have in common; empty if there are none."""
    by_content: dict[str, list[Clip]] = {}
    for clip in clips.select(["kind", "sha256", "label", "role"]).to_pylist():
        if clip["sha256"] and clip["kind"] in STILLS:
            by_content.setdefault(clip["sha256"], []).append(clip)
    repeated = [same for same in by_content.values() if len(same) > 1]
    if not repeated:
        return {}
    return {
        "contents": len(repeated),
        "clips": sum(len(same) for same in repeated),
        "in_train_and_test": sum(_in_train_and_test(same) for same in repeated),
        "under_several_labels": sum(len({clip["label"] for clip in same}) > 1 for same in repeated),
    }


def _in_train_and_test(clips: Sequence[Clip]) -> bool:
    return {"train", "test"} <= {clip["role"] for clip in clips}


@dataclass(frozen=True)
class Measured:
    """Digest, size in bytes and length in s of a file; None, with a reason, if unreadable."""

    sha256: str | None = None
    bytes: int | None = None
    seconds: float | None = None
    reason: str = ""
    detail: str = ""


def check(found: Sequence[Found], folder: Path) -> None:
    """Refuse an empty list, equal clip names, and group columns named like columns of the table."""
    if not found:
        raise DatasetError(f"{folder} holds no clips; put videos there, or choose another dataset")
    ours = {column.name for column in CLIPS.columns}
    taken = sorted({name for clip in found for name in clip.groups} & ours)
    if taken:
        raise DatasetError(
            f"{folder}: group columns may not have names that the pipeline uses itself: "
            f"{', '.join(taken)}; rename them in clips.csv or subjects.csv"
        )
    by_name: dict[str, list[str]] = {}
    for clip, name in zip(found, names_of(found), strict=True):
        by_name.setdefault(name.casefold(), []).append(clip.place)
    clashes = [" and ".join(places) for places in by_name.values() if len(places) > 1]
    if clashes:
        raise DatasetError(
            f"{folder}: these would have the same name: {'; '.join(clashes)}; rename one of each"
        )


def measure(found: Sequence[Found], folder: Path) -> list[Measured]:
    """Measure the file of each clip. Only regular files are opened."""
    with ThreadPoolExecutor(cores()) as pool:
        return list(
            pool.map(lambda clip: _known(clip) or _measure(folder / clip.place, clip.kind), found)
        )


def check_contents(clips: pa.Table, folder: Path) -> None:
    """Refuse a video that is there under two names.

    Its subject or label would be wrong once, and a fold could train on one copy and test the other.
    Repeated photographs are allowed: published sets contain them.
    """
    by_content: dict[str, list[str]] = {}
    for clip in clips.to_pylist():
        if clip["sha256"] and clip["kind"] not in STILLS:
            by_content.setdefault(clip["sha256"], []).append(clip["path"])
    copies = [" and ".join(paths) for paths in by_content.values() if len(paths) > 1]
    if copies:
        raise DatasetError(f"{folder}: the same content twice: {'; '.join(copies)}; remove copies")


def _known(clip: Found) -> Measured | None:
    """Digest and size of a part of a file, if the adapter has computed the digest."""
    part = excerpt_of(Path(clip.place))
    return Measured(clip.sha256, part.end - part.first) if part and clip.sha256 else None


def _measure(path: Path, kind: str) -> Measured:
    try:
        if kind == "sequence":
            pictures = pictures_in(path)
            return Measured(digest_of(pictures), size_of(pictures))
        sha256 = sha256_of(path)
    except Unusable as verdict:
        return Measured(reason=verdict.reason, detail=verdict.detail)
    seconds = seconds_of(path) if kind == "video" else None
    return Measured(sha256, path.stat().st_size, seconds)


def table(
    found: Sequence[Found], measured: Sequence[Measured], *, root: Path, folder: Path
) -> pa.Table:
    """The clips table, sorted by clip name."""
    rows = [
        {
            **clip.groups,
            "clip": name,
            "path": (folder / clip.place).relative_to(root).as_posix(),
            "kind": clip.kind,
            "subject": clip.subject,
            "label": clip.label,
            "label_name": clip.label_name,
            **asdict(file),
            "fold": clip.fold,
            "role": clip.role,
        }
        for clip, name, file in zip(found, names_of(found), measured, strict=True)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return parquet.conform(CLIPS, columns).sort_by("clip")


def summary(clips: pa.Table, *, dataset: str) -> dict[str, Any]:
    """The contents of data/reports/dataset.json: counts of clips, classes and subjects."""
    pairs = set(zip(clips["subject"].to_pylist(), clips["label_name"].to_pylist(), strict=True))
    per_subject = Counter(subject for subject, _ in pairs)
    classes = Counter(clips["label_name"].to_pylist())
    shown = "all" if len(classes) > 2 else "both"
    seconds = pc.sum(clips["seconds"]).as_py()
    repeated = repeated_pictures(clips)
    unread = clips.filter(pc.not_equal(clips["reason"], ""))
    return {
        "dataset": dataset,
        "clips": clips.num_rows,
        "kinds": dict(sorted(Counter(clips["kind"].to_pylist()).items())),
        "classes": dict(sorted(classes.items())),
        "subjects": len(per_subject),
        f"subjects_with_{shown}_classes": sum(n == len(classes) > 1 for n in per_subject.values()),
        "seconds": None if seconds is None else round(seconds, 3),
        "cannot_be_read": unread["path"].to_pylist(),
        **({"repeated_pictures": repeated} if repeated else {}),
    }
