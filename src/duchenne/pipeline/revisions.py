"""Runs that the repository knows: experiments, branches, tags and the workspace, and their files.

Files are read from git, DVC's cache or, at last, a remote; nothing is checked out.
"""

import fnmatch
import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from duchenne.errors import StageError, suggest
from duchenne.pipeline import dvc

WORKSPACE = "workspace"
_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag"}
_EXPERIMENTS = "refs/exps/"
_PARTS = 5  # refs/exps/<two digits>/<the other 38>/<name>; others are DVC's own


class Revision(NamedTuple):
    name: str
    kind: str  # experiment, branch, tag, commit or workspace
    commit: str  # empty: the workspace
    time: int  # s since 1970


class Run:
    """The files of one revision."""

    def __init__(self, root: Path, revision: Revision, cache: Path) -> None:
        self.root, self.revision, self._cache = root, revision, cache

    @property
    def name(self) -> str:
        return self.revision.name

    def json(self, path: str) -> dict[str, Any]:
        found = json.loads(self.find(path).read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise StageError(f"{self.name}: {path} is not what a run writes; run it again")
        return found

    def folder(self, path: str) -> list[str]:
        """Paths of the files in a folder that is an out of a stage."""
        if not self.revision.commit:
            return sorted(f"{path}/{file.name}" for file in (self.root / path).glob("*.*"))
        return sorted(name for name in self._objects if name.startswith(f"{path}/"))

    def find(self, path: str) -> Path:
        """A file with the bytes of the out `path`; StageError where there are none."""
        if not self.revision.commit:
            if not (self.root / path).is_file():
                raise StageError(f"workspace: there is no {path}; run `dvc repro`")
            return self.root / path
        if path not in self._objects:
            raise StageError(f"{self.name}: its dvc.lock has no {path}; it was not run to its end")
        file = dvc.object_file(self._cache, self._objects[path])
        return file if file.is_file() else self._fetched(path)

    @cached_property
    def _objects(self) -> dict[str, str]:
        """The md5 of each out, and of the files in folders whose list is in the cache."""
        text = git_file(self.root, self.revision.commit, "dvc.lock")
        if text is None:
            raise StageError(f"{self.name}: that commit has no dvc.lock, so nothing was run there")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as safe, and ten times as fast
        lock = yaml.load(text, Loader=loader)  # noqa: S506
        found = {}
        for stage in lock.get("stages", {}).values():
            for out in stage.get("outs", []):
                found[out["path"]] = out["md5"]
                if out["md5"].endswith(dvc.DIRECTORY):
                    found |= self._inside(out["path"], out["md5"])
        return found

    def _inside(self, folder: str, md5: str) -> dict[str, str]:
        try:
            entries = json.loads(dvc.object_file(self._cache, md5).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {f"{folder}/{entry['relpath']}": entry["md5"] for entry in entries}

    def _fetched(self, path: str) -> Path:
        """The file from a remote, in a temporary folder that lasts as long as this run."""
        import dvc.api

        try:
            content = dvc.api.read(path, repo=str(self.root), rev=self.revision.commit, mode="rb")
        except Exception as error:
            raise StageError(
                f"{self.name}: {path} is neither in DVC's cache nor in a remote; `dvc exp apply "
                f"{self.name}` and `dvc repro` make it again"
            ) from error
        file = Path(self._fetched_to.name, path.replace("/", "-"))
        file.write_bytes(content)
        return file

    @cached_property
    def _fetched_to(self) -> "tempfile.TemporaryDirectory[str]":
        return tempfile.TemporaryDirectory(prefix="duchenne-")


def known(root: Path) -> list[Revision]:
    """Experiments, branches and tags, the newest first."""
    form = "%(refname)\t%(objectname)\t%(*objectname)\t%(creatordate:unix)"
    lines = _git(root, "for-each-ref", f"--format={form}").splitlines()
    return sorted(_revisions(lines), key=lambda each: (-each.time, each.name))


def _revisions(lines: Iterable[str]) -> Iterator[Revision]:
    for line in lines:
        name, commit, pointed, time = line.split("\t")
        commit, at = pointed or commit, int(time or 0)
        if name.startswith(_EXPERIMENTS) and name.count("/") == _PARTS - 1:
            yield Revision(name.rpartition("/")[2], "experiment", commit, at)
        for prefix, kind in _KINDS.items():
            if name.startswith(prefix):
                yield Revision(name.removeprefix(prefix), kind, commit, at)


def chosen(root: Path, patterns: Iterable[str]) -> list[Run]:
    """The runs that names, commits and patterns such as `sweep-*` stand for, each once."""
    every, cache = known(root), dvc.cache_folder(root)
    found: dict[str, Revision] = {}
    for pattern in patterns:
        for revision in _matching(root, pattern, every):
            found.setdefault(revision.name, revision)
    return [Run(root, revision, cache) for revision in found.values()]


def _matching(root: Path, pattern: str, every: list[Revision]) -> list[Revision]:
    if pattern == WORKSPACE:
        return [Revision(WORKSPACE, WORKSPACE, "", 0)]
    hits = [each for each in every if fnmatch.fnmatchcase(each.name, pattern)]
    if hits:
        return sorted(hits, key=lambda each: each.name)
    commit = None if set("*?[") & set(pattern) else _commit(root, pattern)
    if commit is None:
        names = [*(each.name for each in every), WORKSPACE]
        raise StageError(
            f"'{pattern}' is no experiment, branch, tag or commit; {suggest(pattern, names)}"
        )
    return [Revision(pattern, "commit", commit, 0)]


def git_file(root: Path, commit: str, path: str) -> str | None:
    """The text of a file in a commit; None where it is not there."""
    done = subprocess.run(
        ["git", "show", f"{commit}:./{path}"], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else None


def _commit(root: Path, name: str) -> str | None:
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StageError(f"`git {words[0]}` fails: {' '.join(done.stderr.split())}")
    return done.stdout
