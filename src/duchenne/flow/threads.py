"""One thread a process: N workers shall use N cores, and thread counts shall not change results.

Must run before NumPy, OpenCV or torch are imported, since they read these variables just once.
XNNPACK inside mediapipe has no variable and needs none: it uses one thread (docs/decisions.md).
"""

import os

PINS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    # Where `train.threads` asks for more, waiting threads sleep: spinning ones took four times as
    # long on a machine with other work.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def pin() -> None:
    """Tell every numerical library to use one thread, in this process and its children."""
    os.environ.update(PINS)
