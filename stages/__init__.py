"""The stages of dvc.yaml, one script each; `python -m stages.<name>` runs one in this folder.

Every stage and worker imports this package first. It puts this folder's src first on the path,
since a queued experiment runs in a copy while the installed package points at the workspace. It
sets numbers of threads before any numerical library reads them. In a stage, but not in a worker, it
asks the kernel to end this process with dvc, before the slow imports.
"""

import importlib.util
import os
import sys
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[1]
_SOURCE = str(_PROJECT / "src")
if _SOURCE not in sys.path[:1]:
    sys.path.insert(0, _SOURCE)

from duchenne.flow import process

if sys.argv[:1] == ["-m"]:  # as Python sets it while it looks for the module to run
    process.die_with_parent()
    if process.orphaned(_PROJECT):
        raise SystemExit(
            "ERROR the dvc that started this stage is gone (.dvc/tmp/rwlock does not name "
            f"process {os.getppid()}, its parent now); run `dvc repro` again"
        )

for _package in ("pydantic", "rich", "pyarrow", "av", "cv2", "distributed"):
    if importlib.util.find_spec(_package) is None:
        raise SystemExit(
            f"{sys.executable} lacks {_package}, which duchenne needs; run "
            "`source .venv/bin/activate` first (`make repro` makes .venv)"
        )

from duchenne.flow import startup

startup.pin()
