"""Whether DVC knows the raw data."""

from collections.abc import Iterator

from duchenne.datasets import tracking
from duchenne.doctor.site import Finding, Site


def check(site: Site) -> Iterator[Finding]:
    if site.data.is_dir() and (advice := tracking.advice(site.data, site.root)):
        yield Finding(advice, blocks=False)
