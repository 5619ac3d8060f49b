"""The files below data/raw, as DVC reads them: whether it can, and whether it tracks them.

DVC reads each file of every data set to compute its digest. A named pipe makes it wait for ever; an
unreadable file or a broken link ends it with an error.
"""

import os
from collections.abc import Iterator

from duchenne.cli.doctor import Finding, Site
from duchenne.errors import Unusable
from duchenne.media import regular
from duchenne.pipeline import dvc

CURES = {
    "broken_link": "remove the link or put its target back",
    "not_a_file": "move it out of data/raw",
    "unreadable": "allow yourself to read it (chmod u+r)",
}


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
