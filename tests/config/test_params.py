"""Parameters: what is refused, how it is said, and what stays as it was written."""

import os
import pwd
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import ValidationError

from duchenne.config import params
from duchenne.config.datasets import Dataset
from duchenne.config.training import Model
from duchenne.config.yaml import read_yaml
from duchenne.datasets.adapters import ADAPTERS
from duchenne.errors import ParamsError
from duchenne.flow import settings
from tests.rules.imports import ROOT

SHIPPED = (ROOT / "params.yaml").read_text(encoding="utf-8")


def load(folder: Path, old: str = "", new: str = "") -> params.Params:
    assert old in SHIPPED
    path = folder / "params.yaml"
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    return params.load(path)


def test_the_shipped_file_is_well_formed_and_frozen(tmp_path: Path):
    shipped = load(tmp_path)
    assert (shipped.dataset, shipped.fusion, shipped.decode.fps) == ("demo", "none", 25.0)
    with pytest.raises(ValidationError):
        shipped.decode.fps = 10


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fusion: none", "fussion: none", "fussion: unknown key; did you mean 'fusion'?"),
        ("fusion: none", "fusion: hadamrd", "'hadamrd' is not allowed; did you mean 'hadamard'?"),
        ("fusion: none", "fusion: hadamrd", "Allowed: additive, attention, bilinear"),
        (
            "protocol: nested",
            "protocol: best",
            "protocol: 'best' is not allowed; did you mean 'nested'? Allowed: nested, pub",
        ),
        (
            "decode:\n  fps: 25",
            "decode:\n  fps: -25",
            "decode.fps: it should be greater than 0, not -25",
        ),
        ("decode:\n  fps: 25", "decode:\n  fps: .nan", "decode.fps: it should be a finite number"),
        ("decode:\n  fps: 25", "decode:\n  fps: fast", "decode.fps: it should be a valid number"),
        (
            "decode:\n  fps: 25",
            "decode:\n  fsp: 25",
            "decode.fsp: unknown key; did you mean 'fps'?",
        ),
        ("  max_failed: auto", "  max_failed: 1.5", "quality.max_failed: it should be less than"),
        ("dataset: demo", "dataset: dmeo", "'dmeo' is not described under `datasets:`; did you"),
        ("    adapter: demo", "    adapter: dmeo", "datasets.demo.adapter: 'dmeo' is not an adap"),
        ("  subjects: 28", "  subjcts: 28", "datasets.demo.subjcts: unknown key; did you mean 's"),
        ("subject: 4", "subject: 3", "datasets.demo.clips_per_subject: it should be a multiple"),
        ("  demo:  ", "  my set: {adapter: folder}\n  demo:  ", "datasets.my set"),
        (
            "  uva-nemo:  ",
            "  bbc2: {adapter: bbc, landmarks: {units: pixels, width: 9, height: 9, "
            "fps: {posd: 25, spontaneous: 30}}}\n  uva-nemo:  ",
            "datasets.bbc2.landmarks.fps: it should be a number up to 1000, or one for posed and",
        ),
        ("seed: 0", "seed: true", "seed: it should be a valid integer, not True"),
        ("    adapter: demo", "    adapter: folder", "datasets"),
        ("  demo:  ", "  other: {adapter: demo}\n  demo:  ", "datasets.other"),
        ("  demo:  ", "  mine: {adapter: folder}\n  dmo:  ", "exactly the set `demo` has the"),
        ("decode:\n", "decode: [\n", "params.yaml is not valid YAML"),
        ("within: null", "within: female", "within: it should be a group as column:value, such"),
        ("within: null", "within: {gender: female}", "within: it should be a group as column:"),
        ("  young: 18", "  young: 0", "groups.young: it should be greater than 0, not 0"),
        ("quality:\n", "qualty:\n", "quality: missing"),
        ("\nvit:\n", "\nvti:\n", "vit: missing"),
        ("multitask:\n  weight: 0.5 ", "multitask: null ", "multitask: it should hold the sect"),
        ("model: mesh", "model: vti", "model: 'vti' is not allowed; did you mean 'vit'?"),
    ],
)
def test_what_is_refused_is_named_with_its_place(tmp_path: Path, old: str, new: str, says: str):
    with pytest.raises(ParamsError) as refusal:
        load(tmp_path, old, new)
    assert says in str(refusal.value)


