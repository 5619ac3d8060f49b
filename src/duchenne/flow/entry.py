"""An entry of the unit cache: a finished unit in a folder of its own.

`entry.json` holds the stage, the key, the outcome, the digest of each file, and a digest of all
that; `clock.json`, which is no part of the result, how many seconds it took since its last start.
Digests show damage and mix-ups, but not malice, since anybody can compute them: so an entry and all
that is in it must belong to a trusted owner.
"""

import hashlib
import json
import os
import pwd
import shutil
import stat
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from duchenne.config.yaml import Section
from duchenne.flow.unit import Outcome, digest
from duchenne.tables.files import settle, write_json

RESULT = "result"
RECORD = "entry.json"
CLOCK = "clock.json"

_LARGEST = 16_000_000  # bytes of a record; each file takes about 150


@dataclass(frozen=True)
class Entry:
    """A finished unit: its outcome, and its files by their path below `folder`."""

    folder: Path
    outcome: Outcome
    files: dict[str, str]  # relative path -> sha256

    def verify(self) -> None:
        """Raise ValueError where a file has another digest than when it was kept."""
        for name, sha256 in self.files.items():
            if digest(self.folder / name) != sha256:
                raise ValueError(f"the content of {name} is damaged")

    def place(self, destination: Path) -> None:
        """Link the result to its destination (a copy where links cannot be made)."""
        targets = {name: destination.joinpath(*_below(name)) for name in self.files}
        for name, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            _link(self.folder / name, target)


def write(folder: Path, *, stage: str, key: str, outcome: Outcome) -> None:
    """Turn a folder that holds a result into an entry; all files become read-only."""
    found = files(folder / RESULT)
    digests = {path.relative_to(folder).as_posix(): digest(path) for path in found}
    ended = {name: value for name, value in asdict(outcome).items() if name != "clock"}
    record = {"stage": stage, "key": key, "outcome": ended, "files": digests or None}
    write_json(folder / RECORD, {**record, "digest": _seal(record)})
    for path in [*found, folder / RECORD]:
        path.chmod(0o444)


def read(folder: Path, *, stage: str, key: str, owners: Collection[int]) -> Entry:
    """The entry in a folder; OSError or ValueError says why it may not be used. `verify` then
    compares the content of its files with their digests."""
    vouch(folder, stat.S_ISDIR, owners)
    record = _record(folder / RECORD, vouch(folder / RECORD, stat.S_ISREG, owners))
    if (record.stage, record.key) != (stage, key):
        raise ValueError(f"{RECORD} is that of {record.stage}/{record.key[:12]}")
    names = record.files or {}
    for above in {above for name in names for above in PurePosixPath(name).parents[:-1]}:
        vouch(folder / above, stat.S_ISDIR, owners)
    for name in names:
        vouch(folder / name, stat.S_ISREG, owners)
    return Entry(folder, record.outcome, names)


def vouch(place: Path, kind: Callable[[int], bool], owners: Collection[int]) -> int:
    """The size of a file or folder; ValueError where its owner is not trusted or its kind wrong."""
    seen = place.lstat()
    if seen.st_uid not in owners:
        whom = f"{owner(seen.st_uid)}, whom cache_owners in engine.yaml does not name"
        raise ValueError(f"{place.name[:12]} belongs to {whom}")
    if not kind(seen.st_mode):
        raise ValueError(f"{place.name[:12]} is a link, or else not what it should be")
    return seen.st_size


def owner(uid: int) -> str:
    """The name of a user, or `user <uid>` where this machine knows no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def files(place: Path) -> list[Path]:
    """The file at a path, or all files below it."""
    return [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())


def _below(name: str) -> list[str]:
    """The parts of a file's path below `result`; ValueError where it could lead out of there."""
    first, *parts = name.split("/")
    if first != RESULT or {"", ".", ".."} & set(parts) or {"\\", "\0"} & set(name):
        raise ValueError(f"{name!r} is no place below {RESULT}")
    return parts


def _named(name: str) -> str:
    _below(name)
    return name


_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, AfterValidator(_named)]


class _Record(Section):
    """entry.json."""

    stage: str
    key: str
    outcome: Outcome
    files: Annotated[dict[_Name, _Sha256], Field(min_length=1)] | None  # None: it wrote nothing
    digest: _Sha256

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.digest != _seal(self.model_dump(exclude={"digest": True, "outcome": {"clock"}})):
            raise ValueError("its digest is that of another record")
        if not self.outcome.lasting or (self.outcome.status == "failed" and self.files):
            raise ValueError("no such outcome is kept")
        return self


def _record(path: Path, size: int) -> _Record:
    if size > _LARGEST:
        raise ValueError(f"{RECORD} is larger than a record can be")
    try:
        return _Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"]) or "as a whole"
        raise ValueError(
            f"{RECORD} is damaged, or of another version ({where}: {problem['msg']})"
        ) from None


def _seal(record: dict[str, Any]) -> str:
    """The sha256 of a record's other fields."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        shutil.copyfile(source, part)
        settle(part, target)
