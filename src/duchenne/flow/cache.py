"""The unit cache: finished units by content, outside any workspace, shared by all of them.

An entry is a folder named by its key: `entry.json` with the verdict and the digest of the result,
and the result itself, a file or a folder. Entries appear whole, by one rename, and are read-only.
"""

import json
import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from duchenne.errors import EngineError
from duchenne.files import settle, write_json
from duchenne.flow.unit import Outcome, digest

RESULT = "result"


@dataclass(frozen=True)
class Entry:
    """A finished unit: what came of it, and its files by their place below `folder`."""

    folder: Path
    outcome: Outcome
    files: dict[str, str]  # relative place -> sha256

    def place(self, destination: Path) -> None:
        """Link the result to its destination (a copy where links cannot be made)."""
        for name in self.files:
            target = destination / Path(name).relative_to(RESULT)  # a lone file: `destination / .`
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            _link(self.folder / name, target)


@dataclass(frozen=True)
class UnitCache:
    root: Path

    def folder(self, stage: str, key: str) -> Path:
        return self.root / "units" / stage / key[:2] / key

    def find(self, stage: str, key: str, *, fresh: bool = False) -> Entry | None:
        """The entry under a key. One that is damaged is removed, so that it is computed again.

        A `fresh` one, whose digests a worker has just taken, is not read once more.
        """
        folder = self.folder(stage, key)
        if not folder.is_dir():
            return None
        try:
            entry = _read(folder)
            sound = fresh or all(digest(folder / name) == d for name, d in entry.files.items())
        except (OSError, ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            remove(folder)
            return None
        with suppress(OSError):
            os.utime(folder)  # prune goes by the time of last use
        return entry

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A private folder to work in; gone afterwards unless it has become an entry."""
        prefix = f"{socket.gethostname()}={os.getpid()}="
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=self._made(self.root / "parts")))
        try:
            yield folder
        finally:
            remove(folder)

    def keep(self, stage: str, key: str, staged: Path, outcome: Outcome) -> None:
        """Turn a staging folder into the entry under a key."""
        if outcome.status == "failed":
            _discard(staged / RESULT)
        found = _files(staged / RESULT)
        files = {path.relative_to(staged).as_posix(): digest(path) for path in found}
        write_json(staged / "entry.json", {"outcome": asdict(outcome), "files": files})
        for path in [*found, staged / "entry.json"]:
            path.chmod(0o444)
        staged.chmod(self._mode())  # temporary folders are private; a cache may be a group's
        folder = self.folder(stage, key)
        self._made(folder.parent)
        try:
            staged.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was quicker with the same result
                raise

    def unfinished(self, stage: str, key: str) -> Path:
        """A folder for what an unfinished unit has done so far; it outlives a killed process."""
        return self._made(self.root / "unfinished" / stage / key)

    def forget_unfinished(self, stage: str, key: str) -> None:
        remove(self.root / "unfinished" / stage / key)

    def prepare(self) -> None:
        """Make sure that the cache can be used, and remove what killed runs have left."""
        try:
            with self.staging():
                pass
        except OSError as error:
            raise EngineError(
                f"the unit cache {self.root} cannot be written ({error.strerror}); set "
                "DUCHENNE_CACHE to a folder of yours, or let its owner share it (chmod g+rwxs)"
            ) from None
        self.sweep()

    def _mode(self) -> int:
        """Whoever may use the root may use what lies in it."""
        return stat.S_IMODE(self.root.stat().st_mode)

    def _made(self, folder: Path) -> Path:
        """The folder, made where it is missing, with the root's permissions."""
        if not folder.is_dir():
            if folder == self.root:
                folder.mkdir(parents=True, exist_ok=True)
            else:
                self._made(folder.parent)
                folder.mkdir(exist_ok=True)
                folder.chmod(self._mode())
        return folder

    def sweep(self) -> None:
        """Remove what killed runs of this machine left half-made."""
        for folder in (self.root / "parts").glob(f"{socket.gethostname()}=*=*"):
            if not _alive(int(folder.name.split("=")[1])):
                remove(folder)

    def entries(self) -> Iterator[tuple[str, Path]]:
        """Every entry, as (stage, folder)."""
        for record in sorted((self.root / "units").glob("*/*/*/entry.json")):
            yield record.parents[2].name, record.parent


@dataclass(frozen=True)
class Share:
    """What one stage keeps in the cache."""

    stage: str
    units: int
    bytes: int
    last_used: float  # seconds since the epoch


def shares(cache: UnitCache) -> list[Share]:
    """What each stage keeps in the cache, by name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for stage, folder in cache.entries():
        found.setdefault(stage, []).append((_size(folder), _last_used(folder)))
    return [
        Share(stage, len(rows), sum(size for size, _ in rows), max(used for _, used in rows))
        for stage, rows in sorted(found.items())
    ]


def prune(cache: UnitCache, *, unused_days: float) -> tuple[int, int]:
    """Remove entries not used for so many days; how many units and bytes that were."""
    cache.sweep()
    before = time.time() - unused_days * 86_400
    for folder in (cache.root / "unfinished").glob("*/*"):
        if _last_used(folder) <= before:
            remove(folder)
    old = [folder for _, folder in cache.entries() if _last_used(folder) <= before]
    freed = sum(_size(folder) for folder in old)
    for folder in old:
        remove(folder)
    return len(old), freed


def remove(folder: Path) -> None:
    """Delete a folder of read-only files, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def _discard(result: Path) -> None:
    """Drop what a failed unit has written."""
    if result.is_dir():
        remove(result)
    result.unlink(missing_ok=True)


def _files(place: Path) -> list[Path]:
    """The file at a place, or every file below it."""
    return [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())


def _read(folder: Path) -> Entry:
    record = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    return Entry(folder, Outcome(**record["outcome"]), dict(record["files"]))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        shutil.copyfile(source, part)
        settle(part, target)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _last_used(folder: Path) -> float:
    return folder.stat().st_mtime


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