def bomb(place: str) -> str:
    """Forty lines that stand for 10^39 values, the last of which is asked for at a place."""
    lines = ["l0: &l0 lol"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 40)]
    return "\n".join([*lines, f"{place}: *l39"])


HOSTILE = {
    "a bomb": (bomb("seed"), "params.yaml, line 1: anchors, aliases and tags (&, *, !) are"),
    "an anchor": ("seed: 1\nmodel: &a mesh\n", "params.yaml, line 2: anchors"),
    "an alias": ("seed: 1\nmodel: *a\n", "params.yaml, line 2: anchors"),
    "a merge": ("seed: {<<: *a}\n", "params.yaml, line 1: anchors"),
    "a tag": ("seed: !!bool maybe\n", "params.yaml, line 1: anchors"),
    "a tag of a list": ("seed: !!set {a}\n", "params.yaml, line 1: anchors"),
    "no date": ("seed: 2024-99-99\n", "params.yaml is not valid YAML: month must be in 1..12"),
    "endless digits": (f"seed: {'9' * 5000}\n", "params.yaml is not valid YAML: Exceeds the limit"),
    "two files in one": ("seed: 1\n---\nseed: 2\n", "params.yaml is not valid YAML: expected a si"),
    "51 levels": (f"seed: {'[' * 51}", "params.yaml, line 1: more than 50 levels"),
    "400,000 levels": ("[" * 400_000, "params.yaml, line 1: more than 50 levels"),
    "no text": ("seed: \udcff\n", "params.yaml is not valid YAML: 'utf-8' codec can't decode"),
    "a megabyte": ("#" * 1_000_001, "params.yaml has 1,000,001 bytes, and at most 1,000,000 are"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_before_anything_is_made_of_it(tmp_path: Path, name: str):
    text, says = HOSTILE[name]
    path = tmp_path / "params.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ParamsError) as refusal:
        params.load(path)
    assert str(refusal.value).startswith(says)
    assert "\n" not in str(refusal.value)


def test_nothing_is_made_of_an_alias(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(yaml, "load", lambda *_, **__: pytest.fail("it was loaded"))
    (tmp_path / "engine.yaml").write_text("workers: &w 2\ntime_limit: *w\n")
    with pytest.raises(ParamsError, match=r"engine\.yaml, line 1: anchors"):
        settings.load(tmp_path / "engine.yaml")


def test_signs_between_quotes_and_fifty_levels_are_read(tmp_path: Path):
    path = tmp_path / "engine.yaml"
    path.write_text(f"'*a': ['&b', \"!c\", a & b, 2 * 3]\ndeep: {'[' * 49}{']' * 49}\n")
    assert read_yaml(path)["*a"] == ["&b", "!c", "a & b", "2 * 3"]


def test_a_data_set_s_adapter_is_its_name_unless_given(tmp_path: Path):
    named = load(tmp_path, "  demo:  ", "  folder:\n  mine: {adapter: folder}\n  demo:  ")
    adapters = {name: dataset.adapter for name, dataset in named.datasets.items()}
    assert adapters.pop("mine") == "folder"
    assert {"folder", "demo", "uva-nemo"} <= set(adapters)
    assert all(name == adapter for name, adapter in adapters.items())


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(ParamsError, match=r"params\.yaml is missing in "):
        params.load(tmp_path / "params.yaml")


def test_every_adapter_has_settings_and_every_setting_an_adapter():
    [union, _] = get_args(Dataset)
    tags = [get_args(kind.model_fields["adapter"].annotation) for kind in get_args(union)]
    assert sorted(tag for each in tags for tag in each) == sorted(ADAPTERS)


def test_every_key_of_the_shipped_files_is_explained_beside_it():
    for name in ("params.yaml", "engine.yaml"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            stripped = line.strip()
            is_value = ":" in stripped and not stripped.startswith("#") and stripped[-1] != ":"
            assert not is_value or " # " in line, f"{name}: {line} needs a comment"


def test_engine_yaml_names_every_setting_with_its_default():
    shipped = yaml.safe_load((ROOT / "engine.yaml").read_text(encoding="utf-8"))
    assert shipped == settings.Settings().model_dump()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        (
            "DUCHENNE_WORKERS",
            "0",
            "workers: it should be auto or a whole number of at least 1, not 0",
        ),
        ("DUCHENNE_ENGINE", "spark", "engine: it should be local, inline"),
        ("DUCHENNE_LOG", "inof", "'inof' is not allowed; did you mean 'info'?"),
        ("DUCHENNE_TIME_LIMIT", "-1", "time_limit: it should be greater than 0"),
        (
            "DUCHENNE_CACHE_OWNERS",
            "[root, no.such]",
            "cache_owners.1: it should be the name of a user of this machine, not 'no.such'",
        ),
    ],
)
def test_variables_overrule_engine_yaml_and_are_checked_too(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
):
    monkeypatch.setenv("DUCHENNE_WORKERS", "3")
    assert settings.load(ROOT / "engine.yaml").processes() == 3
    monkeypatch.setenv(variable, value)
    with pytest.raises(ParamsError) as refusal:
        settings.load(ROOT / "engine.yaml")
    assert says in str(refusal.value)


def test_the_units_of_oneself_of_root_and_of_named_users_are_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    named = pwd.getpwall()[-1]
    found = settings.Settings(cache_owners=[named.pw_name]).owners()
    assert found == {0, 1000, named.pw_uid}


MODELS = [model for model in get_args(Model) if model != "mesh"]


@pytest.mark.parametrize("model", MODELS)
def test_a_fusion_is_the_landmark_network_s_alone(model: str, tmp_path: Path):
    text = SHIPPED.replace("model: mesh", f"model: {model}", 1)
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert params.load(path).model == model
    path.write_text(text.replace("fusion: none", "fusion: hadamard", 1))
    with pytest.raises(
        ParamsError, match=f"hadamard is for model: mesh alone; with model: {model}"
    ):
        params.load(path)


@pytest.mark.parametrize(
    ("model", "old", "new", "says"),
    [
        (
            "svm",
            "protocol: nested",
            "protocol: published",
            "model: svm has none; use protocol: nes",
        ),
        ("mesh", "crop: auto", "crop: 0.1", "model: mesh has no use for augment.crop; set it to 0"),
        ("vit", "noise: auto", "noise: 0.1", "model: vit has no use for augment.noise"),
        ("vit", "scale: auto", "scale: 0.1", "augment.scale"),
        ("pstnet", "warp: auto", "warp: 0.5", "model: pstnet has no use for augment.warp"),
        ("svm", "pad: mask", "pad: zeros", "model: svm sees no windows, and window.pad: zeros"),
        (
            "mesh",
            "durations: keep",
            "durations: drop",
            "model: mesh with fusion: none sees none; use keep",
        ),
        ("rocket", "durations: keep", "durations: drop", "model: rocket sees none; use keep"),
        ("duration", "durations: keep", "durations: drop", "model: duration sees none; use keep"),
        (
            "majority",
            "mirror: auto",
            "mirror: 0.5",
            "model: majority has no use for augment.mirror",
        ),
    ],
)
def test_what_the_model_would_not_heed_is_refused(model, old, new, says, tmp_path: Path):
    text = SHIPPED.replace("model: mesh", f"model: {model}", 1)
    path = tmp_path / "params.yaml"
    path.write_text(text)
    params.load(path)
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ParamsError) as refusal:
        params.load(path)
    assert says in str(refusal.value)
    assert "datasets" not in str(refusal.value)


def test_a_window_of_one_frame_has_nothing_to_pad(tmp_path: Path):
    path = tmp_path / "params.yaml"
    text = SHIPPED.replace("pad: mask", "pad: zeros", 1)
    path.write_text(text)
    assert params.load(path).window.pad == "zeros"
    path.write_text(text.replace("frames: auto", "frames: 1", 1))
    with pytest.raises(ParamsError, match="window of one frame has no end to fill"):
        params.load(path)


def test_bent_time_would_not_bend_velocities(tmp_path: Path):
    path, text = tmp_path / "params.yaml", SHIPPED.replace("model: mesh", "model: vit", 1)
    text = text.replace("warp: auto", "warp: 0.5", 1)
    path.write_text(text)
    assert params.load(path).window.shows == "motion"
    path.write_text(text.replace("shows: auto", "shows: velocity", 1))
    says = "model: vit with window.shows: velocity has no use for augment.warp"
    with pytest.raises(ParamsError, match=says):
        params.load(path)


@pytest.mark.parametrize("dataset", ["uva-nemo", "bbc", "mmi", "spos", "demo"])
@pytest.mark.parametrize("model", ["mesh", "realsmilenet", "dexpression", "scn", "vit"])
def test_motion_may_be_asked_of_any_network_and_set(model: str, dataset: str, tmp_path: Path):
    text = SHIPPED.replace("dataset: demo", f"dataset: {dataset}", 1)
    text = text.replace("model: mesh", f"model: {model}", 1)
    path = tmp_path / "params.yaml"
    path.write_text(text.replace("shows: auto", "shows: motion", 1))
    assert params.load(path).window.shows == "motion"


@pytest.mark.parametrize("model", ["svm", "trees", "duration"])
def test_photographs_have_no_dynamics(model: str, tmp_path: Path):
    text = SHIPPED.replace("dataset: demo", "dataset: ckplus", 1)
    path = tmp_path / "params.yaml"
    path.write_text(text.replace("model: mesh", f"model: {model}", 1))
    with pytest.raises(ParamsError, match=f"holds photographs, and model: {model} needs clips"):
        params.load(path)
    stills = text.replace("model: mesh", "model: scn", 1)
    path.write_text(stills)
    assert params.load(path).window.frames == 1
    path.write_text(stills.replace("shows: auto", "shows: motion", 1))
    with pytest.raises(ParamsError, match=r"photographs, and window.shows: motion \(use shape\)"):
        params.load(path)


@pytest.mark.parametrize("dataset", ["ckplus", "fer2013"])
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fusion: none", "fusion: film", "photographs, and fusion: film (use fusion: none) needs"),
        ("shows: auto", "shows: motion", "photographs, and window.shows: motion (use shape) needs"),
        ("shows: auto", "shows: velocity", "photographs, and window.shows: velocity (use shape)"),
    ],
)
def test_what_photographs_lack_is_refused_before_anything_runs(
    tmp_path: Path, dataset: str, old: str, new: str, says: str
):
    text = SHIPPED.replace("dataset: demo", f"dataset: {dataset}", 1)
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert params.load(path).dataset == dataset
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ParamsError) as refusal:
        params.load(path)
    assert f"{dataset} holds {says}" in str(refusal.value)


@pytest.mark.parametrize(
    ("dataset", "scheme", "frames", "size"),
    [
        ("demo", "stratified", 32, 40),
        ("ckplus", "stratified", 1, 20),
        ("fer2013", "published", 1, 20),
    ],
)
def test_a_set_says_how_small_its_faces_and_how_long_its_windows_are(
    tmp_path: Path, dataset: str, scheme: str, frames: int, size: int
):
    found = load(tmp_path, "dataset: demo", f"dataset: {dataset}")
    assert (found.folds.scheme, found.window.frames) == (scheme, frames)
    assert (found.quality.min_size, found.detect.min_score) == (size, 0.7 if size == 40 else 0.5)
