"""The interface of an adapter: how to find the clips of a set, and its published numbers."""

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
