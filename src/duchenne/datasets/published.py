"""Compare a data set with the numbers in its paper and with its published folds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from duchenne.datasets.adapters.base import Adapter, Counts
from duchenne.datasets.clip import Found
from duchenne.datasets.labels import Fold, label_of, problems
from duchenne.datasets.naming import LABELS_FOLDER
from duchenne.errors import DatasetError, listed


def compare(adapter: Adapter, clips: Sequence[Found], folds: Sequence[Fold]) -> dict[str, Any]:
    """The part of data/reports/dataset.json on published numbers and folds; may be empty.

    Missing clips are named if the folds list them or the set numbers its clips; else only the
    counts differ.
    """
    facts: dict[str, Any] = {}
    if adapter.published:
        said, seen = _flat(adapter.published), _flat(_counts(clips, adapter.published))
        facts["published"] = said
        facts["against_published"] = {k: seen[k] - said[k] for k in said if seen[k] != said[k]}
        facts["missing"] = adapter.missing(clips) if adapter.missing else []
    if folds:
        here, there = {clip.ident for clip in clips}, set(label_of(folds))
        facts["published_folds"] = len(folds)
        facts["missing"] = sorted(there - here)
        facts["not_in_labels"] = sorted(here - there)
        facts["problems_of_labels"] = problems(folds, clips)
    return facts


def check_scheme(
    scheme: str, clips: Sequence[Found], folds: Sequence[Fold], *, folder: Path
) -> None:
    """Refuse `folds.scheme: published` if there are no published folds, or invalid ones."""
    if scheme != "published":
        return
    place = folder / LABELS_FOLDER
    if not folds and not any(clip.fold for clip in clips):
        raise DatasetError(
            f"folds.scheme is published, and {place} holds no <fold>/train.json and test.json; put "
            "the published folds there, or choose another folds.scheme"
        )
    if found := problems(folds, clips):
        raise DatasetError(f"{place}: {'; '.join(found)}; mend it, or choose another folds.scheme")


def warnings(facts: Mapping[str, Any]) -> list[str]:
    """One sentence for each kind of difference in `facts`, with the first few names."""
    found = []
    if facts.get("against_published"):
        parts = [
            f"{facts['published'][name] + by} {name} instead of {facts['published'][name]}"
            for name, by in facts["against_published"].items()
        ]
        found.append(f"not the published set: {', '.join(parts)}")
    if facts.get("missing"):
        found.append(f"missing from the set: {listed(facts['missing'])}")
    if facts.get("not_in_labels"):
        found.append(
            f"clips that the published folds do not know: {listed(facts['not_in_labels'])}"
        )
    if facts.get("problems_of_labels"):
        wrong = "; ".join(facts["problems_of_labels"])
        found.append(f"the published folds cannot be trusted: {wrong}")
    return found


def _counts(clips: Sequence[Found], like: Counts) -> Counts:
    """Counts of the clips, with at least the classes of `like`."""
    classes = Counter(clip.label_name for clip in clips)
    every = {name: classes[name] for name in [*like.classes, *sorted(classes)]}
    return Counts(every, len({clip.subject for clip in clips}) if like.subjects else None)


def _flat(counts: Counts) -> dict[str, int]:
    """All counts by name: clips, each class, and subjects if known."""
    people = {} if counts.subjects is None else {"subjects": counts.subjects}
    return {"clips": sum(counts.classes.values()), **counts.classes, **people}
