"""The stages of dvc.yaml, one script each; `python -m stages.<name>` runs one in this folder.

Importing this package comes first in every stage and every worker. It puts the code of this very
folder in front, since a queued experiment runs in a copy while the installed package points at the
workspace, and it pins thread counts before any numerical library can read them. A stage asks here
to end with dvc, before it spends a second on imports; workers and whoever else imports this do not.
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

if sys.argv[:1] == ["-m"]:  # Python says so while it looks for the module that it is to run
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
