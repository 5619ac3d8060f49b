"""MediaPipe is imported without what it only draws with."""

import subprocess
import sys

SCRIPT = """
import sys
{load}
print("matplotlib" in sys.modules)
import matplotlib.pyplot
print(callable(matplotlib.pyplot.plot))
"""


def run(load: str) -> list[str]:
    words = [sys.executable, "-c", SCRIPT.format(load=load)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_mediapipe_comes_without_matplotlib_which_others_may_import():
    assert run("from duchenne.face.mediapipe_graph import load; load('mediapipe')") == [
        "False",
        "True",
    ]


def test_mediapipe_would_import_it():
    """Else there is nothing to keep away, and duchenne.face.mediapipe_graph can go."""
    assert run("import mediapipe") == ["True", "True"]
