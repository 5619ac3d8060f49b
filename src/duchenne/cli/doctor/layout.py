"""The layout of the data set: its folder, its clips and its tables, as the adapter expects them."""

from collections.abc import Iterator

from duchenne.cli.doctor import Finding, Site
from duchenne.datasets import labels, listing, published
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.adapters.base import Adapter
from duchenne.datasets.clip import Found


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
    told = adapter(site).report(site.data, found).get("remarks", ())
    for warning in [*published.warnings(published.compare(adapter(site), found, folds)), *told]:
        yield Finding(warning, blocks=False)
