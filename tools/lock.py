"""Write requirements.lock: each version with the hashes of all its files, for all extras.

`make lock` adds what pyproject.toml newly names and keeps all other versions;
`python -m tools.lock --upgrade-package rich` raises one, `--upgrade` all. Hashes come from the
index alone, and are those of all files of a version. The hash of torch's build for the CPU comes
from a machine that offers it through pip's find-links, and stays as long as torch's version does.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

from tools.install import LOCK, ROOT, bring_uv, entry, offered, pip_settings, run, uv_env

HEADER = """\
# Written by `make lock`. Versions and hashes of all that one may install; pyproject.toml says why.
# torch has the hashes of two builds: the index's, and the one for the CPU of pip's find-links.
"""


def main(options: Sequence[str]) -> None:
    uv = bring_uv()
    settings = pip_settings()
    # Indexes beside the main one may have some files of a version only, and so too few hashes.
    whole = {key: settings[key] for key in settings if key not in ("extra-index-url", "find-links")}
    command = [uv, "pip", "compile", "--quiet", "--python", sys.executable, "--universal",
               "--python-version", "3.11", "--all-extras", "--generate-hashes",
               "--no-emit-index-url", "--no-annotate", "--no-header", *options,
               "--output-file", str(ROOT / LOCK), str(ROOT / "pyproject.toml")]  # fmt: skip
    run(command, env=uv_env(whole))
    lock = without_common_marker((ROOT / LOCK).read_text(encoding="utf-8"))
    plain = entry(lock, "torch").split()[0]
    build = offered(plain, uv=uv, python=sys.executable, env=uv_env(settings))
    if build != plain:
        lock = with_hash(lock, plain, file_hash(build))
    (ROOT / LOCK).write_text(HEADER + lock, encoding="utf-8")


def without_common_marker(lock: str) -> str:
    """Leave out the marker that most lines have: it says where duchenne runs at all."""
    ((marker, _),) = Counter(re.findall(r" ; .*(?= \\$)", lock, re.MULTILINE)).most_common(1)
    return re.sub(rf"{re.escape(marker)}(?= \\$)", "", lock, flags=re.MULTILINE)


def file_hash(requirement: str) -> str:
    """The sha256 of the file that pip would install; uv tells none of a file in a folder."""
    command = [
        *[sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
        *["--dry-run", "--ignore-installed", "--no-deps", "--report", "-", requirement],
    ]
    report = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    archive = json.loads(report)["install"][0]["download_info"]["archive_info"]
    return str(archive["hashes"]["sha256"])


def with_hash(lock: str, requirement: str, digest: str) -> str:
    """Add a hash to a package's entry, unless it is there."""
    first = re.search(rf"^{re.escape(requirement)} .*\n", lock, re.MULTILINE)
    assert first is not None
    line = f"    --hash=sha256:{digest}"
    return lock if line in lock else f"{lock[: first.end()]}{line} \\\n{lock[first.end() :]}"


if __name__ == "__main__":
    main(sys.argv[1:])
