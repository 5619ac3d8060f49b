"""The Python that runs."""

import sys
from collections.abc import Iterator

from duchenne.cli.doctor.site import Finding, Site

VERSIONS = ((3, 11), (3, 12))  # pyproject.toml says why


def check(site: Site, *, running: tuple[int, int] = sys.version_info[:2]) -> Iterator[Finding]:
    del site  # all checks are called alike
    if running not in VERSIONS:
        yield Finding(
            f"Python {running[0]}.{running[1]} runs here, and duchenne needs 3.11 or 3.12; install "
            "one of them, then `make clean` and `make PYTHON=python3.12 repro`"
        )
