"""Open a face mesh by its name, and list the files of weights it will use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from duchenne.errors import ParamsError, suggest
from duchenne.face.mesh.attention import AttentionMesh
from duchenne.face.mesh.base import Mesher
from duchenne.face.mesh.dlib68 import Dlib68, predictor_path
from duchenne.face.mesh.tasks import TasksMesh, bundle_digest
from duchenne.media.regular import sha256_of

MESHES: dict[str, Callable[..., Mesher]] = {
    "attention-mesh": AttentionMesh,
    "tasks": TasksMesh,
    "dlib68": Dlib68,
}


def open_mesh(
    backend: str, *, model: Path | None = None, margin: float | None = None, threads: int = 1
) -> Mesher:
    """The mesh called `backend`. `model` is the user's `.task` file for `tasks`; `margin` enlarges
    the box (None: the mesh's default); only `attention-mesh` uses `threads`."""
    if backend not in MESHES:
        raise ParamsError(f"mesh.backend: no mesh '{backend}'; {suggest(backend, MESHES)}")
    own: dict[str, dict[str, Any]] = {
        "tasks": {"model": model},
        "attention-mesh": {"threads": threads},
    }
    enlarge = {} if margin is None else {"margin": margin}
    return MESHES[backend](**own.get(backend, {}), **enlarge)


def weights_of(backend: str, *, model: Path | None = None) -> tuple[tuple[str, str], ...]:
    """(name, sha256) of weights that are not fixed by the versions of the installed packages.

    Raises ParamsError if they are missing, before any model is started.
    """
    if backend == "tasks":
        if model is None:
            raise ParamsError("mesh.model: name the .task file that mesh.backend=tasks runs")
        return ((model.name, bundle_digest(model)),)
    if backend == "dlib68":
        path = predictor_path()
        return ((path.name, sha256_of(path)),)
    return ()
