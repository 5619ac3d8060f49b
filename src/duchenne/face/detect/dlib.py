"""dlib's frontal face detector: histograms of oriented gradients and a linear classifier.

Its weights are part of the library (King 2015, "Max-Margin Object Detection"). It finds frontal
faces of 40 px or more and takes about 70 ms at 640 × 360 px.
"""

import cv2

from duchenne.face.crop import Crop
from duchenne.media.jpeg import Pixels

_ENLARGE = 1  # times the picture is doubled in size; the detector's window is 80 px
_MARGIN = -0.3  # threshold of the classifier, below its default 0: `Detector` checks each place


class DlibProposer:
    digests: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        import dlib

        self._detector = dlib.get_frontal_face_detector()
        self.searches = [self._search]

    def _search(self, frame: Pixels) -> list[Crop]:
        grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        boxes, _, _ = self._detector.run(grey, _ENLARGE, _MARGIN)
        return [
            Crop.around((box.left(), box.top(), box.right() + 1, box.bottom() + 1), margin=1.0)
            for box in boxes
        ]
