"""What every data set offers: a way to find its clips, and what its paper says it holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duchenne.datasets import people
from duchenne.datasets.clip import Found

# The set's folder and its settings (a subclass of OfDataset, each adapter's own) → clips.
Find = Callable[[Path, Any], list[Found]]
# The folder and what was found there → what else data/reports/dataset.json says of the set; its
# `remarks` are sentences that are logged as well.
Notes = Callable[[Path, Sequence[Found]], Mapping[str, Any]]


@dataclass(frozen=True)
class Counts:
    """How many clips of each class, by the class's name, and how many people are published."""

    classes: Mapping[str, int]
    subjects: int | None


def nothing(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """Of most sets there is nothing else to say."""
    return {}


@dataclass(frozen=True)
class Adapter:
    find: Find
    published: Counts | None = None
    # Clips that must be absent by the set's own numbering, where it has one.
    missing: Callable[[Sequence[Found]], list[str]] | None = None
    notes: Notes = nothing
    written: people.Written = str  # how the set writes a subject that subjects.csv lists

    def clips(self, folder: Path, settings: Any) -> list[Found]:
        """What `find` finds, with each subject in one spelling and with its groups."""
        return people.known(folder, self.find(folder, settings), self.written)

    def report(self, folder: Path, found: Sequence[Found]) -> dict[str, Any]:
        """The notes on its people and those of its own; `remarks` has the sentences of both."""
        parts = [people.notes(folder, found, self.written), self.notes(folder, found)]
        remarks = [remark for part in parts for remark in part.get("remarks", ())]
        return {**parts[0], **parts[1], **({"remarks": remarks} if remarks else {})}
