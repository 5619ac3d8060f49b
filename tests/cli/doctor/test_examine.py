"""All checks together: for which set, in which order, and what is said."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from duchenne.cli import doctor
from duchenne.cli.doctor import Finding, Site, layout
from duchenne.errors import ParamsError
from tests.make.sites import put, site, texts
from tests.make.workspace import Workspace

QUICK = ("layout.check", "layout.tracked", "layout.readable")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name] for name in QUICK})


def told(root: Path, dataset: str | None = None) -> str:
    found = doctor.examine(root, dataset)
    return texts([finding for findings in found.values() for finding in findings])


def test_the_set_of_params_yaml_unless_another_is_named(tmp_path: Path):
    put(site(tmp_path), "a.mp4", b"x")
    (tmp_path / "data/raw/mine/b.mp4").touch()
    assert told(tmp_path) == ""
    mine = told(tmp_path, "mine")
    assert "BLOCKS: " in mine
    assert "in the folder but not listed: b.mp4" in mine
    assert "note: data/raw/mine is not tracked" in mine


def test_what_index_would_warn_of_is_a_note(tmp_path: Path):
    where = site(tmp_path)
    put(where, "a.mp4", b"x")
    (where.data / "subjects.csv").write_text("subject,age\na.mp4,31\nMaria,32\n")
    assert "note: subjects.csv lists subjects without a clip: Maria" in told(tmp_path, "mine")


@pytest.mark.parametrize(
    ("name", "model", "says"),
    [
        ("a.dmarkers", "mesh", "D-Markers alone, which model: mesh cannot see; choose model: svm"),
        ("a.dmarkers", "rocket", "which model: rocket cannot see"),
        ("a.dmarkers", "svm", ""),
        ("a.npy", "vit", "model: vit looks at pictures; choose one that takes landmarks"),
        ("a.npy", "mesh", ""),
        ("a.mp4", "vit", ""),
    ],
)
def test_a_model_that_no_clip_has_anything_for(tmp_path: Path, name: str, model: str, says: str):
    put(site(tmp_path, dataset="mine", model=model), name, b"x")
    Workspace(tmp_path).set(dataset="mine")
    said = told(tmp_path)
    assert ("BLOCKS: the clips are" in said) == bool(says)
    assert says in said


def test_an_unknown_set_is_refused_with_a_suggestion(tmp_path: Path):
    site(tmp_path)
    with pytest.raises(ParamsError, match=r"'mien' is not described .* did you mean 'mine'\?"):
        doctor.examine(tmp_path, "mien")


def test_a_file_on_which_dvc_hangs_is_named_with_the_line(tmp_path: Path):
    """DVC multiplies aliases out, before any stage of ours has begun."""
    site(tmp_path)
    file = tmp_path / "params.yaml"
    file.write_text("twice: &a [1, 1]\nfour: [*a, *a]\n" + file.read_text())
    with pytest.raises(ParamsError, match=r"^params\.yaml, line 1: anchors.* DVC may never get"):
        doctor.examine(tmp_path)


def test_a_set_without_a_folder_or_without_clips(tmp_path: Path):
    where = site(tmp_path)
    assert "holds no clips; put videos there" in told(tmp_path, "mine")
    (where.data / "clips.csv").unlink()
    where.data.rmdir()
    assert told(tmp_path, "mine") == (
        "BLOCKS: data/raw/mine is missing; put the clips there, or choose another dataset"
    )


def test_a_check_that_breaks_says_so_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(site: Site) -> list[Finding]:
        raise OSError(28, "no space left")

    site(tmp_path)
    monkeypatch.setattr(layout, "tracked", full)
    found = doctor.examine(tmp_path, "mine")
    assert (
        texts(found["layout.tracked"]) == "note: could not be looked at: [Errno 28] no space left"
    )
    assert "holds no clips" in texts(found["layout.check"])


def test_a_table_says_what_is_well_too_and_the_sum_what_blocks():
    page = io.StringIO()
    found = {
        "layout.check": [Finding("a[b].mp4 is bad")],
        "layout.tracked": [Finding("so", blocks=False)],
        "layout.readable": [],
    }
    doctor.show(found, Console(file=page, width=100))
    lines = [" ".join(line.replace("│", " ").split()) for line in page.getvalue().splitlines()]
    assert "data set BLOCKS a[b].mp4 is bad" in lines
    assert "tracked by DVC note so" in lines
    assert "files in data/raw ok" in lines
    assert lines[-1] == "1 to be mended before `dvc repro`"
    assert doctor.blocks(found)
    assert not doctor.blocks({**found, "layout.check": []})


def test_it_speaks_where_packages_are_missing(tmp_path: Path):
    """What needs them says so; the rest is looked at."""
    site(tmp_path)
    hide = (
        "import sys; sys.modules |= dict.fromkeys(('av', 'pyarrow', 'torch')); "
        "from duchenne.cli import doctor, main; "
        "doctor.CHECKS = {n: n for n in ('machine.gpu', 'layout.readable')}; main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide, "doctor"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "could not be looked at: import of torch halted" in " ".join(done.stdout.split())
    assert "nothing stops" in done.stdout
