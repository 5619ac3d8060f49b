"""Room on the disks for what the pipeline will make of the data set: an estimate, so only a note.

Every result lies in the unit cache and in DVC's cache; the workspace has links to the latter.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.filesize import decimal

from duchenne.cli.doctor import links
from duchenne.cli.doctor.estimate import Need, needed
from duchenne.cli.doctor.site import Finding, Site
from duchenne.errors import DatasetError
from duchenne.flow.settings import cache_folder
from duchenne.pipeline import dvc


def check(site: Site) -> Iterator[Finding]:
    try:
        need = needed(site)
    except DatasetError:
        return  # the check of the layout says it
    for place, wanted in _by_disk(_wanted(site, need)):
        free = shutil.disk_usage(place).free
        if wanted > free:
            yield Finding(
                f"the disk of {place} has {decimal(free)} free, and {site.dataset} may need about "
                f"{decimal(round(wanted))}; make room, or move DVC's cache (`dvc cache dir`) or "
                "the unit cache (DUCHENNE_CACHE) to a larger disk",
                blocks=False,
            )


def _wanted(site: Site, need: Need) -> list[tuple[Path, float]]:
    """Bytes by place: links cost nothing, and what DVC does not track yet moves into its cache."""
    wanted = [(cache_folder(), need.results)]
    if not dvc.is_project(site.root):
        return wanted
    cache = dvc.cache_folder(site.root)
    linked = links.kind(site.root, cache)
    moves = linked == "symlink" and not site.data.with_name(f"{site.dataset}.dvc").exists()
    wanted.append((cache, need.results + need.raw * moves))
    if linked == links.COPY:
        wanted.append((site.root, need.results + need.raw))
    return wanted


def _by_disk(wanted: Sequence[tuple[Path, float]]) -> list[tuple[Path, float]]:
    """The same summed up for each disk, under the first of its places."""
    disks: dict[int, list[tuple[Path, float]]] = defaultdict(list)
    for place, amount in wanted:
        existing = next(path for path in (place, *place.parents) if path.exists())
        disks[existing.stat().st_dev].append((existing, amount))
    return [(rows[0][0], sum(amount for _, amount in rows)) for rows in disks.values()]
