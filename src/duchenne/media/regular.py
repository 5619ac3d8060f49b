"""Open regular files only, wholly or a part of one, and notice if they change while being read.

A data folder may hold anything: opening a pipe without a writer would block a worker for ever, and
a broken link or a locked file needs a clear message. The checks on `stat` are repeated on the open
file, so that replacing the file between the two does no harm.

`fer2013.csv#120-8410` names an excerpt, bytes 120 up to 8410 of a file, as a clip of its own. So a
table of many thousand pictures need not be split into files, nor read as a whole for one of them.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

from duchenne.errors import Unusable

# O_NONBLOCK: opening a pipe that appeared after the check returns at once instead of blocking.
# Windows has neither of the first two flags; only Windows has the third.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_EXCERPT = re.compile(r"(?P<file>.+\.csv)#(?P<first>[0-9]+)-(?P<end>[0-9]+)", re.DOTALL)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Fingerprint:
    """Identity, size and date of a file, which stay the same unless it is written to."""

    device: int
    inode: int
    size: int
    modified: int  # ns

    @classmethod
    def of(cls, seen: os.stat_result) -> Self:
        return cls(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)


@dataclass(frozen=True)
class Source:
    """An open regular file and its fingerprint when it was opened."""

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
        """Raise `changed` if the open file, or the one now at its path, has changed."""
        try:
            now = {Fingerprint.of(os.fstat(self.file.fileno())), Fingerprint.of(self.path.stat())}
        except OSError as error:
            raise _changed(f"it can no longer be looked at ({error.strerror})") from error
        if now != {self.fingerprint}:
            raise _changed("its size, date or identity differs")


def check_regular(path: Path) -> None:
    """Raise Unusable unless `path` leads to a regular, non-empty file. The file is not opened."""
    try:
        seen = path.stat()
    except OSError as error:
        raise unreachable(path, error) from error
    _check(seen)


def walk(folder: Path) -> Iterator[Path]:
    """Every path below a folder that is no folder itself, and folders that may not be listed.

    Links are followed, hidden folders (.ipynb_checkpoints) are not. No file is opened.
    """
    seen: set[str] = set()
    locked: list[Path] = []
    note = lambda error: locked.append(Path(error.filename))  # noqa: E731
    for place, folders, files in os.walk(folder, followlinks=True, onerror=note):
        here = os.path.realpath(place)
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [] if here in seen else shown  # a link may lead back up
        if here not in seen:
            yield from (Path(place, name) for name in sorted(files))
        seen.add(here)
    yield from locked


@contextmanager
def opened(path: Path, *, sha256: str | None = None) -> Iterator[Source]:
    """The file at `path`, unbuffered. If it changed meanwhile, that is the error that is raised.

    With `sha256` the file is first read once, and must have that digest.
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
    """Digest of a regular file's content; raises Unusable if it cannot be read."""
    with opened(path) as source:
        return source.digest()


class Excerpt(NamedTuple):
    """Bytes `first` up to, and without, `end` of a file."""

    file: Path
    first: int
    end: int


def excerpt_of(path: Path) -> Excerpt | None:
    """The excerpt that a path names; None for a path of any other form."""
    match = _EXCERPT.fullmatch(str(path))
    return Excerpt(Path(match["file"]), int(match["first"]), int(match["end"])) if match else None


def read_excerpt(path: Path, *, most: int, sha256: str | None = None) -> bytes:
    """The bytes of an excerpt, at most `most`; raises `changed` unless their digest is `sha256`."""
    part = excerpt_of(path)
    if part is None:
        raise Unusable("not_an_excerpt", "this names no part of a file", lasting=False)
    if part.end - part.first > most:
        raise Unusable("too_large", f"{part.end - part.first} bytes; at most {most} are read")
    with opened(part.file) as source:
        source.file.seek(part.first)
        found = source.file.read(part.end - part.first)
    if sha256 is not None and hashlib.sha256(found).hexdigest() != sha256:
        detail = "these bytes of the file are not those whose digest was taken; run again"
        raise Unusable("changed", detail, lasting=False)
    return found


def _check(seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode):
        kind = _KINDS.get(stat.S_IFMT(seen.st_mode), "something else")
        raise _place("not_a_file", f"this is {kind}, not a regular file")
    if seen.st_size == 0:
        raise _place("empty_file", "the file has no bytes; copy it again")


def unreachable(path: Path, error: OSError) -> Unusable:
    """Why the system will not open a path."""
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
    """A fault of a file's place, not of its content: easily mended, so it is never cached."""
    return Unusable(reason, detail, lasting=False)
