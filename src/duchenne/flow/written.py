"""data/code/<stage>.json: what code a stage runs, written down before it runs.

DVC knows a stage's code by this file alone. So a stage that runs other code than is written there
must fail: DVC would remember its results as those of the code that is written.
"""

import hashlib
import json
from pathlib import Path

from duchenne.errors import SourceError
from duchenne.flow import closure


def digests(project: Path, stage: str) -> dict[str, str]:
    """The digest of each file that a stage runs."""
    return {path: _digest(project / path) for path in closure.of_stage(project, stage)}


def check(project: Path, stage: str) -> None:
    """Refuse code that has changed since; where nothing is written, DVC does not watch."""
    file = project / "data" / "code" / f"{stage}.json"
    if not file.exists():
        return
    known = json.loads(file.read_text(encoding="utf-8"))
    changed = [path for path, digest in known.items() if _digest(project / path) != digest]
    if changed:
        raise SourceError(
            f"{changed[0]} has changed since `code` looked at it; `dvc repro` (without "
            "--single-item) looks again and goes on"
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "gone"
