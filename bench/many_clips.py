"""Time for 1,240 tiny clips: first run, a run without changes, and a run with one clip more."""

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.make import clips
from tests.make.workspace import Workspace

CLIPS = 1240  # as many as UvA-NEMO has
TRIES = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepare(Path(folder) / "project")
        say("first run", *timed(workspace))
        idle = [timed(workspace) for _ in range(TRIES)]
        say("nothing to do, median", statistics.median(s for s, _ in idle), idle[0][1])
        add_clip(workspace, CLIPS)
        say("one clip more", *timed(workspace))


def prepare(root: Path) -> Workspace:
    """A workspace with a data set of tiny clips, each with different bytes."""
    workspace = Workspace.make(root)
    workspace.set(dataset="many", datasets__many={"adapter": "folder"})
    workspace.set(datasets__demo__subjects=2, datasets__demo__clips_per_subject=2)
    data = root / "data/raw/many"
    data.mkdir(parents=True)
    (data / "clips.csv").write_text("path,subject,label\n")
    clips.write_video(root / "model.mp4", frames=5, size=(64, 48))
    for number in range(CLIPS):
        add_clip(workspace, number)
    workspace.start_history()
    return workspace


def add_clip(workspace: Workspace, number: int) -> None:
    data = workspace.root / "data/raw/many"
    path = data / f"clip{number:04}.mp4"
    shutil.copy(workspace.root / "model.mp4", path)
    with path.open("ab") as file:  # a `free` box of MP4, which players ignore
        file.write((16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big"))
    with (data / "clips.csv").open("a") as file:
        file.write(f"{path.name},p{number % 400},{number % 2}\n")


def timed(workspace: Workspace) -> tuple[float, str]:
    """Time of `dvc repro decode` in s, and its output."""
    start = time.perf_counter()
    done = workspace.dvc("repro", "decode")  # these clips show no face
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(done.stdout)
    told = re.findall(r"^decode .*$|^Data and pipelines.*$", done.stdout, re.M)
    return seconds, told[-1]


def say(what: str, seconds: float, told: str) -> None:
    sys.stdout.write(f"{what}: {seconds:.1f} s ({told})\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
