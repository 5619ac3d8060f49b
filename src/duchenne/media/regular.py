"""Open nothing but a regular file, and notice when it changes under the reader.

A data folder may hold anything: a pipe that nobody writes to would hang a worker for ever, a
broken link or a locked file must say so. What a stat shows is checked again on the open file, so
that a swap between the two is harmless.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from duchenne.errors import Unusable

# O_NONBLOCK: opening a pipe that got here after the check returns at once instead of waiting.
# Windows knows neither of the first two, and nothing else knows the third.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Fingerprint:
    """What stays the same while nobody writes to a file."""

    device: int
    inode: int
    size: int
    modified: int  # ns

    @classmethod
    def of(cls, seen: os.stat_result) -> Self:
        return cls(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)


@dataclass(frozen=True)
class Source:
    """An open regular file and what it looked like when it was opened."""

    path: Path
    file: FileIO
    fingerprint: Fingerprint

    def digest(self) -> str:
        """The sha256 of the content; the file is back at its start afterwards."""
        self.file.seek(0)
        found = hashlib.file_digest(self.file, "sha256").hexdigest()
        self.file.seek(0)
        return found

    def check_unchanged(self) -> None:
        """Raise `changed` where the open file or the file now at its path is another one."""
        try:
            now = {Fingerprint.of(os.fstat(self.file.fileno())), Fingerprint.of(self.path.stat())}
        except OSError as error:
            raise _changed(f"it can no longer be looked at ({error.strerror})") from error
        if now != {self.fingerprint}:
            raise _changed("its size, date or identity differs")


def check_regular(path: Path) -> None:
    """Raise Unusable unless `path` leads to a regular file that is not empty; opens nothing."""
    try:
        seen = path.stat()
    except OSError as error:
        raise unreachable(path, error) from error
    _check(seen)


def walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder, through links; folders that may not be looked
    into are among it. Nothing is opened."""
    seen: set[str] = set()
    locked: list[Path] = []
    note = lambda error: locked.append(Path(error.filename))  # noqa: E731
    for place, folders, files in os.walk(folder, followlinks=True, onerror=note):
        here = os.path.realpath(place)
        folders[:] = [] if here in seen else sorted(folders)  # a link may lead back up
        if here not in seen:
            yield from (Path(place, name) for name in sorted(files))
        seen.add(here)
    yield from locked


@contextmanager
def opened(path: Path, *, sha256: str | None = None) -> Iterator[Source]:
    """The file at `path`, unbuffered; `changed` outranks what went wrong while it was changing.

    With `sha256` the file must have that content: it is read once before it is given out.
    """
    check_regular(path)
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise unreachable(path, error) from error
    with FileIO(descriptor) as file:
        seen = os.fstat(descriptor)
        _check(seen)
        source = Source(path, file, Fingerprint.of(seen))
        if sha256 is not None and source.digest() != sha256:
            raise _changed("it is not the one whose digest was taken")
        try:
            yield source
        except Unusable:
            source.check_unchanged()
            raise
        source.check_unchanged()


def sha256_of(path: Path) -> str:
    """Digest of a regular file's content; Unusable where it cannot be read."""
    with opened(path) as source:
        return source.digest()


def _check(seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode):
        kind = _KINDS.get(stat.S_IFMT(seen.st_mode), "something else")
        raise _place("not_a_file", f"this is {kind}, not a regular file")
    if seen.st_size == 0:
        raise _place("empty_file", "the file has no bytes; copy it again")


def unreachable(path: Path, error: OSError) -> Unusable:
    """The verdict on a path that the system will not open."""
    if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR) and path.is_symlink():
        return _place("broken_link", "the link leads nowhere; mend it or fetch what it names")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return _place("missing", "there is no such file")
    detail = f"the file may not be read ({error.strerror}); change its permissions"
    return _place("unreadable", detail)


def _changed(how: str) -> Unusable:
    detail = f"the file was changed while it was read: {how}; run again once it is complete"
    return _place("changed", detail)


def _place(reason: str, detail: str) -> Unusable:
    """A verdict on a file's place, not on its content: mended easily, so never kept."""
    return Unusable(reason, detail, lasting=False)
