"""A workspace for a test: a copy of the repository's code and settings, without data."""

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from duchenne.flow.cache import UnitCache
from duchenne.flow.gate import read_status
from tests.rules.imports import ROOT

# The smallest demo that can be split and trained, for tests of the whole pipeline.
TINY = {
    "datasets__demo__subjects": 4,
    "datasets__demo__clips_per_subject": 2,
    "datasets__demo__size": 160,
    "folds__count": 2,
    "window__frames": 6,
    "window__test": 2,
    "net__encoder": "curvenet",
    "net__points": "features",
    "net__neighbours": 6,
    "net__curves": 8,
    "net__steps": 2,
    "net__latents": 2,
    "net__depth": 1,
    "net__time_depth": 1,
    "net__mlp": 32,
    "train__epochs": 2,
    "train__batch": 4,
}
NOT_OURS = ("tmp", "cache", "config.local")
IGNORED = (
    ".gitignore",
    "data/.gitignore",
    "data/*/.gitignore",
    "metrics/*/.gitignore",
    "models/.gitignore",
)
CODE = (
    ".dvcignore",
    "dvc.yaml",
    "params.yaml",
    "engine.yaml",
    "requirements.lock",
    "src",
    "stages",
)


def give_up_overrides() -> None:
    """Make file permissions apply to this process even if it is root (linux/capability.h)."""
    if os.geteuid() == 0:
        drop_from_bounding_set, override, read_search = 24, 1, 2
        for capability in (override, read_search):
            ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of all files below a folder by relative path, without .gitignore."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".gitignore"
    }


@dataclass(frozen=True)
class Workspace:
    root: Path

    @classmethod
    def make(cls, root: Path) -> "Workspace":
        """Copy the code to `root`; the unit cache is in there too, so that nothing is shared."""
        root.mkdir(parents=True, exist_ok=True)
        for name in CODE:
            if (ROOT / name).is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(ROOT / name, root / name, ignore=ignore)
            else:
                shutil.copy2(ROOT / name, root / name)
        return cls(root)

    def commit(self, message: str) -> None:
        for words in (("add", "-A"), ("commit", "-qm", message, "--allow-empty")):
            done = self.run("git", *words)
            assert done.returncode == 0, done.stdout

    def start_history(self) -> None:
        """Put the workspace under git and dvc, like a clone."""
        shutil.copytree(ROOT / ".dvc", self.root / ".dvc", ignore=shutil.ignore_patterns(*NOT_OURS))
        for file in (file for place in IGNORED for file in ROOT.glob(place)):
            copy = self.root / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
        with (self.root / ".gitignore").open("a") as ignored:
            ignored.write("/cache/\n")
        self.run("git", "init", "-q", "-b", "main")
        self.run("git", "config", "user.email", "tests@example.org")
        self.run("git", "config", "user.name", "tests")
        self.commit("start")

    @property
    def env(self) -> dict[str, str]:
        return {
            "COLUMNS": "200",
            "DVC_NO_ANALYTICS": "1",
            "DUCHENNE_CACHE": str(self.root / "cache"),
        }

    @property
    def cache(self) -> UnitCache:
        return UnitCache(self.root / "cache")

    def statuses(self, stage: str) -> dict[str, tuple[str, str]]:
        """Status and reason of each unit in a stage's status table."""
        rows = read_status(self.root / f"data/status/{stage}.parquet")
        return {row.unit: (row.status, row.reason) for row in rows}

    def set(self, **changes: object) -> None:
        """Change params.yaml; `decode__fps=10` is `decode.fps: 10`."""
        params = yaml.safe_load((self.root / "params.yaml").read_text(encoding="utf-8"))
        for name, value in changes.items():
            *steps, last = name.split("__")
            place = params
            for step in steps:
                place = place.setdefault(step, {})
            place[last] = value
        (self.root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def stage(self, name: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a stage's script as dvc would."""
        return self.run(sys.executable, "-m", f"stages.{name}", **env)

    def dvc(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "dvc", *words, **env)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the workspace; stdout and stderr are joined."""
        python = str(Path(sys.executable).parent)
        path = f"{python}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            words,
            cwd=self.root,
            env={**os.environ, "PATH": path, **self.env, **env},
            preexec_fn=give_up_overrides,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
