"""Packages: missing, of other versions, broken, and two that own one folder."""

from pathlib import Path

import pytest

from duchenne.cli.doctor import packages
from tests.make.sites import site, texts


def test_this_environment_is_sound(tmp_path: Path):
    assert list(packages.check(site(tmp_path))) == []


def test_what_is_missing_broken_or_of_another_version_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(packages, "needed", lambda: ["numpy", "rich", "torhc", "tyepr"])
    monkeypatch.setitem(packages.MODULES, "rich", "no_such_module")
    where = site(tmp_path)
    (tmp_path / "requirements.lock").write_text(
        "# pins\nnumpy==1.0 \\\n    --hash=sha256:0\nrich==15.0.0 ; python_version < '4' \\\n"
    )
    told = texts(list(packages.check(where)))
    assert "BLOCKS: not installed: torhc, tyepr; `make repro` installs" in told
    assert "note: other versions than pinned: numpy 1.26.4 (pinned 1.0); results may" in told
    assert "BLOCKS: cannot be imported: no_such_module: ModuleNotFoundError No module" in told


def test_a_module_that_ends_its_process_has_a_name_and_the_others_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "crashes.py").write_text("import os; os._exit(11)")
    (tmp_path / "fails.py").write_text("raise RuntimeError('no\\nGL')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert packages.load(["json", "crashes", "fails", "csv"]) == {
        "crashes": "ends the process (exit code 11)",
        "fails": "RuntimeError no GL",
    }


@pytest.mark.parametrize(
    ("there", "differs"), [("2.13.0+cpu", False), ("2.13.1", True), (None, False)]
)
def test_a_build_s_own_mark_is_no_other_version(there, differs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "_version", lambda name: there)
    assert bool(list(packages._other_versions({"torch": "2.13.0"}))) == differs


@pytest.mark.parametrize(
    ("owners", "says"),
    [
        (["opencv-contrib-python"], ""),
        (["opencv-contrib-python"] * 2, ""),
        (["opencv-python", "opencv-contrib-python"], "uv pip uninstall opencv-python`, then"),
    ],
)
def test_two_packages_that_own_cv2(owners: list[str], says: str):
    told = texts(list(packages.shared({"cv2": owners})))
    assert says in told
    assert bool(told) == bool(says)
