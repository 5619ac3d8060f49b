"""The clips of the data set, as index will find them."""

from duchenne.cli.doctor.site import Site
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.adapters.base import Adapter
from duchenne.datasets.clip import Found


def adapter(site: Site) -> Adapter:
    return ADAPTERS[site.params.datasets[site.dataset].adapter]


def clips(site: Site) -> list[Found]:
    return adapter(site).clips(site.data, site.settings)
