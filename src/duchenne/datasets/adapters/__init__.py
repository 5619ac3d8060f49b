"""Data sets: one adapter each, which finds clips and knows their subjects and labels.

A new data set is a new file with a `find` of the same form, one line here, and its settings in
src/duchenne/config/datasets.py.
"""

from collections.abc import Mapping

from duchenne.datasets.adapters import bbc, ckplus, demo, fer2013, folder, mmi, spos, uva_nemo
from duchenne.datasets.adapters.base import Adapter

ADAPTERS: Mapping[str, Adapter] = {
    "ckplus": Adapter(ckplus.find, notes=ckplus.notes),
    "demo": Adapter(demo.find),
    "fer2013": Adapter(fer2013.find, notes=fer2013.notes),
    "folder": Adapter(folder.find),
    "uva-nemo": Adapter(uva_nemo.find, uva_nemo.PUBLISHED, written=uva_nemo.written),
    "bbc": Adapter(bbc.find, bbc.PUBLISHED, bbc.missing),
    "mmi": Adapter(mmi.find, mmi.PUBLISHED, notes=mmi.notes, written=None),
    "spos": Adapter(spos.find, spos.PUBLISHED),
}
