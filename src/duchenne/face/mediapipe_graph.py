"""Import MediaPipe and run its calculators on single pictures, without tracking or log messages.

A graph has one input, a picture, and keeps no state between pictures.
"""

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from duchenne.media.jpeg import Pixels
from duchenne.media.regular import sha256_of

# Log messages of MediaPipe and TensorFlow Lite when a model starts, which in 0.10.21 none of their
# own variables (GLOG_minloglevel, TF_CPP_MIN_LOG_LEVEL, …) silences; and those of matplotlib, which
# MediaPipe imports, where the home folder cannot be written.
_NOISE = (
    b"INFO: Created TensorFlow Lite XNNPACK delegate",
    b"WARNING: All log messages before absl::InitializeLog()",
    b"inference_feedback_manager.cc",
    b"face_landmarker_graph.cc",
    b"mkdir -p failed for path",
    b"Matplotlib created a temporary cache directory",
)


def load(name: str) -> Any:
    """Import a module of MediaPipe at its first use: it takes 0.5 s, which only workers need."""
    with quiet():
        return importlib.import_module(name)


class Graph:
    """A calculator graph. Call it with a picture for the packets that `outputs` sent, by name."""

    def __init__(
        self, config: str, *, outputs: Sequence[str], side: Mapping[str, bool] | None = None
    ) -> None:
        library, packets = load("mediapipe.python"), load("mediapipe.python.packet_creator")
        library.resource_util.set_resource_dir(str(_package().parent))
        self._create, self._format = packets.create_image_frame, library.ImageFormat.SRGB
        self._packets: dict[str, Any] = {}
        self._count = 0
        with quiet():
            # No threads of its own: the calculators run in the calling thread.
            self._graph = library.CalculatorGraph(
                graph_config=f'num_threads: 0 input_stream: "image"{config}'
            )
            for name in outputs:
                self._graph.observe_output_stream(name, self._packets.__setitem__)
            flags = {key: packets.create_bool(value) for key, value in (side or {}).items()}
            self._graph.start_run(flags)
            self(np.zeros((64, 64, 3), np.uint8))  # models log more at their first run

    def __call__(self, frame: Pixels) -> dict[str, Any]:
        """`(H, W, 3)` BGR."""
        self._packets.clear()
        self._count += 1
        rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        packet = self._create(image_format=self._format, data=rgb).at(self._count)
        self._graph.add_packet_to_input_stream("image", packet)
        self._graph.wait_until_idle()
        return dict(self._packets)


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back what is written to stderr, by native code too; then pass on all but known log
    messages."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            held.seek(0)
            told = [line for line in held if not any(noise in line for noise in _NOISE)]
            if told:
                os.write(2, b"".join(told))


def weights(*names: str) -> tuple[tuple[str, str], ...]:
    """(name, sha256) of files in the installed package, by their paths below `modules`."""
    folder = _package() / "modules"
    return tuple((name.rsplit("/", 1)[-1], sha256_of(folder / name)) for name in names)


def _package() -> Path:
    return Path(load("mediapipe").__file__).parent
