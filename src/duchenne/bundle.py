"""A trained run in a folder of its own: weights, settings and a card, with the digest of each file.

It holds what `predict` needs and no names of people; damage is found by the digests.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duchenne import __version__
from duchenne.errors import TrainingError, listed
from duchenne.flow.unit import digest
from duchenne.tables.files import write_bytes, write_json
from duchenne.tables.models import files

MANIFEST, CARD = "bundle.json", "card.md"
VERSION = 1
_KEPT = ("fold", "classes", "epoch", "learns", "epoch_chosen_on", "optimistic", "padded",
         "learnt_from", "parameters", "network", "temperature", "not_calibrated", "settings",
         "scale")  # fmt: skip


def write(folds: Path, out: Path, *, card: str, run: Mapping[str, Any]) -> str:
    """Write a bundle of the models in `folds`; its digest, which pins all of it."""
    places = sorted(place for place in folds.glob("*") if (place / "model.json").is_file())
    if not places:
        raise TrainingError(f"{folds} holds no models; run `dvc repro`")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"{out} is there already; name another folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=out.parent) as made:
        root = Path(made, "bundle")
        for place in places:
            target = files(root / place.name)
            target.facts.parent.mkdir(parents=True)
            write_json(target.facts, _facts(place))
            shutil.copyfile(files(place).weights, target.weights)
        write_bytes(root / CARD, card.encode())
        inside = sorted(path for path in root.rglob("*") if path.is_file())
        named = {path.relative_to(root).as_posix(): digest(path) for path in inside}
        about = {"version": VERSION, "duchenne": __version__, "run": dict(run), "files": named}
        write_json(root / MANIFEST, about)
        if out.exists():
            out.rmdir()
        root.rename(out)
    return digest(out / MANIFEST)


def _facts(fold: Path) -> dict[str, Any]:
    """model.json without the names of the people that it was trained on."""
    facts = json.loads(files(fold).facts.read_text(encoding="utf-8"))
    kept = {name: facts[name] for name in _KEPT if name in facts}
    if facts.get("dmarkers"):
        kept["dmarkers"] = facts["dmarkers"] | {"subjects": []}
    return kept


def check(folder: Path, *, sha256: str | None = None) -> None:
    """Refuse a bundle that is damaged, of another version, or not the one that `sha256` pins. A
    folder of models without a list of files is no bundle, and is taken as it is."""
    listed_in = folder / MANIFEST
    if not listed_in.is_file():
        if sha256 is not None:
            raise TrainingError(f"{folder} is no bundle, so no digest pins it")
        return
    found = digest(listed_in)
    if sha256 is not None and found != sha256.lower():
        raise TrainingError(f"{folder} is another bundle: its digest is {found}")
    about = json.loads(listed_in.read_text(encoding="utf-8"))
    if about.get("version") != VERSION:
        raise TrainingError(
            f"{folder} is a bundle of version {about.get('version')}; this duchenne reads {VERSION}"
        )
    names = about["files"]
    damaged = [name for name, known in names.items() if not _is_whole(folder, name, known)]
    models = {path.relative_to(folder).as_posix() for path in folder.glob("*/model.*")}
    extra = models - set(names)
    if damaged or extra:
        raise TrainingError(
            f"{folder} is damaged: {listed([*damaged, *extra])} are not as exported"
        )


def _is_whole(folder: Path, name: str, known: str) -> bool:
    path = folder / name
    inside = path.resolve().is_relative_to(folder.resolve())
    return inside and path.is_file() and digest(path) == known
