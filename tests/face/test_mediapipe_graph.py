"""MediaPipe is imported where it is needed, without a word, whatever folders there are."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("home", ["empty", "nowhere"])
def test_mediapipe_is_imported_in_silence(tmp_path_factory: pytest.TempPathFactory, home: str):
    folder = tmp_path_factory.mktemp("home") if home == "empty" else "/dev/null/nowhere"
    names = {"MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}
    environment = {key: value for key, value in os.environ.items() if key not in names}
    script = "from duchenne.face.mediapipe_graph import load; load('mediapipe.python')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**environment, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
