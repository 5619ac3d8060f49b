"""CK+ (Extended Cohn-Kanade): pictures of posed expressions at their peak.

A sequence begins at rest and ends at the peak, so its last pictures show its class. Each of these
pictures is a clip. All clips of a subject stay in one part of a fold.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from duchenne.config.datasets import CkPlusDataset
from duchenne.datasets.adapters.base import class_of
from duchenne.datasets.clip import Found, files_in, kind_of
from duchenne.errors import DatasetError, Unusable, listed
from duchenne.media.numbered import number_of
from duchenne.media.regular import opened, walk

# In the order of the numbers in the label files, which begin at 1.
CLASSES = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
NEUTRAL = "neutral"  # an eighth class, optional: the set itself does not have it
_FOLDERS = re.compile(r"(?:.*/)?(?P<subject>S[0-9]+)/(?P<sequence>[0-9]+)/[^./][^/]*")
_CROP = re.compile(r"(?P<subject>S[0-9]+)_(?P<sequence>[0-9]+)_[0-9]+")
ENDING = "_emotion.txt"
_LONGEST = 1000  # bytes of a label file that are read
SHOWN = 50  # most names in a message
_NAMES = (*CLASSES, NEUTRAL)
SEQUENCES, SUBJECTS = 327, 118  # with a label, in the published set
_EXPECTED = (
    "pictures in <subject>/<sequence>/ with labels in <subject>/<sequence>/*_emotion.txt "
    "(cohn-kanade-images and Emotion, or images and labels), or pictures in folders named by class"
)


class Place(NamedTuple):
    """One sequence of one subject."""

    subject: str
    sequence: str

    def __str__(self) -> str:
        return f"{self.subject}/{self.sequence}"


def sequence_of(place: str) -> Place | None:
    """The sequence of a file, by its folders or else by its name; None if neither tells it."""
    match = _FOLDERS.fullmatch(place) or _CROP.fullmatch(PurePosixPath(place).stem)
    return Place(match["subject"], match["sequence"]) if match else None


def emotions_in(folder: Path) -> dict[Place, int]:
    """Class number, from 0, of each sequence with a label file."""
    found: dict[Place, list[tuple[str, int | None]]] = {}
    for path in walk(folder):
        file = path.relative_to(folder).as_posix()
        place = sequence_of(file) if file.endswith(ENDING) else None
        if place is not None:
            found.setdefault(place, []).append((file, _label(path)))
    files = [file for own in found.values() for file in own]
    broken = [file for file, label in files if label is None]
    if broken:
        raise DatasetError(f"{folder}: labels that are no number from 1 to 7: {listed(broken)}")
    twice = [" and ".join(file for file, _ in own) for own in found.values() if own[1:]]
    if twice:
        raise DatasetError(f"{folder}: two labels for one sequence: {listed(twice)}")
    return {place: label for place, [(_, label)] in found.items() if label is not None}


def _label(path: Path) -> int | None:
    try:
        with opened(path) as source:
            value = float(source.file.read(_LONGEST))
    except (Unusable, ValueError):
        return None
    return int(value) - 1 if value in range(1, len(CLASSES) + 1) else None


def _crops(folder: Path, *, neutral: bool) -> list[Found]:
    """All pictures in folders named by class; the class neutral only if `neutral`."""
    found, strange = [], []
    names: dict[str, list[str]] = {}
    for place in files_in(folder):
        path = PurePosixPath(place)
        if kind_of(place) != "image" or path.name.startswith("."):
            continue
        names.setdefault(path.stem, []).append(place)
        label, sequence = class_of(path.parent.name, _NAMES), sequence_of(place)
        if label is None or sequence is None:
            strange.append(place)
        elif neutral or _NAMES[label] != NEUTRAL:
            found.append(Found(place, sequence.subject, label, _NAMES[label]))
    _check(folder, strange, [" and ".join(places) for places in names.values() if places[1:]])
    return found


def _check(folder: Path, strange: Sequence[str], twice: Sequence[str]) -> None:
    problems = []
    if strange:
        problems.append(
            f"pictures that neither have a label file (*_emotion.txt) nor lie in a folder named by "
            f"their class ({', '.join(_NAMES)}) and are called like S005_001_00000011: "
            + listed(strange, shown=SHOWN)
        )
    if twice:
        problems.append(f"one picture in two places: {listed(twice, shown=SHOWN)}")
    if problems:
        raise DatasetError(f"{folder}: {'; '.join(problems)}")


def find(folder: Path, settings: CkPlusDataset) -> list[Found]:
    """The clips of the set.

    With label files: the last `settings.peaks` pictures of each labelled sequence and, with
    `settings.neutral`, its first one as neutral. Without: all pictures in folders named by class.
    """
    emotions = emotions_in(folder)
    if not emotions:
        crops = _crops(folder, neutral=settings.neutral)
        if not crops:
            raise DatasetError(f"{folder}: no CK+ is there; expected {_EXPECTED}")
        return crops
    sequences = _sequences(folder)
    missing = [str(place) for place in sorted(emotions) if place not in sequences]
    if missing:
        raise DatasetError(f"{folder}: labels of sequences without pictures: {listed(missing)}")
    return [
        clip
        for place, label in sorted(emotions.items())
        for clip in _clips(place, sequences[place], label, settings)
    ]


def notes(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """Numbers of sequences with and without a label, and differences from the published set."""
    known = {sequence_of(clip.place) for clip in found}
    remarks = []
    if len(known) != SEQUENCES:
        remarks.append(f"{len(known)} labelled sequences, and {SEQUENCES} are published")
    people = len({clip.subject for clip in found})
    if people != SUBJECTS:
        remarks.append(f"{people} subjects, and {SUBJECTS} are published")
    return {
        "sequences": len(known),
        "sequences_without_label": len(set(_sequences(folder)) - known),
        "remarks": remarks,
    }


def _clips(
    place: Place, pictures: Sequence[str], label: int, settings: CkPlusDataset
) -> Iterator[Found]:
    peaks = pictures[-settings.peaks :]
    if settings.neutral and pictures[0] not in peaks:
        yield Found(pictures[0], place.subject, len(CLASSES), NEUTRAL)
    for picture in peaks:
        yield Found(picture, place.subject, label, CLASSES[label])


def _sequences(folder: Path) -> dict[Place, list[str]]:
    """The pictures of each sequence, sorted by number; hidden files are left out."""
    found: dict[Place, dict[int, list[str]]] = {}
    for picture in files_in(folder):
        number = number_of(PurePosixPath(picture).name)
        place = sequence_of(picture)
        if kind_of(picture) == "image" and number is not None and place is not None:
            found.setdefault(place, {}).setdefault(number, []).append(picture)
    twice = [" and ".join(same) for own in found.values() for same in own.values() if same[1:]]
    if twice:
        raise DatasetError(f"{folder}: pictures of one sequence with one number: {listed(twice)}")
    return {
        place: [picture for _, [picture] in sorted(own.items())] for place, own in found.items()
    }
