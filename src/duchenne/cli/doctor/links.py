"""How DVC puts files of its cache into the workspace: links take no space, copies take it twice."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from duchenne.cli.doctor import Finding, Site
from duchenne.pipeline import dvc

USUAL = "reflink,copy"  # DVC's default for cache.type
BETTER = "reflink,hardlink,symlink,copy"
COPY = "copy"


def check(site: Site) -> Iterator[Finding]:
    """Report a folder without DVC or a cache that cannot be written; note that DVC copies."""
    if not dvc.is_project(site.root):
        yield Finding("this folder is not under DVC; work in a clone, or `git init` and `dvc init`")
        return
    cache = dvc.cache_folder(site.root)
    try:
        if kind(site.root, cache) == COPY:
            yield Finding(_copies(possible(site.root, cache)), blocks=False)
    except OSError as error:
        yield Finding(
            f"DVC's cache {cache} cannot be written ({error.strerror}); ask its owner to share it, "
            "or `dvc cache dir --local` to a folder of yours"
        )


def kind(root: Path, cache: Path) -> str:
    """The kind of link that DVC will use: the first that cache.type allows and the disk can do."""
    allowed = (dvc.setting(root, "cache.type") or USUAL).split(",")
    able = possible(root, cache)
    return next((name.strip() for name in allowed if name.strip() in able), COPY)


def possible(root: Path, cache: Path) -> Sequence[str]:
    """The kinds of link that the disk can make from the cache into the workspace."""
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as there, TemporaryDirectory(dir=root / ".dvc") as here:
        source = Path(there, "probe")
        source.write_bytes(b"probe")
        return [name for name, make in _MAKERS.items() if _works(make, source, Path(here, name))]


def _copies(able: Sequence[str]) -> str:
    text = "DVC copies files out of its cache, so large data take their space twice; "
    if able:
        return text + f"`dvc config cache.type {BETTER}`, then `dvc checkout --relink`"
    return text + "this file system has no links; move the project to one that has"


def _works(make: Callable[[str, str], object], source: Path, target: Path) -> bool:
    try:
        make(str(source), str(target))
    except (OSError, NotImplementedError):
        return False
    return True


def _reflink(source: str, target: str) -> None:
    from dvc_objects.fs import system

    system.reflink(source, target)  # type: ignore[no-untyped-call]


_MAKERS: Mapping[str, Callable[[str, str], object]] = {
    "reflink": _reflink,
    "hardlink": os.link,
    "symlink": os.symlink,
}
