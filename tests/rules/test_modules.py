"""Every module has a test of its name, or of its folder, or stands here with the test that asks it.

A part is tested with its whole where it has no behaviour of its own that could be asked: a table
with the stage that fills it, a kernel with the network that it must equal, a check with the doctor.
"""

from collections.abc import Mapping

import pytest

from tests.rules.imports import ROOT, closure

PACKAGE = ROOT / "src/duchenne"
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix().removesuffix(".py")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
)
# Module, or folder with all that lies in it: the test file below tests/ that asks it.
WITH_THE_WHOLE = {
    "cli/main": "flow/test_cache.py",
    "config/datasets": "config/test_params.py",
    "config/training": "config/test_params.py",
    "config/yaml": "config/test_params.py",
    "datasets/adapters/": "datasets/test_naming.py",
    "datasets/demo/": "datasets/demo/test_render.py",
    "datasets/listing": "datasets/adapters/test_folder.py",
    "datasets/splits/": "datasets/splits/test_stratified.py",
    "dmarkers/edges": "dmarkers/test_events.py",
    "dmarkers/features": "dmarkers/test_extract.py",
    "evaluation/metrics": "evaluation/test_scores.py",
    "face/crop": "face/test_follow.py",
    "face/similarity": "face/test_pose.py",
    "face/tracks": "face/test_follow.py",
    "flow/attempt": "flow/test_fanout.py",
    "flow/engine": "flow/test_cluster.py",
    "flow/progress": "flow/test_fanout.py",
    "flow/settings": "config/test_params.py",
    "flow/unit": "flow/test_fanout.py",
    "flow/worker": "flow/test_cluster.py",
    "media/container": "media/test_bad_videos.py",
    "media/facts": "media/test_video.py",
    "media/jpeg": "media/test_video.py",
    "media/numbered": "media/test_sequence.py",
    "nets/rocket": "training/fitting/test_rocket.py",
    "nets/curves": "nets/test_curvenet.py",
    "nets/heads": "nets/test_smilenet.py",
    "nets/inputs": "nets/test_smilenet.py",
    "nets/kernels/": "nets/test_curvenet.py",
    "nets/registry": "training/test_prepare.py",
    "nets/settings": "nets/test_smilenet.py",
    "nets/trunk": "nets/test_smilenet.py",
    "pipeline/clips": "pipeline/test_crops.py",
    "cli/history": "cli/test_compare.py",
    "measuring": "cli/test_measure.py",
    "predicting": "cli/test_predict.py",
    "bundle": "cli/test_predict.py",
    "report/card": "cli/test_predict.py",
    "pipeline/dvc": "cli/test_forget.py",
    "pipeline/revisions": "cli/test_compare.py",
    "report/": "cli/test_report.py",
    "subjects": "evaluation/test_audit.py",
    "tables/": "cli/test_docs.py",
    "tables/models": "training/test_fold.py",
    "units/": "cli/test_measure.py",
    "units/dmarkers": "stages/test_dmarkers.py",
    "training/signals": "training/fitting/test_rocket.py",
    "training/chip_batches": "training/test_chip_inputs.py",
    "training/fitting/": "training/fitting/test_fitters.py",
    "training/gpus": "stages/test_train.py",
    "training/landmark_batches": "training/test_fold.py",
    "training/landmark_inputs": "training/test_fold.py",
    "training/objective": "training/test_loop.py",
}
# What is loaded by its name, or runs in processes of its own, so that no test imports it.
BY_NAME = {
    "cli/doctor/": "cli/doctor/test_examine.py",
    "flow/forked": "flow/test_startup.py",
    "flow/serve": "flow/test_cluster.py",
    "datasets/demo/locate": "pipeline/test_landmarks.py",
    "pipeline/smiles": "pipeline/test_dmarkers.py",
}


def own_tests(module: str) -> set[str]:
    folder, _, name = module.rpartition("/")
    above, _, last = folder.rpartition("/")
    return {f"{folder}/test_{name}.py".lstrip("/"), f"{above}/test_{last}.py".lstrip("/")}


def covers(entry: str, module: str) -> bool:
    return module == entry or (entry.endswith("/") and module.startswith(entry))


def listed(module: str, tests: Mapping[str, str]) -> str | None:
    """The longest entry counts."""
    entries = [entry for entry in tests if covers(entry, module)]
    return tests[max(entries, key=len)] if entries else None


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_tested_by_its_name_or_with_its_whole(module: str):
    if any((ROOT / "tests" / test).exists() for test in own_tests(module)):
        return
    if named := listed(module, BY_NAME):
        assert (ROOT / "tests" / named).exists()
        return
    test = listed(module, WITH_THE_WHOLE)
    assert test is not None, f"write tests/{sorted(own_tests(module))[-1]}"
    assert f"src/duchenne/{module}.py" in closure(f"tests/{test}"), f"{test} does not reach it"


def test_the_list_is_of_modules_without_a_test_of_their_name():
    for entry in [*WITH_THE_WHOLE, *BY_NAME]:
        held = [module for module in MODULES if covers(entry, module)]
        assert held, f"{entry} is gone"
        without = [m for m in held if not any((ROOT / "tests" / t).exists() for t in own_tests(m))]
        assert without, f"{entry} has tests of its own name"
