"""data/params/<stage>.json: what a stage's parameters come to, once the data set has had its say.

Where params.yaml says `auto`, the data set and the model decide. DVC sees what they decided in this
file, so a stage reruns only if one of its own parameters has come to something else.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from duchenne.config.params import Params
from duchenne.errors import StageError

OWN = "datasets.<dataset>"  # beside `dataset`: what the chosen one says of itself
_OF_OTHERS = {"auto", "auto_for"}


def settled(params: Params, names: Sequence[str]) -> dict[str, Any]:
    """The values of parameters, each named as in dvc.yaml (`decode`, `quality.max_failed`)."""
    whole = params.model_dump(mode="json")
    found = {name: _at(whole, name) for name in names}
    if "dataset" in found:
        own = whole["datasets"][params.dataset]
        found[OWN] = {key: value for key, value in own.items() if key not in _OF_OTHERS}
    return found


def names(stage: Mapping[str, Any]) -> tuple[str, ...]:
    """The parameters that a stage of dvc.yaml declares."""
    return tuple(stage.get("params", ()))


def check(folder: Path, stage: str, now: Mapping[str, Any]) -> None:
    """Refuse, under DVC, parameters that are not those which it will remember."""
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
