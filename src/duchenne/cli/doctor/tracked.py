"""Whether DVC knows the raw data."""

from collections.abc import Iterator

from duchenne.cli.doctor.site import Finding, Site
from duchenne.pipeline import dvc


def check(site: Site) -> Iterator[Finding]:
    if site.data.is_dir() and (advice := dvc.advice(site.data, site.root)):
        yield Finding(advice, blocks=False)
