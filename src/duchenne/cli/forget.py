"""`duchenne forget frames`: delete the pictures of faces that the pipeline keeps.

They are in the workspace, on the sheets that `duchenne show` has drawn, in DVC's cache (of all
commits and experiments) and in the unit cache. A table of pictures is recognised by the stage named
in its metadata, so those that no commit refers to any more are found too. Links are never followed.
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

STAGES = ("decode", "crops")  # stages that write pictures
FOLDERS = ("data/frames", "data/crops")  # their outputs
SHEETS = "data/reports/show"  # where `duchenne show` writes


@dataclass(frozen=True)
class PictureFiles:
    """The files to delete in one of the places."""

    place: str
    files: tuple[Path, ...]
    folders: tuple[Path, ...] = ()  # that had them; deleted too if they become empty
    left: tuple[Path, ...] = ()  # other files among them, which stay

    @property
    def bytes(self) -> int:
        return sum(file.lstat().st_size for file in self.files)


def found(root: Path, units: UnitCache) -> list[PictureFiles]:
    """The files to delete in each place."""
    copies = [root, *(root / ".dvc/tmp/exps").glob("*/")]  # experiments run in copies
    outs = [copy / folder for copy in copies for folder in FOLDERS]
    kept = dvc.is_project(root)
    return [
        _in_workspace(_unlinked(outs, below=root)),
        _sheets(_unlinked([root / SHEETS], below=root)),
        PictureFiles("DVC's cache", tuple(_in_dvc(root, dvc.cache_folder(root))) if kept else ()),
        _in_units(_unlinked([units.root / "units" / s for s in STAGES], below=units.root)),
    ]


def freed(places: Sequence[PictureFiles]) -> int:
    """Bytes that the disk gains: hard links to a file count once, and only if all are deleted."""
    links: dict[tuple[int, int], int] = defaultdict(int)
    size: dict[tuple[int, int], tuple[int, int]] = {}
    for place in places:
        for file in place.files:
            seen = file.lstat()
            links[seen.st_dev, seen.st_ino] += 1
            size[seen.st_dev, seen.st_ino] = (seen.st_nlink, seen.st_size)
    return sum(size[file][1] for file, count in links.items() if count >= size[file][0])


def delete(places: Sequence[PictureFiles]) -> None:
    """Delete the files, then empty folders; the error names files that could not be deleted."""
    stuck = []
    for file in (file for place in places for file in place.files):
        try:
            file.unlink(missing_ok=True)
        except OSError:
            stuck.append(str(file))
    for folder in (folder for place in places for folder in place.folders):
        _remove_if_empty(folder)
    if stuck:
        raise EngineError(
            f"{len(stuck)} files may not be deleted: {listed(stuck)}; all others are gone; ask "
            "the owner of these, then run this again"
        )


def _unlinked(folders: Sequence[Path], *, below: Path) -> list[Path]:
    """The folders that exist; a link on the way from `below` down to one is an error."""
    found = [folder for folder in folders if folder.is_dir()]
    for folder in found:
        steps = [step for step in (folder, *folder.parents) if below in step.parents]
        for link in filter(Path.is_symlink, steps):
            raise EngineError(
                f"{link} is a link to {link.resolve()}, and nothing is deleted behind a link; "
                "delete the pictures there yourself, remove the link and run this again"
            )
    return found


def _in_workspace(folders: Sequence[Path]) -> PictureFiles:
    """Tables of pictures in folders. A folder without any stays: the model uses no pictures."""
    files = [file for folder in folders for file in _files(folder)]
    pictures = [file for file in files if _is_of_pictures(file)]
    held = [folder for folder in folders if any(folder in file.parents for file in pictures)]
    return PictureFiles(
        "workspace", tuple(pictures), tuple(held), tuple(sorted({*files} - {*pictures}))
    )


def _sheets(folders: Sequence[Path]) -> PictureFiles:
    files = [file for folder in folders for file in sorted(folder.glob("*.png"))]
    return PictureFiles("sheets", tuple(files), tuple(folders))


def _in_units(folders: Sequence[Path]) -> PictureFiles:
    """Whole cache entries: an entry without its pictures would be damaged."""
    files = [file for folder in folders for file in _files(folder)]
    return PictureFiles("unit cache", tuple(files), tuple(folders))


def _in_dvc(root: Path, cache: Path) -> list[Path]:
    """Directory objects with pictures alone, then the pictures.

    Objects that other outs or directories refer to are left out, such as frames that were added
    as a data set.
    """
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
    """Objects of all outs except FOLDERS, and the objects in their directories."""
    others = {out.md5 for out in dvc.outs(root) if out.path not in FOLDERS}
    return others.union(*(dvc.listing(dvc.object_file(cache, md5)) for md5 in others))


def _is_of_pictures(file: Path) -> bool:
    """Whether a file is a table of pictures: one of STAGES has made it, by its metadata."""
    if file.suffix == dvc.DIRECTORY or not file.is_file():
        return False
    try:
        made_by = json.loads(parquet.facts(file).get("duchenne", "{}"))
    except (OSError, pa.ArrowException, ValueError):
        return False
    return isinstance(made_by, dict) and made_by.get("stage") in STAGES


def _files(folder: Path) -> list[Path]:
    """Files and links below a folder; links are not followed."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def _remove_if_empty(folder: Path) -> None:
    """Remove the empty folders below a folder, and then the folder itself if it is empty."""
    for below in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):
            below.rmdir()
    with suppress(OSError):
        folder.rmdir()
