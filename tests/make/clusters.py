"""Start schedulers and workers as processes, on the loopback interface."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

COMMAND = str(Path(sys.executable).with_name("duchenne"))


@dataclass
class Cluster:
    """A scheduler and workers, which are ended together."""

    folder: Path
    stack: ExitStack
    address: str = ""
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    def scheduler(self, port: int = 0) -> "Cluster":
        where = ("--host", "127.0.0.1", "--port", str(port), "--keys", str(self.keys))
        log = self.start(COMMAND, "scheduler", *where)
        self.address = told(log, r"tls://\S+?(?=,)")
        return self

    def workers(self, count: int = 1) -> subprocess.Popen[bytes]:
        """Start workers in a new folder, and wait until they have joined."""
        folder = self.folder / f"workers{len(self.started)}"
        folder.mkdir()
        words = ("worker", self.address, "--workers", str(count), "--keys", str(self.keys))
        told(self.start(COMMAND, *words, folder=folder), "workers at")
        return self.started[-1]

    def start(
        self, *words: str, folder: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Path:
        """Start a process; return its log file."""
        log = self.folder / f"{len(self.started)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                words, cwd=folder or self.folder, stdout=file, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
            )  # fmt: skip
        self.started.append(process)
        self.stack.callback(end, process)
        return log


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        yield Cluster(folder, stack)


def told(log: Path, pattern: str, *, patience: float = 60) -> str:
    """Wait until a log matches a pattern; return the match."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{pattern} not in {log.read_text(errors='replace')}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all its children, as if its machine had failed."""
    if process.poll() is None:
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in family:
            if child.is_running():
                child.kill()
        psutil.wait_procs(family, timeout=10)
    process.wait(timeout=10)
