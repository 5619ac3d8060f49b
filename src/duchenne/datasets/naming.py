"""Published sets in which a clip's name tells its subject and label.

Copies of a set differ in their folders, and some have landmarks instead of videos; only the file
names are the same everywhere. So clips are found anywhere below the set's folder, by their names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from duchenne.datasets.clip import LABEL_NAMES, Found, files_in, kind_of, without_endings
from duchenne.errors import DatasetError, listed

LABELS_FOLDER = "labels"
_KINDS = ("video", "landmarks")


@dataclass(frozen=True)
class ParsedName:
    """What a name tells: the clip's name in papers, its subject and its label."""

    ident: str
    subject: str
    label: int


def clips_below(folder: Path) -> list[str]:
    """Videos and landmark arrays below a set's folder, except hidden ones and those in labels/."""
    return [place for place in files_in(folder) if kind_of(place) in _KINDS and not aside(place)]


def read_names(
    folder: Path,
    read: Callable[[str], ParsedName | None],
    *,
    example: str,
    also: Mapping[str, str] | None = None,
) -> list[tuple[str, ParsedName]]:
    """The place of each clip and the result of `read` for its file's name without endings.

    `also` maps the places of further clips, which are not files, to their names. Names are
    normalized to NFC first, since some file systems store an accent apart from its letter.
    """
    names = {place: without_endings(PurePosixPath(place).name) for place in clips_below(folder)}
    every = {**names, **(also or {})}
    parsed = {place: read(normalize("NFC", name)) for place, name in every.items()}
    check_names(folder, {place: bool(what) for place, what in parsed.items()}, example=example)
    named = [(place, what) for place, what in parsed.items() if what]
    check_once(folder, [(place, what.ident) for place, what in named])
    return named


def check_names(folder: Path, fits: Mapping[str, bool], *, example: str) -> None:
    """Refuse a folder without clips, and list all names of another form."""
    strange = [place for place, fit in fits.items() if not fit]
    if len(strange) == len(fits):
        seen = f"; it has {listed(strange)}" if strange else ""
        raise DatasetError(
            f"{folder}: no clip was found there or in any folder below it; expected are videos or "
            f"landmark arrays (.npy) named like {example}{seen}"
        )
    if strange:
        raise DatasetError(
            f"{folder}: not named like {example}: {', '.join(strange)}; rename them, or move what "
            "does not belong to the set elsewhere"
        )


def check_once(folder: Path, clips: Sequence[tuple[str, str]]) -> None:
    """Refuse a clip that is there twice, for example as a video and as landmarks.

    Nothing tells which of the two should be used.
    """
    by_ident: dict[str, list[str]] = {}
    for place, ident in clips:
        by_ident.setdefault(ident, []).append(place)
    twice = [" and ".join(places) for places in by_ident.values() if len(places) > 1]
    if twice:
        raise DatasetError(
            f"{folder}: the same clip twice: {'; '.join(twice)}; keep either the videos or the "
            "landmarks, once, and move the others out of this folder"
        )


def found(place: str, parsed: ParsedName) -> Found:
    """A clip of a set whose classes are spontaneous and posed."""
    return Found(
        place, parsed.subject, parsed.label, LABEL_NAMES[parsed.label], called=parsed.ident
    )


def aside(place: str) -> bool:
    """Whether a file is in labels/ or hidden, such as the ._a.mp4 that macOS makes."""
    parts = PurePosixPath(place).parts
    return parts[0] == LABELS_FOLDER or any(part.startswith(".") for part in parts)
