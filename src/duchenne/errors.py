"""Every mistake a user can mend, one class each, and the one that marks a file as unusable.

A DuchenneError ends a stage: its text is a single line that says what is wrong, where, and what to
do. An Unusable never ends anything: it becomes the status row of one unit, and the rest go on.
"""

import difflib
from collections.abc import Iterable


class DuchenneError(Exception):
    """Something the user can mend; the message says how."""


class ParamsError(DuchenneError):
    """params.yaml or engine.yaml holds an unknown key or a value that is not allowed."""


class DatasetError(DuchenneError):
    """The list of clips is wrong: duplicates, unlabelled clips, missing files."""


class FoldsError(DuchenneError):
    """A split that cannot be trusted, or not be made; the message names clips and subjects."""


class TableError(DuchenneError):
    """A Parquet file is not what its name promises."""


class StageError(DuchenneError):
    """A stage was started in a way it cannot work: undeclared path, missing input."""


class SourceError(DuchenneError):
    """The code that runs is not the code of this working folder, or nobody can read it."""


class BusyError(DuchenneError):
    """Another run holds this workspace."""


class EngineError(DuchenneError):
    """The cluster, the cache or the machine cannot do the work."""


class GateError(DuchenneError):
    """More units failed than `quality.max_failed` allows, or one by no fault of its own."""


class EvaluationError(DuchenneError):
    """Predictions cannot be scored, or a fold has seen its own test subjects."""


class TrainingError(DuchenneError):
    """A network cannot be trained on these clips with these settings."""


class Unusable(Exception):
    """One unit's input cannot be used. `reason` is a short code, `detail` a sentence for people.

    `lasting` is False where trying again may succeed (permissions, memory): such a verdict is
    written into the status table but never kept in the unit cache.
    """

    def __init__(self, reason: str, detail: str = "", *, lasting: bool = True) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.lasting = lasting

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.detail, self.lasting)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def _rebuild(reason: str, detail: str, lasting: bool) -> Unusable:
    return Unusable(reason, detail, lasting=lasting)


def suggest(word: str, allowed: Iterable[str]) -> str:
    """`"did you mean 'fusion'? Allowed: dataset, fusion, …"`, for the end of an error message."""
    names = sorted(allowed)
    close = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}Allowed: {', '.join(names)}."


def listed(names: Iterable[str], *, shown: int = 5) -> str:
    """`"a, b, c, d, e and 7 more"`: in order, each name once, for an error message."""
    every = sorted(set(names))
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return ", ".join(every[:shown]) + more
