"""All stages have one shape, and dvc.yaml declares exactly what each of them uses."""

import ast
import re

import pytest
import yaml

from duchenne.config.datasets import DemoDataset
from duchenne.config.training import TrainingKeys
from tests.rules.imports import ROOT, tree

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
NOT_OWN = {"adapter", "auto", "auto_for"}
SCRIPTS = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")


def calls(stage: str, method: str) -> set[str]:
    """The literal arguments of every `stage.<method>(...)` in a script."""
    found = set()
    for node in ast.walk(tree(f"stages/{stage}.py")):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"stage.{method}":
            assert isinstance(node.args[0], ast.Constant), "paths stand in the script as they are"
            found.add(str(node.args[0].value))
    return found


def params_read(stage: str) -> set[str]:
    """Every `stage.params.a.b` in a script, as dvc.yaml names it: `a.b`."""
    text = ast.unparse(tree(f"stages/{stage}.py"))
    found = set(re.findall(r"stage\.params\.([a-z0-9_]+(?:\.[a-z0-9_]+)*)", text))
    if "Training.of(stage.params)" in text:
        found |= set(TrainingKeys.model_fields)
    if "data/raw/${dataset}" in text:
        found.add("dataset")
    if "datasets[stage.params.dataset]" in text:
        found.remove("datasets")  # what the chosen one says of itself goes with `dataset`
    if "datasets['demo']" in text:
        found.remove("datasets")
        found |= {f"datasets.demo.{key}" for key in DemoDataset.model_fields if key not in NOT_OWN}
    return found


def declared(stage: str, kind: str) -> set[str]:
    if kind == "outs":
        return names(stage, "outs") | names(stage, "metrics")
    return names(stage, kind)


def names(stage: str, kind: str) -> set[str]:
    return {
        entry if isinstance(entry, str) else next(iter(entry))
        for entry in PIPELINE[stage].get(kind, [])
    }


def test_every_script_is_a_stage_and_every_stage_a_script():
    assert set(SCRIPTS) == set(PIPELINE)


@pytest.mark.parametrize("stage", SCRIPTS)
def test_the_shape_of_a_stage(stage: str):
    module = tree(f"stages/{stage}.py")
    assert ast.get_docstring(module), "a docstring says what it does and why"
    names = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    assert "run" in names
    assert names[-1] == "main"
    assert len((ROOT / f"stages/{stage}.py").read_text().splitlines()) < 190
    ending = f'def main() -> int:\n    return execute("{stage}")'
    guard = 'if __name__ == "__main__":\n    raise SystemExit(main())\n'
    text = (ROOT / f"stages/{stage}.py").read_text()
    assert ending in text
    assert text.endswith(guard)


@pytest.mark.parametrize("stage", SCRIPTS)
def test_how_a_stage_is_started(stage: str):
    """No shell stays between dvc and the stage, which ends itself when its parent dies."""
    assert PIPELINE[stage]["cmd"] == f"exec python -m stages.{stage}"
    assert PIPELINE[stage]["desc"]


@pytest.mark.parametrize("stage", SCRIPTS)
def test_declared_data_is_the_data_that_is_read_and_written(stage: str):
    read = declared(stage, "deps")
    assert declared(stage, "outs") == calls(stage, "out")
    assert read - waits_for(stage) == calls(stage, "dep")
    assert waits_for(stage) <= read


def waits_for(stage: str) -> set[str]:
    """Every stage looks again when its code or a version has changed, and waits for check."""
    match stage:
        case "code":
            return set()
        case "check":
            return {"requirements.lock", "data/code/check.json", "params.yaml"}
    return {"requirements.lock", f"data/code/{stage}.json", f"data/params/{stage}.json"}


@pytest.mark.parametrize("stage", SCRIPTS)
def test_declared_params_are_the_params_that_are_read(stage: str):
    assert declared(stage, "params") == params_read(stage)


def test_no_plain_out_costs_a_stage_its_run_cache():
    """An out with `cache: false` or `persist: true` would."""
    for stage in PIPELINE.values():
        for out in stage["outs"]:
            assert isinstance(out, str), out
    metrics = [entry for stage in PIPELINE.values() for entry in stage.get("metrics", [])]
    assert metrics == [{"metrics/summary.json": {"cache": False}}], "committed, and the only one"


def test_dataset_is_the_only_interpolated_parameter():
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(.*?)\}", text)) == {"dataset"}


def test_the_helper_refuses_what_is_not_declared():
    from duchenne.errors import StageError
    from duchenne.pipeline.stage import load

    stage = load("decode", ROOT)
    assert stage.dep("data/raw/${dataset}") == ROOT / "data/raw/demo"
    with pytest.raises(StageError, match="does not declare data/other under deps"):
        stage.dep("data/other")
    with pytest.raises(StageError, match="under outs"):
        stage.out("data/clips.parquet")
