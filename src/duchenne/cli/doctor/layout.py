"""Whether the data set lies as its adapter expects it, with all that is wrong with its list."""

from collections.abc import Iterator

from duchenne.cli.doctor.found import adapter, clips
from duchenne.cli.doctor.site import Finding, Site
from duchenne.datasets import labels, listing, published


def check(site: Site) -> Iterator[Finding]:
    """What index would stop for is raised, all of it at once; what it would warn of is a note."""
    if not site.data.is_dir():
        if not site.is_rendered:
            place = site.data.relative_to(site.root)
            yield Finding(f"{place} is missing; put the clips there, or choose another dataset")
        return
    found = clips(site)
    listing.check(found, site.data)
    folds = labels.read(site.data)
    if site.dataset == site.params.dataset:  # the scheme in params.yaml is that set's
        published.check_scheme(site.params.folds.scheme, found, folds, folder=site.data)
    told = adapter(site).report(site.data, found).get("remarks", ())
    for warning in [*published.warnings(published.compare(adapter(site), found, folds)), *told]:
        yield Finding(warning, blocks=False)
