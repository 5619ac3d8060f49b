"""Workers made ready ahead end with the stage, whatever they are at."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is made ready")

POOLED = ("demo", "decode", "detect", "mesh", "normalize", "crops", "dmarkers", "train")
UNFIT = ("torch", "mediapipe")  # they bring threads and devices of their own

SCRIPT = """
import stages
from pathlib import Path
from duchenne.flow import startup
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Recipe, Unit
from tests.make import works

if __name__ == "__main__":
    startup.start()
    fan_out(
        works.misbehave,
        [Unit(name, spec={"do": "native"}) for name in ("one", "two")],
        recipe=Recipe(stage="trial", params=None, code="c0de", libraries=()),
        places=Places(Path("results"), ".txt", Path("status.parquet")),
        settings=Settings(engine="local", workers=2),
        max_failed=1.0,
    )
"""


def test_nobody_outlives_a_killed_stage(tmp_path: Path) -> None:
    """Its workers hold the interpreter, and so notice nothing themselves."""
    script = tmp_path / "stage.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as stage:
        family = at_work(stage.pid)
        stage.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    for orphan in alive:
        orphan.kill()
    assert not alive


@pytest.mark.parametrize("stage", POOLED)
def test_nothing_that_a_fork_would_not_survive_is_made_ready(stage: str) -> None:
    """What a stage has imported of ours before it runs, it hands on."""
    script = f"import sys, stages.{stage}; print([n for n in {UNFIT} if n in sys.modules])"
    words = [sys.executable, "-c", script]
    root = Path(__file__).parents[2]
    done = subprocess.run(words, cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def at_work(pid: int) -> list[psutil.Process]:
    """All descendants, once two of them have been busy for a while."""
    stage, start = psutil.Process(pid), time.monotonic()
    while time.monotonic() < start + 60:
        family = stage.children(recursive=True)
        if sum(process.cpu_percent(0.2) > 20 for process in family) >= 2 and len(family) >= 4:
            time.sleep(2)
            return list(stage.children(recursive=True))
    raise AssertionError("no worker has begun")
