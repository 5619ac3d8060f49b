"""Adapters of the data sets: each finds the clips of a set, with their subjects and labels.

To add a data set, write a file with a function `find`, add a line here, and add its settings to
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
