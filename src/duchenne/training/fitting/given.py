"""Training clips as every fit takes them, and whether there is anything to fit."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from duchenne.training.fitting import columns
from duchenne.training.fitting.base import Array, Numbers
from duchenne.training.fitting.classes import Scored, shown
from duchenne.training.fitting.inner import Part, Scores, held_out, inner


class Given(NamedTuple):
    values: Array  # (C, M)
    codes: Numbers  # (C,) 0 to K - 1
    present: Numbers  # (K,) the label of each code
    parts: tuple[Part, ...]  # inner folds; empty where there can be none
    lacking: str  # why there are none
    empty: str  # why there is nothing to fit; empty where there is

    def held_out(self, scores: Scores) -> Array:
        return held_out(scores, self.values, self.codes, self.parts)

    def shapes(self, *, classes: int) -> dict[str, int]:
        """What every judge of these clips is made of."""
        return {
            "inputs": self.values.shape[1],
            "classes": classes,
            "present": len(self.present),
        }

    def grounds(self, scored: Scored | None) -> dict[str, Any]:
        """What the choice rests on: how the chosen did on inner folds, or why there were none."""
        if scored is None:
            return {"fallback": f"defaults: {self.lacking}"}
        return {"inner": {"folds": len(self.parts), **scored._asdict()}}


def take(values: Array, labels: Numbers, subjects: Sequence[str], *, seed: int) -> Given:
    present, codes = shown(labels)
    bare = Given(values, codes, present, (), "", "")
    if len(present) < 2:
        return bare._replace(empty="all clips are of one class")
    if not _vary(values):
        return bare._replace(empty="no column varies")
    parts, lacking = inner(codes, subjects, seed=seed)
    if not all(_vary(values[part.learns]) for part in parts):
        parts, lacking = (), "no column varies without the clips of some subjects"
    return bare._replace(parts=parts, lacking=lacking)


def _vary(values: Array) -> bool:
    return len(columns.fit(values).chosen) > 0
