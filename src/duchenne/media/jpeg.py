"""Encode and decode JPEG pictures. OpenCV is imported on first use: not every process needs it."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from duchenne.errors import Unusable

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A frame of a clip: its number in the source, its time in s (0 at the first) and the JPEG."""

    frame: int
    time: float
    jpeg: bytes


def encode(pixels: Pixels, *, quality: int) -> bytes:
    """`(H, W, 3)` BGR → JPEG. Equal pixels give equal bytes."""
    import cv2

    done, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise Unusable("not_encoded", f"no JPEG can hold {pixels.shape[1]} × {pixels.shape[0]} px")
    return jpeg.tobytes()


def decode(jpeg: bytes) -> Pixels:
    """JPEG → `(H, W, 3)` BGR."""
    import cv2

    return cast(Pixels, cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
