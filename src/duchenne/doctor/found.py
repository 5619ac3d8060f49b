"""The clips of the data set, as index will find them."""

from duchenne.datasets import ADAPTERS
from duchenne.datasets.adapter import Adapter
from duchenne.datasets.clip import Found
from duchenne.doctor.site import Site


def adapter(site: Site) -> Adapter:
    return ADAPTERS[site.params.datasets[site.dataset].adapter]


def clips(site: Site) -> list[Found]:
    return adapter(site).clips(site.data, site.settings)
