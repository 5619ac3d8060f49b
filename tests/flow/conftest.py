"""What tests of the unit cache need: a second user, and records that are forged well."""

import hashlib
import json
import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NOBODY = pwd.getpwnam("nobody").pw_uid

Give = Callable[[Path], None]
Record = dict[str, Any]


def seal(record: Record) -> Record:
    """The record with the digest that anybody can make."""
    said = {name: value for name, value in record.items() if name != "digest"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return {**said, "digest": hashlib.sha256(text.encode()).hexdigest()}


@pytest.fixture
def give_away() -> Give:
    """Make a place another user's, of which workers too see whose it is; for root alone."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    return lambda path: os.chown(path, NOBODY, -1, follow_symlinks=False)


@pytest.fixture(params=["truly", "as it seems"])
def give(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Give:
    """The same, and once more by what `lstat` says, for tests that root does not run."""
    if request.param == "truly":
        found: Give = request.getfixturevalue("give_away")
        return found
    truly, given = Path.lstat, set()

    def lstat(path: Path) -> os.stat_result:
        seen = truly(path)
        uid = NOBODY if (seen.st_dev, seen.st_ino) in given else seen.st_uid
        return os.stat_result((*seen[:4], uid, *seen[5:]))

    monkeypatch.setattr(Path, "lstat", lstat)

    def give(path: Path) -> None:
        seen = truly(path)
        given.add((seen.st_dev, seen.st_ino))
        held = os.open(path, os.O_RDONLY)  # so that nothing else gets this number meanwhile
        request.addfinalizer(lambda: os.close(held))

    return give
