"""DVC's settings, cache and outs of a workspace."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duchenne.config.yaml import read_yaml
from duchenne.errors import StageError

DIRECTORY = ".dir"  # suffix of the object that lists a folder's files
_NOT_SET = 251  # dvc's exit code for a setting that nobody has made


@dataclass(frozen=True)
class Out:
    """A file or folder that DVC tracks, and the md5 that names its object in the cache."""

    path: str
    md5: str


def here() -> Path:
    """The current folder; StageError where it is not a project."""
    if not Path("dvc.yaml").is_file():
        raise StageError(f"there is no dvc.yaml here, in {Path.cwd()}; go to the project's folder")
    return Path.cwd()


def is_project(root: Path) -> bool:
    return (root / ".dvc" / "config").is_file()


def cache_folder(root: Path) -> Path:
    """The folder of DVC's cache, which holds all versions of all outs."""
    return Path(_ask(root, "cache", "dir") or root / ".dvc" / "cache")


def setting(root: Path, name: str) -> str | None:
    """A value of `dvc config`; None where it is not set."""
    return _ask(root, "config", name)


def outs(root: Path) -> list[Out]:
    """The outs that dvc.lock and the .dvc files of the workspace name."""
    files = [*_lock(root), *_dvc_files(root)]
    return [Out(out["path"], out["md5"]) for out in files if out.get("md5")]


def listing(path: Path) -> set[str]:
    """The md5 of each file in a folder's list; none where the list cannot be read."""
    try:
        return {entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def object_name(path: Path) -> str:
    """The md5 of an object in the cache: files/md5/ab/cdef… → abcdef…"""
    return path.parent.name + path.name


def object_file(cache: Path, md5: str) -> Path:
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def _lock(root: Path) -> Iterator[dict[str, Any]]:
    if (root / "dvc.lock").exists():
        for stage in read_yaml(root / "dvc.lock").get("stages", {}).values():
            yield from stage.get("outs", [])


def _dvc_files(root: Path) -> Iterator[dict[str, Any]]:
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(".dvc"):
                yield from read_yaml(Path(place, name)).get("outs", [])


def _ask(root: Path, *words: str) -> str | None:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _NOT_SET:
        return None
    if done.returncode:
        says = " ".join(done.stderr.split())
        raise StageError(f"`dvc {' '.join(words)}` fails: {says}")
    return done.stdout.strip()


def advice(data: Path, root: Path) -> str | None:
    """What to do about a data set that DVC neither tracks nor makes; None if there is nothing."""
    if data.name == "demo" or data.with_name(f"{data.name}.dvc").exists():
        return None
    place = data.relative_to(root)
    return (
        f"{place} is not tracked, so queued and temporary experiments will not find it; "
        f"`dvc add {place}` tracks it"
    )
