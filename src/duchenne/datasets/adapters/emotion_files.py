"""The owner's label files of CK+: one number from 1 to 7 for a sequence, written like 3.0000e+00.

Every file that does not hold such a number is named at once.
"""

from pathlib import Path

from duchenne.datasets.adapters.ckplus_names import CLASSES, Place, sequence_of
from duchenne.errors import DatasetError, Unusable, listed
from duchenne.media.regular import opened, walk

ENDING = "_emotion.txt"

_LONGEST = 1000  # bytes


def emotions_in(folder: Path) -> dict[Place, int]:
    """The class of each sequence that has a label file, from 0."""
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
