"""The interface of an adapter, and what adapters of expression sets share: words for emotions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duchenne.datasets import people
from duchenne.datasets.clip import Found

# The set's folder and its settings (a subclass of OfDataset, each adapter's own) → clips.
Find = Callable[[Path, Any], list[Found]]
# The folder and the clips → further entries of data/reports/dataset.json. The sentences under
# `remarks` are logged too.
Notes = Callable[[Path, Sequence[Found]], Mapping[str, Any]]


@dataclass(frozen=True)
class Counts:
    """Published numbers: of clips by class name, and of subjects (None if not published)."""

    classes: Mapping[str, int]
    subjects: int | None


def nothing(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """No further entries: the default."""
    return {}


@dataclass(frozen=True)
class Adapter:
    """What the pipeline needs to know of one data set."""

    find: Find
    published: Counts | None = None
    # Descriptions of missing clips, if the set numbers its clips.
    missing: Callable[[Sequence[Found]], list[str]] | None = None
    notes: Notes = nothing
    written: people.Written = str  # converts subjects of subjects.csv

    def clips(self, folder: Path, settings: Any) -> list[Found]:
        """The clips that `find` finds, with each subject in one spelling and with its groups."""
        return people.known(folder, self.find(folder, settings), self.written)

    def report(self, folder: Path, found: Sequence[Found]) -> dict[str, Any]:
        """The notes on subjects and the adapter's own notes; `remarks` are joined."""
        parts = [people.notes(folder, found, self.written), self.notes(folder, found)]
        remarks = [remark for part in parts for remark in part.get("remarks", ())]
        return {**parts[0], **parts[1], **({"remarks": remarks} if remarks else {})}


# Words for emotions, as folders and tables of expression sets spell them.
_EMOTIONS = {
    "anger": {"anger", "angry"},
    "contempt": {"contempt", "contemptuous"},
    "disgust": {"disgust", "disgusted"},
    "fear": {"fear", "fearful", "afraid"},
    "happiness": {"happiness", "happy"},
    "neutral": {"neutral"},
    "sadness": {"sadness", "sad"},
    "surprise": {"surprise", "surprised"},
}


def emotion_of(word: str) -> str | None:
    """The emotion that a word means, whatever its case; None for other words."""
    plain = word.casefold()
    return next((name for name, words in _EMOTIONS.items() if plain in words), None)


def class_of(word: str, classes: Sequence[str]) -> int | None:
    """Index in `classes`, themselves words for emotions, of the one that `word` means; or None."""
    meant = emotion_of(word)
    known = [emotion_of(name) for name in classes]
    return known.index(meant) if meant in known else None
