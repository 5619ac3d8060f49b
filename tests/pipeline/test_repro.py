"""What the user does all day with dvc, on a demo of eight tiny clips."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from duchenne.errors import BusyError
from duchenne.flow import process
from tests.make import clips
from tests.make.workspace import TINY, Workspace
from tests.pipeline.conftest import a_project, copied

STAGES = ["code", "check", "demo", "index", "decode", "detect", "mesh", "normalize", "quality",
          "crops", "dmarkers", "folds", "train", "probes", "aggregate"]  # fmt: skip
FANNED_OUT = {"demo", "decode", "detect", "mesh", "normalize", "dmarkers", "train"}


def ran(output: str) -> list[str]:
    """The stages that really ran, in order."""
    return re.findall(r"Running stage '(\w+)'", output)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".gitignore"
    }


def results_of(root: Path) -> dict[str, bytes]:
    """Everything that the pipeline has made."""
    folders = ("data", "models", "metrics")
    return {f"{f}/{name}": b for f in folders for name, b in bytes_of(root / f).items()}


@pytest.fixture(scope="module")
def finished(first_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project in which `dvc repro` has run once; tests leave it as they found it."""
    return copied(first_run, tmp_path_factory.mktemp("project"))


def restore(workspace: Workspace) -> None:
    """Put everything back as it was committed, and remove what a test has added."""
    workspace.run("git", "reset", "-q", "--hard")
    for extra in (workspace.root / "data/raw").iterdir():
        if extra.is_dir() and extra.name != "demo":
            shutil.rmtree(extra)
        elif extra.suffix == ".dvc":
            extra.unlink()
    done = workspace.dvc("checkout", "-q", "--force")
    assert done.returncode == 0, done.stdout


def test_the_first_run_runs_every_stage(first_run: Path):
    assert ran((first_run / "printed.txt").read_text()) == STAGES


def test_nothing_runs_twice(finished: Workspace):
    done = finished.dvc("repro")
    assert ran(done.stdout) == []
    assert "Data and pipelines are up to date." in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fusion: none", "fussion: none", "did you mean 'fusion'?"),
        ("fusion: none", "fusion: hadamart", "did you mean 'hadamard'? Allowed: additive,"),
        ("fps: 25", "fps: -25", "decode.fps: it should be greater than 0, not -25"),
    ],
)
def test_a_wrong_parameter_stops_in_check_before_anything_else(
    finished: Workspace, old: str, new: str, says: str
):
    params = finished.root / "params.yaml"
    text = params.read_text()
    assert old in text
    params.write_text(text.replace(old, new))
    done = finished.dvc("repro")
    restore(finished)
    assert done.returncode != 0
    assert ran(done.stdout) == ["check"]
    assert says in done.stdout
    assert "Traceback" not in done.stdout


def test_an_unknown_parameter_on_the_command_line_is_refused_by_dvc(finished: Workspace):
    done = finished.dvc("exp", "run", "-S", "fussion=hadamard")
    assert done.returncode != 0
    assert ran(done.stdout) == []


def test_a_remark_in_code_is_looked_at_and_computes_nothing(finished: Workspace):
    video, errors = (finished.root / "src/duchenne" / n for n in ("media/video.py", "errors.py"))
    video.write_text(video.read_text() + "# a comment\n")
    errors.write_text(errors.read_text().replace('"""', '"""Another word. ', 1))
    done = finished.dvc("repro")
    restore(finished)
    assert ran(done.stdout) == ["code"]


def test_code_that_changes_reruns_the_stages_that_run_it(finished: Workspace):
    with (finished.root / "src/duchenne/media/video.py").open("a") as file:
        file.write("NEW = 1\n")
    done = finished.dvc("repro")
    restore(finished)
    assert ran(done.stdout) == ["code", "decode"], "decode wrote the same bytes as before"
    assert "decode 8/8" in done.stdout
    assert "cached" not in done.stdout


def test_code_that_no_stage_runs_reruns_none(finished: Workspace):
    overview = finished.root / "src/duchenne/cli/status.py"
    overview.write_text(overview.read_text() + "NEW = 1\n")
    done = finished.dvc("repro")
    restore(finished)
    assert ran(done.stdout) == ["code"]


def test_a_stage_that_runs_other_code_than_dvc_knows_of_fails(finished: Workspace):
    """Else dvc would remember its results as those of the code before."""
    script = finished.root / "stages/check.py"
    plain = script.read_text()
    script.write_text(plain + "EDITED = 1\n")
    alone = finished.dvc("repro", "--force", "--single-item", "check")
    edits_itself = (
        "def run(stage: Stage) -> None:\n    open(__file__, 'a').write('EDITED = 1\\n')\n"
    )
    script.write_text(plain.replace("def run(stage: Stage) -> None:\n", edits_itself))
    meanwhile = finished.dvc("repro", "check")
    restore(finished)
    for done in (alone, meanwhile):
        assert done.returncode != 0
        assert ran(done.stdout)[-1] == "check"
        assert "ERROR stages/check.py has changed since `code` looked at it" in done.stdout


