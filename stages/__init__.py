"""The stages of dvc.yaml, one script each; `python -m stages.<name>` runs one in this folder.

Importing this package comes first in every stage and every worker. It puts the code of this very
folder in front, since a queued experiment runs in a copy while the installed package points at the
workspace, and it pins thread counts before any numerical library can read them.
"""

import importlib.util
import sys
from pathlib import Path

_SOURCE = str(Path(__file__).resolve().parents[1] / "src")
if _SOURCE not in sys.path[:1]:
    sys.path.insert(0, _SOURCE)

for _package in ("pydantic", "rich", "pyarrow", "av", "cv2", "distributed"):
    if importlib.util.find_spec(_package) is None:
        raise SystemExit(
            f"{sys.executable} lacks {_package}, which duchenne needs; run "
            "`source .venv/bin/activate` first (`make repro` makes .venv)"
        )

from duchenne.flow import threads

threads.pin()
