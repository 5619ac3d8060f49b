"""The crops of CK+ that go around: pictures of 48 × 48 px in folders named by class."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from duchenne.datasets.adapters.ckplus_names import CLASSES, NEUTRAL, sequence_of
from duchenne.datasets.adapters.emotions import class_of
from duchenne.datasets.clip import Found, files_in, kind_of
from duchenne.errors import DatasetError, listed

SHOWN = 50  # names in a message; a set that is wrong throughout has thousands

_NAMES = (*CLASSES, NEUTRAL)


def find(folder: Path, *, neutral: bool) -> list[Found]:
    """Every picture; those of the class neutral where they are asked for."""
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