def test_a_stage_whose_parameters_are_not_those_dvc_knows_of_fails(finished: Workspace):
    finished.set(folds__seed=1)
    alone = finished.dvc("repro", "--force", "--single-item", "folds")
    whole = finished.dvc("repro", "folds")
    restore(finished)
    assert alone.returncode != 0
    assert "ERROR folds has changed since `check` looked at params.yaml" in alone.stdout
    assert (whole.returncode, ran(whole.stdout)) == (0, ["check", "folds"]), whole.stdout


def test_what_editors_leave_beside_code_does_no_harm(finished: Workspace):
    for name in ("stages/.#train.py", "src/duchenne/face/.#video.py"):
        (finished.root / name).symlink_to("someone@somewhere.1234")
    (finished.root / "stages/decode.py~").write_text("old")
    done = finished.dvc("repro")
    for name in ("stages/.#train.py", "src/duchenne/face/.#video.py", "stages/decode.py~"):
        (finished.root / name).unlink()
    restore(finished)
    assert (done.returncode, ran(done.stdout)) == (0, []), done.stdout


def test_code_that_cannot_be_read_is_named(finished: Workspace):
    with (finished.root / "src/duchenne/media/video.py").open("a") as file:
        file.write("def (\n")
    done = finished.dvc("repro")
    restore(finished)
    assert done.returncode != 0
    assert re.search(r"ERROR src/duchenne/media/video.py, line \d+: invalid syntax", done.stdout)
    assert "Traceback" not in done.stdout


def test_a_parameter_reruns_what_reads_it_and_going_back_is_free(finished: Workspace):
    before = bytes_of(finished.root / "data/frames")
    there = finished.dvc("exp", "run", "-S", "decode.fps=10")
    assert ran(there.stdout) == ["check", *STAGES[4:]], there.stdout
    assert bytes_of(finished.root / "data/frames") != before
    back = finished.dvc("exp", "run", "-S", "decode.fps=25")
    assert ran(back.stdout) == ["check"], "the rest comes out of the run cache"
    assert bytes_of(finished.root / "data/frames") == before
    restore(finished)


def test_a_run_leaves_its_lock_and_its_figures_to_git(finished: Workspace):
    """No table, no picture, and no .gitignore that DVC would have written anew."""
    shown = finished.run("git", "show", "--name-only", "--format=", "HEAD").stdout
    assert shown.split() == ["dvc.lock", "metrics/summary.json"]


def test_status_tells_what_became_of_the_clips(finished: Workspace, tmp_path: Path):
    done = finished.run(sys.executable, "-m", "duchenne.cli.main", "status")
    assert done.returncode == 0
    told = re.findall(r"│ ([a-z]\w*) +│ (\d) +│ (\d) +│ (\d)", done.stdout)
    assert [stage for stage, *_ in told] == [stage for stage in STAGES if stage in FANNED_OUT]
    assert {told[0], told[-1]} == {("demo", "8", "0", "0"), ("train", "2", "0", "0")}
    assert all(failed == "0" for *_, failed in told)
    assert "8 of 8 clips are used" in done.stdout
    assert "all test clips" in done.stdout
    assert "not shown" not in done.stdout
    assert "say nothing about real smiles" in done.stdout
    empty = Workspace(tmp_path).run(sys.executable, "-m", "duchenne.cli.main", "status")
    assert "no data set has been indexed here" in empty.stdout


def test_another_data_set_and_back_and_one_clip_more(finished: Workspace):
    data = finished.root / "data/raw/mine"
    data.mkdir()
    names = [f"clip{i}.mp4" for i in range(3)]
    for name in names:
        clips.write_video(data / name, frames=10 + names.index(name))
    rows = [f"{name},p{i},{i % 2}" for i, name in enumerate(names)]
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows]))
    finished.set(dataset="mine", datasets__mine={"adapter": "folder"})

    there = finished.dvc("repro", "decode")  # these clips show nobody
    assert ran(there.stdout) == ["check", "index", "decode"], there.stdout
    assert "`dvc add data/raw/mine` tracks it" in there.stdout
    assert finished.dvc("add", "data/raw/mine").returncode == 0
    assert ran(finished.dvc("repro", "decode").stdout) == []

    clips.write_video(data / "clip3.mp4", frames=20)
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows, "clip3.mp4,p0,1"]))
    more = finished.dvc("repro", "decode")
    assert ran(more.stdout) == ["index", "decode"]
    assert "decode 4/4, 3 cached" in more.stdout

    finished.set(dataset="demo")
    back = finished.dvc("repro")
    assert ran(back.stdout) == ["check"], "the rest comes out of the run cache"
    restore(finished)


def test_a_list_with_problems_names_them_all(finished: Workspace):
    data = finished.root / "data/raw/wrong"
    data.mkdir()
    clips.write_video(data / "listed.mp4")
    clips.write_video(data / "forgotten.mp4")
    (data / "clips.csv").write_text("path,subject,label\nlisted.mp4,p1,smile\ngone.mp4,p1,1\n")
    finished.set(dataset="wrong", datasets__wrong={"adapter": "folder"})
    done = finished.dvc("repro")
    restore(finished)
    assert done.returncode != 0
    for says in ("gone.mp4", "forgotten.mp4", "(spontaneous or posed): listed.mp4 ('smile')"):
        assert says in done.stdout
    assert "Traceback" not in done.stdout


