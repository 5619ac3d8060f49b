"""`duchenne forget frames`: delete the pictures of faces, wherever the pipeline keeps them.

They lie in the workspace, in DVC's cache (those of every commit and experiment), and in the unit
cache. A table of pictures says in its metadata which stage has made it, so none is missed because
no commit names it any more, and no other file is taken for one. Nothing is deleted behind a link.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from duchenne.errors import EngineError, listed
from duchenne.flow.cache import UnitCache
from duchenne.pipeline import dvc
from duchenne.tables import parquet

STAGES = ("decode", "crops")  # those that write pictures
FOLDERS = ("data/frames", "data/crops")  # and where they write them


@dataclass(frozen=True)
class Share:
    """The files to forget in one of the three places."""

    place: str
    files: tuple[Path, ...]
    folders: tuple[Path, ...] = ()  # that held them, and go too once they are empty
    left: tuple[Path, ...] = ()  # what lies among them and is no table of pictures

    @property
    def bytes(self) -> int:
        return sum(file.lstat().st_size for file in self.files)


def found(root: Path, units: UnitCache) -> list[Share]:
    """What there is to forget, place by place."""
    copies = [root, *(root / ".dvc/tmp/exps").glob("*/")]  # experiments run in copies
    outs = [copy / folder for copy in copies for folder in FOLDERS]
    kept = dvc.is_project(root)
    return [
        _in_workspace(_unlinked(outs, below=root)),
        Share("DVC's cache", tuple(_in_dvc(root, dvc.cache_folder(root))) if kept else ()),
        _in_units(_unlinked([units.root / "units" / s for s in STAGES], below=units.root)),
    ]


def freed(shares: Sequence[Share]) -> int:
    """Bytes that the disk gets back: links to one file count once, and only if all of them go."""
    links: dict[tuple[int, int], int] = defaultdict(int)
    size: dict[tuple[int, int], tuple[int, int]] = {}
    for share in shares:
        for file in share.files:
            seen = file.lstat()
            links[seen.st_dev, seen.st_ino] += 1
            size[seen.st_dev, seen.st_ino] = (seen.st_nlink, seen.st_size)
    return sum(size[file][1] for file, count in links.items() if count >= size[file][0])


def delete(shares: Sequence[Share]) -> None:
    """Delete the files, then the folders; what may not be deleted is named."""
    stuck = []
    for file in (file for share in shares for file in share.files):
        try:
            file.unlink(missing_ok=True)
        except OSError:
            stuck.append(str(file))
    for folder in (folder for share in shares for folder in share.folders):
        _remove_if_empty(folder)
    if stuck:
        raise EngineError(
            f"{len(stuck)} files may not be deleted: {listed(stuck)}; all others are gone; ask "
            "the owner of these, then run this again"
        )


def _unlinked(folders: Sequence[Path], *, below: Path) -> list[Path]:
    """Those of the folders that there are, if no step from `below` down to one is a link."""
    found = [folder for folder in folders if folder.is_dir()]
    for folder in found:
        steps = [step for step in (folder, *folder.parents) if below in step.parents]
        for link in filter(Path.is_symlink, steps):
            raise EngineError(
                f"{link} is a link to {link.resolve()}, and nothing is deleted behind a link; "
                "delete the pictures there yourself, remove the link and run this again"
            )
    return found


def _in_workspace(folders: Sequence[Path]) -> Share:
    """A folder without pictures stays: it is the result of a model that looks at none."""
    files = [file for folder in folders for file in _files(folder)]
    pictures = [file for file in files if _is_of_pictures(file)]
    held = [folder for folder in folders if any(folder in file.parents for file in pictures)]
    return Share("workspace", tuple(pictures), tuple(held), tuple(sorted({*files} - {*pictures})))


def _in_units(folders: Sequence[Path]) -> Share:
    """Whole entries: a record without its pictures would be a damaged one."""
    files = [file for folder in folders for file in _files(folder)]
    return Share("unit cache", tuple(files), tuple(folders))


def _in_dvc(root: Path, cache: Path) -> list[Path]:
    """Lists of folders that hold pictures alone, then the pictures; without whatever is part of
    other data, such as frames that somebody has added as a data set."""
    objects = _files(cache / "files")
    pictures = {dvc.object_name(file): file for file in objects if _is_of_pictures(file)}
    lists = {file: dvc.listing(file) for file in objects if file.suffix == dvc.DIRECTORY}
    pure = [file for file, names in lists.items() if names and names <= set(pictures)]
    mixed = [names for file, names in lists.items() if file not in pure]
    held = _named_by_others(root, cache).union(*mixed)
    return [
        *(file for file in pure if dvc.object_name(file) not in held),
        *(file for name, file in pictures.items() if name not in held),
    ]


def _named_by_others(root: Path, cache: Path) -> set[str]:
    """The objects of all outs but ours, and what lies in those that are folders."""
    others = {out.md5 for out in dvc.outs(root) if out.path not in FOLDERS}
    return others.union(*(dvc.listing(dvc.object_file(cache, md5)) for md5 in others))


def _is_of_pictures(file: Path) -> bool:
    """Whether a file is a table that one of our stages has filled with pictures."""
    if file.suffix == dvc.DIRECTORY or not file.is_file():
        return False
    try:
        made_by = json.loads(parquet.facts(file).get("duchenne", "{}"))
    except (OSError, pa.ArrowException, ValueError):
        return False
    return isinstance(made_by, dict) and made_by.get("stage") in STAGES


def _files(folder: Path) -> list[Path]:
    """Files and links below a folder, not what lies behind the links."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def _remove_if_empty(folder: Path) -> None:
    for below in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):
            below.rmdir()
    with suppress(OSError):
        folder.rmdir()
