"""Whatever DVC cannot read below data/raw, of any data set.

DVC reads every file there to take its digest. A named pipe hangs it for ever, and an unreadable
file or a broken link ends it.
"""

import os
from collections.abc import Iterator

from duchenne.cli.doctor.site import Finding, Site
from duchenne.errors import Unusable
from duchenne.media import regular

CURES = {
    "broken_link": "remove the link or put its target back",
    "not_a_file": "move it out of data/raw",
    "unreadable": "allow yourself to read it (chmod u+r)",
}


def check(site: Site) -> Iterator[Finding]:
    """Whatever cannot be read, a file or a folder."""
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