def test_a_queued_experiment_runs_the_code_it_was_queued_with(finished: Workspace):
    index = finished.root / "stages/index.py"
    plain = index.read_text()
    mark = '    facts = {"code": "MARK"} | summary(clips, dataset=stage.params.dataset)\n'
    was = "    facts = summary(clips, dataset=stage.params.dataset)\n"
    assert was in plain
    index.write_text(plain.replace(was, mark.replace("MARK", "queued")))
    assert finished.dvc("exp", "run", "--queue", "--name", "queued").returncode == 0
    index.write_text(plain.replace(was, mark.replace("MARK", "edited since")))
    done = finished.dvc("exp", "run", "--run-all")
    logs = finished.dvc("queue", "logs", "queued").stdout
    lock = finished.run("git", "show", f"{experiment(finished, 'queued')}:dvc.lock").stdout
    restore(finished)
    assert done.returncode == 0, done.stdout + logs
    outs = {out["path"]: out["md5"] for out in yaml.safe_load(lock)["stages"]["index"]["outs"]}
    md5 = outs["data/reports/dataset.json"]
    report = finished.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    assert json.loads(report.read_text())["code"] == "queued"


def experiment(workspace: Workspace, name: str) -> str:
    """The git reference of an experiment."""
    refs = workspace.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").stdout
    return next(ref for ref in refs.split() if ref.endswith(f"/{name}"))


def test_code_from_elsewhere_is_refused(finished: Workspace, tmp_path: Path):
    """A stage whose package would be another folder's says so instead of running it."""
    other = Workspace.make(tmp_path)
    hack = f"import sys; sys.path.insert(0, {str(finished.root / 'src')!r}); import duchenne; "
    done = other.run(
        sys.executable, "-c", hack + "from duchenne.pipeline.stage import execute; execute('check')"
    )
    assert "the code that runs is" in done.stdout
    assert not (tmp_path / "data").exists()


def test_how_it_runs_changes_no_byte(finished: Workspace, tmp_path: Path):
    """Inline and one worker, from an empty unit cache, against dvc with a worker for each core."""
    found = {}
    for name, how in {
        "inline": {"DUCHENNE_ENGINE": "inline"},
        "one": {"DUCHENNE_WORKERS": "1"},
    }.items():
        workspace = Workspace.make(tmp_path / name)
        workspace.set(**TINY)
        for stage in STAGES:
            done = workspace.stage(stage, **how)
            assert done.returncode == 0, done.stdout
        found[name] = results_of(workspace.root)
    assert found["inline"] == found["one"] == results_of(finished.root)


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_kill_9_leaves_no_orphan_and_loses_nothing(finished: Workspace, tmp_path: Path, shell: str):
    """dvc starts stages through the user's shell, and some shells stay as their parent."""
    workspace = a_project(tmp_path)
    workspace.set(datasets__demo__clips_per_subject=4)  # more than can end while we look
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
             **workspace.env, "DUCHENNE_WORKERS": "1", "SHELL": shell},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dvc:  # fmt: skip
        wait_for(lambda: len(list(workspace.cache.entries())) >= 1)
        family = psutil.Process(dvc.pid).children(recursive=True)
        dvc.kill()
    assert len(family) >= 2, "the stage and its worker"
    _, left = psutil.wait_procs(family, timeout=2)
    assert all(runs_no_more(process) for process in left)
    finished_units = len(list(workspace.cache.entries()))
    assert finished_units < 16
    workspace.set(**TINY)
    again = workspace.dvc("repro")
    assert again.returncode == 0, again.stdout
    assert f"demo 8/8, {min(finished_units, 8)} cached" in again.stdout
    assert results_of(tmp_path) == results_of(finished.root)
    assert not list((workspace.cache.root / "parts").iterdir())


def runs_no_more(process: psutil.Process) -> bool:
    """Dead, even where the system's first process has not yet taken note of it."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


HOLD = """
import sys, time
from pathlib import Path
from duchenne.flow.process import hold
with hold(Path(sys.argv[1]), name="train"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(finished: Workspace) -> Iterator[subprocess.Popen[str]]:
    """Another stage at work in the workspace."""
    lock_file = finished.root / ".dvc/tmp/duchenne.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock_file)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_stage_waits_for_another_and_says_for_whom(
    finished: Workspace, holder: subprocess.Popen[str]
):
    threading.Timer(2, holder.kill).start()
    done = finished.stage("check")
    assert done.returncode == 0
    assert f"waiting for stage train (process {holder.pid})" in done.stdout


def test_a_stage_that_waits_too_long_is_refused_by_name(
    finished: Workspace, holder: subprocess.Popen[str]
):
    lock_file = finished.root / ".dvc/tmp/duchenne.lock"
    with (
        pytest.raises(BusyError, match=rf"in use by stage train \(process {holder.pid}\)"),
        process.hold(lock_file, name="decode", patience=0.2),
    ):
        pass
