"""The unit cache: finished units by content, outside any workspace, shared by all of them.

An entry is a folder named by its key. It holds `entry.json`, with the outcome and the digests of
the result's files, and the result itself, a file or a folder. An entry appears by one rename, so it
is always complete; its files are read-only.
"""

import logging
import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from duchenne.errors import EngineError
from duchenne.flow import entry
from duchenne.flow.entry import CLOCK, RESULT, Entry
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Outcome
from duchenne.tables.files import write_json

Clock = dict[str, float]  # seconds by what took them; `unit`: all of it
_CLOCK = TypeAdapter(Clock)

log = logging.getLogger("duchenne")


@dataclass(frozen=True)
class UnitCache:
    root: Path
    owners: frozenset[int] = field(
        default_factory=Settings().owners
    )  # user ids whose entries are used

    def folder(self, stage: str, key: str) -> Path:
        return self.root / "units" / stage / key[:2] / key

    def find(
        self,
        stage: str,
        key: str,
        *,
        fresh: bool = False,
        remark: Callable[[str], object] = log.warning,
    ) -> Entry | None:
        """The entry under a key, or None. An entry that may not be used is removed, so that the
        unit is computed again, and `remark` gets the reason.

        The files of a `fresh` entry are not verified: a worker has just taken their digests.
        """
        folder = self.folder(stage, key)
        if not os.path.lexists(folder):
            return None
        try:
            found = entry.read(folder, stage=stage, key=key, owners=self.owners)
            if not fresh:
                found.verify()
        except (OSError, ValueError) as error:
            remark(f"{stage}/{key[:12]}: {self._evict(folder, error)}")
            return None
        with suppress(OSError):
            os.utime(folder)  # `prune` reads the time of last use
        return found

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
        """Turn a staging folder into the entry under a key, with the outcome's clock beside it."""
        if outcome.clock:
            write_json(staged / CLOCK, dict(outcome.clock))
        if outcome.status == "failed":
            remove(staged / RESULT)
        entry.write(staged, stage=stage, key=key, outcome=outcome)
        for made in (staged, *filter(Path.is_dir, staged.rglob("*"))):
            made.chmod(self._mode())  # temporary folders are private; a cache may be a group's
        folder = self.folder(stage, key)
        self._made(folder.parent)
        try:
            staged.rename(folder)
        except OSError:
            if self.find(stage, key) is None:  # else another run has just kept the same result
                staged.rename(folder)

    def unfinished(self, stage: str, key: str) -> Path:
        """A folder for what an unfinished unit has done so far; it outlives a killed process."""
        folder = self.root / "unfinished" / stage / key
        try:
            self._vouch_all(folder)
        except (OSError, ValueError) as error:
            log.warning("unfinished %s/%s: %s", stage, key[:12], self._evict(folder, error))
        return self._made(folder)

    def _vouch_all(self, folder: Path) -> None:
        """Raise ValueError where anything in a folder may not be used."""
        if os.path.lexists(folder):
            entry.vouch(folder, stat.S_ISDIR, self.owners)
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # another process may be working there
                entry.vouch(path, _is_plain, self.owners)

    def forget_unfinished(self, stage: str, key: str) -> None:
        remove(self.root / "unfinished" / stage / key)

    def prepare(self) -> None:
        """Check that the cache can be used, and remove what killed runs have left."""
        try:
            with self.staging() as made:
                uid = made.lstat().st_uid
        except OSError as error:
            raise EngineError(
                f"the unit cache {self.root} cannot be written ({error.strerror}); set "
                "DUCHENNE_CACHE to a folder of yours, or let its owner share it (chmod g+rwxs)"
            ) from None
        if uid not in self.owners:
            raise EngineError(
                f"what you write to the unit cache {self.root} belongs to {entry.owner(uid)}, as on"
                " some network drives; set DUCHENNE_CACHE to a folder on another disk, or add that "
                "user to cache_owners in engine.yaml"
            )
        self.sweep()

    def _evict(self, folder: Path, error: OSError | ValueError) -> str:
        """Remove an entry that may not be used, or move it aside; return the reason as text."""
        why = str(error)
        if isinstance(error, OSError):
            why = f"{Path(error.filename or '').name[:12]}: {error.strerror}"
        remove(folder)
        if os.path.lexists(folder):
            try:
                folder.rename(folder.with_name(f"{folder.name}.{os.urandom(4).hex()}"))
            except FileNotFoundError:
                pass
            except OSError as refusal:
                raise EngineError(
                    f"{folder.relative_to(self.root)} in the unit cache cannot be used ({why}), "
                    f"nor moved aside ({refusal.strerror}); have its owner remove it, or set "
                    "DUCHENNE_CACHE to a folder of yours"
                ) from None
        return why

    def _mode(self) -> int:
        """The permissions of the root, which all folders in it get."""
        return stat.S_IMODE(self.root.stat().st_mode)

    def _made(self, folder: Path) -> Path:
        """The folder; where it is missing, it is made with the root's permissions."""
        if not folder.is_dir():
            if folder == self.root:
                folder.mkdir(parents=True, exist_ok=True)
            else:
                self._made(folder.parent)
                folder.mkdir(exist_ok=True)
                folder.chmod(self._mode())
        return folder

    def sweep(self) -> None:
        """Remove the staging folders of killed runs on this machine."""
        for folder in (self.root / "parts").glob(f"{socket.gethostname()}=*=*"):
            if not _alive(folder.name.split("=")[1]):
                remove(folder)

    def entries(self) -> Iterator[tuple[str, Path]]:
        """Every entry, as (stage, folder)."""
        for record in sorted((self.root / "units").glob("*/*/*/entry.json")):
            yield record.parents[2].name, record.parent


def clocks(cache: UnitCache, stage: str, digests: Mapping[str, str]) -> dict[str, Clock]:
    """The clocks of a stage's units by name; `digests` are the sha256 of one file of each result.
    Units that were computed elsewhere, or are gone from the cache, are left out."""
    names = {sha256: name for name, sha256 in digests.items()}
    found: dict[str, Clock] = {}
    for of, folder in cache.entries():
        if of != stage or not (folder / CLOCK).is_file():
            continue
        with suppress(OSError, ValueError):
            files = entry.read(folder, stage=of, key=folder.name, owners=cache.owners).files
            entry.vouch(folder / CLOCK, stat.S_ISREG, cache.owners)
            clock = _CLOCK.validate_json((folder / CLOCK).read_bytes())
            found |= {names[sha256]: clock for sha256 in files.values() if sha256 in names}
    return found


@dataclass(frozen=True)
class StageUsage:
    """What one stage keeps in the cache."""

    stage: str
    units: int
    bytes: int
    last_used: float  # seconds since the epoch


def usage(cache: UnitCache) -> list[StageUsage]:
    """What each stage keeps in the cache, by name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for stage, folder in cache.entries():
        found.setdefault(stage, []).append((_size(folder), _last_used(folder)))
    return [
        StageUsage(stage, len(rows), sum(size for size, _ in rows), max(used for _, used in rows))
        for stage, rows in sorted(found.items())
    ]


def prune(cache: UnitCache, *, unused_days: float) -> tuple[int, int]:
    """Remove entries not used for so many days; return the number of units and of bytes."""
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


def remove(place: Path) -> None:
    """Delete a file, a folder of read-only files, or a link (not its target)."""
    shutil.rmtree(place, ignore_errors=True)
    with suppress(OSError):
        place.unlink()


def _is_plain(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in entry.files(folder))


def _last_used(folder: Path) -> float:
    return folder.lstat().st_mtime


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError, OverflowError):  # the last two: not a name that we gave
        return True
    return True
