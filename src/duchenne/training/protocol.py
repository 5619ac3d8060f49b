"""Who does what in a fold: which clips the weights learn from, and which choose the epoch.

`nested` learns from the training clips, chooses the epoch by the validation clips and looks at the
test clips once, at the end. `published` repeats the papers: it learns from the validation clips
too, tests after every epoch and reports the best. Its figures are optimistic, and are marked so
wherever they are shown. `FITTED` is for models without epochs: they choose their settings on inner
folds, so nothing is left for the validation clips to choose, and they learn from them too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.errors import TrainingError
from duchenne.evaluation.length import WITHIN, matched

Numbers = npt.NDArray[np.int64]
ROLES = ("train", "val", "test")


@dataclass(frozen=True)
class Protocol:
    """What each role of a fold is used for."""

    learns: tuple[str, ...]  # the roles whose labels the weights see
    watched: str | None  # the role that chooses the epoch; None: there are no epochs
    monitor: str | None = None  # the score that chooses it; None: train.monitor of params.yaml

    @property
    def optimistic(self) -> bool:
        """Whether the clips that choose the epoch are those that the figures are of."""
        return self.watched == "test"

    @property
    def predicted(self) -> tuple[str, ...]:
        """The roles whose probabilities are kept: those that the weights do not learn from."""
        return tuple(role for role in ROLES if role not in self.learns)


PROTOCOLS: dict[Literal["nested", "published"], Protocol] = {
    "nested": Protocol(learns=("train",), watched="val"),
    "published": Protocol(learns=("train", "val"), watched="test", monitor="accuracy"),
}
FITTED = Protocol(learns=("train", "val"), watched=None)


class FoldSpec(NamedTuple):
    """What the unit of a fold says beside its files. Tuples are by clip, in the same order."""

    fold: str
    clips: tuple[str, ...]
    roles: tuple[str, ...]
    labels: tuple[int, ...]
    subjects: tuple[str, ...]
    classes: tuple[str, ...]  # names of the classes, by number
    each: bool = True  # whether every clip has a file of its own
    dmarkers: bool = False  # whether the last file is the table of D-Markers
    signals: bool = False  # whether it is the table of signals
    seconds: tuple[float | None, ...] = ()  # of clips; () unless they are matched in length


class Split(NamedTuple):
    """The clips of a fold by role. A clip's number is its place in the list of clips."""

    fold: str
    protocol: Protocol
    parts: Mapping[str, Numbers]  # by role
    subjects: tuple[str, ...]  # of the clips that the weights learn from, sorted
    classes: int

    @property
    def learns(self) -> Numbers:
        """The clips whose labels the weights see."""
        return np.concatenate([self.parts[role] for role in self.protocol.learns])

    @property
    def watched(self) -> Numbers:
        """The clips that choose the epoch; none where there are no epochs."""
        return self.parts.get(self.protocol.watched or "", np.zeros(0, np.int64))


def split(
    fold: str,
    names: Sequence[str],
    *,
    roles: Mapping[str, str],
    subjects: Mapping[str, str],
    classes: int,
    protocol: Protocol = PROTOCOLS["nested"],
) -> Split:
    """Number the clips `names`; `roles` and `subjects` are by name."""
    parts = {
        role: np.array([i for i, name in enumerate(names) if roles[name] == role], np.int64)
        for role in ROLES
    }
    whose = {subjects[name] for name in names if roles[name] in protocol.learns}
    return Split(fold, protocol, parts, tuple(sorted(whose)), classes)


def match_lengths(of: Split, spec: FoldSpec) -> Split:
    """The fold with only those clips to learn from that pair up, a posed one with a spontaneous one
    of equal length. Other roles stay as they are, above all the test clips."""
    if of.classes > 2:
        raise TrainingError(
            f"train.match: length pairs the clips of two classes, and this set has {of.classes}; "
            "set train.match: none"
        )
    numbers = of.learns
    seconds = np.array(spec.seconds, float)[numbers]  # None becomes NaN
    labels, names = np.array(spec.labels)[numbers], np.array(spec.clips)[numbers]
    for label, name in enumerate(spec.classes):
        if np.isnan(seconds[labels == label]).all():
            raise TrainingError(
                f"train.match: length finds no {name} training clip with a known length in fold "
                f"{of.fold}; set train.match: none"
            )
    chosen = numbers[matched(labels, seconds, names)]
    if not len(chosen):
        raise TrainingError(
            f"train.match: length finds no two training clips of both classes in fold {of.fold} "
            f"whose lengths differ by at most {WITHIN['']:.0%}; set train.match: none"
        )
    parts = {
        role: part[np.isin(part, chosen)] if role in of.protocol.learns else part
        for role, part in of.parts.items()
    }
    whose = {spec.subjects[number] for number in chosen}
    return of._replace(parts=parts, subjects=tuple(sorted(whose)))
