"""Workspaces for the doctor to look at."""

from pathlib import Path
from typing import Any

from duchenne.cli.doctor import Finding, Site
from duchenne.config import params
from tests.make.workspace import Workspace

HEADER = "path,subject,label\n"


def site(root: Path, dataset: str = "mine", **changes: Any) -> Site:
    """A workspace with an empty set `mine`; `decode__fps=10` is `decode.fps: 10`."""
    workspace = Workspace.make(root)
    workspace.set(datasets__mine={"adapter": "folder"}, **changes)
    (root / "data/raw/mine").mkdir(parents=True)
    (root / "data/raw/mine/clips.csv").write_text(HEADER)
    return Site(root, params.load(root / "params.yaml"), dataset)


def put(site: Site, name: str, content: bytes) -> Path:
    """Add a clip to the set and to its list."""
    path = site.data / name
    path.write_bytes(content)
    with (site.data / "clips.csv").open("a") as file:
        file.write(f"{name},{name},1\n")
    return path


def texts(findings: list[Finding]) -> str:
    return "\n".join(f"{'BLOCKS' if one.blocks else 'note'}: {one.text}" for one in findings)
