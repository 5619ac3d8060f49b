import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from duchenne.errors import Unusable
from duchenne.media import regular
from duchenne.media.regular import check_regular, opened, sha256_of

NOBODY = 65534


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_file_inside_file(path: Path) -> None:
    path.parent.touch()


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "missing"),
    "no folder": (make_file_inside_file, "missing"),
    "empty": (Path.touch, "empty_file"),
    "folder": (Path.mkdir, "not_a_file"),
    "pipe": (make_pipe, "not_a_file"),
    "socket": (make_socket, "not_a_file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "not_a_file"),
    "broken link": (lambda path: path.symlink_to("nowhere.mp4"), "broken_link"),
    "link to itself": (make_loop, "broken_link"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_regular_file(name, tmp_path, monkeypatch):
    make, reason = CASES[name]
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    path = Path("inside", "x") if name == "no folder" else Path("x")
    make(path)
    for look in (check_regular, lambda path: opened(path).__enter__()):
        with pytest.raises(Unusable) as caught:
            look(path)
        assert caught.value.reason == reason
        assert caught.value.detail
        assert not caught.value.lasting, "a place is mended easily"


def test_a_link_to_a_file_is_fine(tmp_path):
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    with opened(tmp_path / "link") as source:
        assert source.file.read() == b"x"


def test_a_pipe_that_takes_the_place_of_a_checked_file_does_not_hang(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "x")
    monkeypatch.setattr(regular, "check_regular", lambda path: None)
    with pytest.raises(Unusable, match="named pipe"), opened(tmp_path / "x"):
        pass


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may read everything, so be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_permissions_may_be_mended(locked):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "x"
        path.write_bytes(b"x")
        folder.chmod(0o000 if locked == "folder" else 0o755)
        path.chmod(0o000) if locked == "file" else None
        with ordinary_user(), pytest.raises(Unusable) as caught, opened(path):
            pass
    assert caught.value.reason == "unreadable"
    assert not caught.value.lasting


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def touch(path: Path) -> None:
    os.utime(path, ns=(0, 1))


@pytest.mark.parametrize("change", [append, replace, touch, Path.unlink])
def test_a_file_that_changes_while_it_is_read(change, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"x")
    with pytest.raises(Unusable) as caught, opened(path):
        change(path)
    assert caught.value.reason == "changed"
    assert not caught.value.lasting


def test_a_change_outranks_the_damage_it_did(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"x")
    with pytest.raises(Unusable, match="changed"), opened(path):
        append(path)
        raise Unusable("not_a_video")


def test_other_errors_pass_through(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"x")
    with pytest.raises(ZeroDivisionError), opened(path):
        append(path)
        raise ZeroDivisionError


def test_the_file_that_is_given_out_has_the_digest_that_was_asked_for(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"content")
    with opened(path, sha256=sha256_of(path)) as source:
        assert source.file.read() == b"content", "from the start"
    with (
        pytest.raises(Unusable, match=r"changed: .* not the one whose digest was taken"),
        opened(path, sha256="0" * 64),
    ):
        pass
