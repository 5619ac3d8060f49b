"""CK+ (the Extended Cohn-Kanade set): the peaks of posed expressions, as pictures.

A sequence begins with a face at rest and ends at the peak, so its last pictures show its class.
Every picture is a clip of its own under the subject of its sequence, which no fold can part.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from duchenne.config.datasets import CkPlusDataset
from duchenne.datasets.adapters import ckplus_crops
from duchenne.datasets.adapters.ckplus_names import CLASSES, NEUTRAL, Place, sequence_of
from duchenne.datasets.adapters.emotion_files import emotions_in
from duchenne.datasets.clip import Found, files_in, kind_of
from duchenne.errors import DatasetError, listed
from duchenne.media.numbered import number_of

SEQUENCES, SUBJECTS = 327, 118  # of the published set that have a label

_EXPECTED = (
    "pictures in <subject>/<sequence>/ with labels in <subject>/<sequence>/*_emotion.txt "
    "(cohn-kanade-images and Emotion, or images and labels), or pictures in folders named by class"
)


def find(folder: Path, settings: CkPlusDataset) -> list[Found]:
    """The last pictures of every sequence that has a label, and its first one as neutral where
    the settings ask for it; or all crops in folders named by class."""
    emotions = emotions_in(folder)
    if not emotions:
        crops = ckplus_crops.find(folder, neutral=settings.neutral)
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
    """How many sequences there are, have no label, and are published."""
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
    """The pictures of each sequence in the order of their numbers; hidden files are none."""
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
