"""A unit of work, all that decides its result, and its outcome."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

Status = Literal["ok", "partial", "failed"]


@dataclass(frozen=True)
class Input:
    """A file that a unit reads, with its sha256 where that is known already."""

    path: Path
    sha256: str | None = None


@dataclass(frozen=True)
class Unit:
    """One clip or fold. `name` says where the result goes; `inputs` and `spec` decide the result.

    `spec` is what else the work must know: a mapping of plain values, or a frozen dataclass that
    `dataclasses.asdict` turns into one.
    """

    name: str
    inputs: tuple[Input, ...] = ()
    spec: Any = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """What decides all results of a stage, apart from the unit itself."""

    stage: str
    params: BaseModel | None
    code: str
    libraries: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...] = ()  # (name, sha256) of each file of weights
    writes: str = ""  # name and version of the table that results are
    sources: tuple[str, ...] = ()  # the files that `code` is the digest of

    def made_by(self) -> dict[str, Any]:
        """The metadata of a result. It holds no code digest, host or time: equal results must have
        equal bytes."""
        return {
            "stage": self.stage,
            "params": self._params(),
            "libraries": dict(self.libraries),
            "models": dict(self.models),
        }

    def key(self, unit: Unit, digests: tuple[str, ...]) -> str:
        """The name of a unit's result in the cache: equal keys mean equal results."""
        decides = {
            **self.made_by(),
            "code": self.code,
            "writes": self.writes,
            "inputs": digests,
            "spec": unit.spec,
        }
        text = json.dumps(decides, sort_keys=True, ensure_ascii=False, default=asdict)
        return hashlib.sha256(text.encode()).hexdigest()

    def _params(self) -> dict[str, Any]:
        return {} if self.params is None else self.params.model_dump(mode="json")


@dataclass(frozen=True)
class Outcome:
    """How a unit ended. `lasting` is False where another attempt may end differently. `clock` are
    times in s that the unit has taken of its parts; they are no part of its result."""

    status: Status = "ok"
    reason: str = ""
    detail: str = ""
    lasting: bool = True
    clock: Mapping[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class StatusRow:
    """A row of the status table: an outcome, the unit's name and the stage that it is of."""

    unit: str
    status: Status
    reason: str
    detail: str
    stage: str

    @property
    def failed(self) -> bool:
        return self.status == "failed"


def installed(*distributions: str) -> tuple[tuple[str, str], ...]:
    """The versions of the named distributions, as a recipe keeps them."""
    return tuple((name, version(name)) for name in sorted(distributions))


def digest(path: Path) -> str:
    """The sha256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
