"""data/params/<stage>.json: the values of a stage's parameters, with `auto` resolved.

Values of `auto` depend on the data set and the model. This file is a dependency of the stage in
dvc.yaml, so the stage reruns only if a value of its own parameters changes. Beside it stands
data/params/published.json: the chosen model's settings, the published ones, and their sources.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from duchenne.config.datasets import published_settings
from duchenne.config.params import Params
from duchenne.errors import StageError

OWN = "datasets.<dataset>"  # the settings of the chosen data set itself
_OF_OTHERS = {"auto", "auto_for"}


def settled(params: Params, names: Sequence[str]) -> dict[str, Any]:
    """The values of the parameters `names`, as in dvc.yaml (`decode`, `quality.max_failed`)."""
    whole = params.model_dump(mode="json")
    found = {name: _at(whole, name) for name in names}
    if "dataset" in found:
        own = whole["datasets"][params.dataset]
        found[OWN] = {key: value for key, value in own.items() if key not in _OF_OTHERS}
    return found


def beside_published(params: Params) -> dict[str, dict[str, Any]]:
    """Each setting of the chosen model that has a published value: the value of this run, where
    the published one is from, and that one too if it is another."""
    whole, found = params.model_dump(mode="json"), {}
    for name, model, value, source in published_settings():
        if model in ("", params.model):
            now = _at(whole, name)
            other = {} if now == value else {"published": value}
            found[name] = {"value": now, **other, "source": source}
    return found


def names(stage: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the parameters that a stage of dvc.yaml declares."""
    return tuple(stage.get("params", ()))


def check(folder: Path, stage: str, now: Mapping[str, Any]) -> None:
    """Under DVC, refuse parameters that differ from the file, which DVC has recorded."""
    file = folder / f"{stage}.json"
    if "DVC_STAGE" not in os.environ or not file.exists():
        return
    known = json.loads(file.read_text(encoding="utf-8"))
    if known.keys() != now.keys():
        raise StageError(
            f"dvc.yaml names other parameters of {stage} than when `check` looked; "
            "`dvc repro --force check` settles them"
        )
    changed = [name for name in known if known[name] != now[name]]
    if changed:
        raise StageError(
            f"{changed[0]} has changed since `check` looked at params.yaml; `dvc repro` (without "
            "--single-item) looks again and goes on"
        )


def _at(whole: Mapping[str, Any], name: str) -> Any:
    value: Any = whole
    for key in name.split("."):
        if not isinstance(value, Mapping) or key not in value:
            raise StageError(f"dvc.yaml: there is no parameter {name}")
        value = value[key]
    return value
