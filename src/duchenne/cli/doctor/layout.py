"""The data set: its layout as the adapter expects it, and the files of data/raw as DVC reads them.

DVC reads each file of every data set to compute its digest. A named pipe makes it wait for ever; an
unreadable file or a broken link ends it with an error.
"""

import os
from collections.abc import Iterator

from duchenne.cli.doctor import Finding, Site
from duchenne.config.models import NEEDS
from duchenne.datasets import labels, listing, published
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.adapters.base import Adapter
from duchenne.datasets.clip import Found
from duchenne.errors import Unusable
from duchenne.media import regular
from duchenne.pipeline import dvc
from duchenne.pipeline.clips import DMARKERS, LANDMARKS

CURES = {
    "broken_link": "remove the link or put its target back",
    "not_a_file": "move it out of data/raw",
    "unreadable": "allow yourself to read it (chmod u+r)",
}


def adapter(site: Site) -> Adapter:
    """The adapter that params.yaml names for the data set."""
    return ADAPTERS[site.params.datasets[site.dataset].adapter]


def clips(site: Site) -> list[Found]:
    """The clips of the data set, as the stage index will find them."""
    return adapter(site).clips(site.data, site.settings)


def check(site: Site) -> Iterator[Finding]:
    """Raise all that would stop the stage index at once; yield its warnings as notes."""
    if not site.data.is_dir():
        if not site.is_rendered:
            place = site.data.relative_to(site.root)
            yield Finding(f"{place} is missing; put the clips there, or choose another dataset")
        return
    found = clips(site)
    listing.check(found, site.data)
    folds = labels.read(site.data)
    if site.dataset == site.params.dataset:  # `folds.scheme` is for the chosen set only
        published.check_scheme(site.params.folds.scheme, found, folds, folder=site.data)
        yield from _unfit(site, {clip.kind for clip in found})
    told = adapter(site).report(site.data, found).get("remarks", ())
    for warning in [*published.warnings(published.compare(adapter(site), found, folds)), *told]:
        yield Finding(warning, blocks=False)


def _unfit(site: Site, kinds: set[str]) -> Iterator[Finding]:
    """Report a model that none of the clips has anything for."""
    needs, model = NEEDS[site.params.model], f"model: {site.params.model}"
    if kinds == {DMARKERS} and (needs.landmarks or needs.chip or needs.signals):
        yield Finding(
            f"the clips are D-Markers alone, which {model} cannot see; choose model: svm or "
            "model: trees, with fusion: none"
        )
    elif kinds == {LANDMARKS} and needs.chip:
        yield Finding(
            f"the clips are landmarks without pictures, and {model} looks at pictures; choose one "
            "that takes landmarks, such as mesh"
        )


def readable(site: Site) -> Iterator[Finding]:
    """Report each file and folder that DVC cannot read."""
    for path in regular.walk(site.root / "data" / "raw"):
        place = path.relative_to(site.root)
        if path.is_dir() or (path.is_file() and not os.access(path, os.R_OK)):
            yield Finding(f"{place}: may not be read; {CURES['unreadable']}")
            continue
        try:
            regular.check_regular(path)
        except Unusable as verdict:
            if verdict.reason in CURES:
                yield Finding(f"{place}: {verdict.detail}; {CURES[verdict.reason]}")


def tracked(site: Site) -> Iterator[Finding]:
    """Note a data set that DVC does not track."""
    if site.data.is_dir() and (advice := dvc.advice(site.data, site.root)):
        yield Finding(advice, blocks=False)
