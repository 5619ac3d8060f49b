"""Make portrait.csv: `python -m duchenne.datasets.demo.locate`; needed only for a new portrait.

It runs the face mesh (MediaPipe 0.10.21, refined landmarks), which the demo itself does not need.
"""

from pathlib import Path

import cv2
import numpy as np

from duchenne.datasets.demo import portrait
from duchenne.errors import StageError


def locate() -> portrait.Points:
    """Mesh points of the portrait, (478, 3) px; integers are centres of pixels."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    rgb = cv2.cvtColor(portrait.image(), cv2.COLOR_BGR2RGB)
    with FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        faces = mesh.process(rgb).multi_face_landmarks
    if not faces:
        raise StageError("the mesh found no face in scikit-image's astronaut")
    xyz = np.array([(point.x, point.y, point.z) for point in faces[0].landmark]) * portrait.SIDE
    return np.asarray(xyz - (0.5, 0.5, 0.0))  # for the mesh, integers are corners of pixels


def main() -> None:
    rows = [f"{point},{x:.3f},{y:.3f},{z:.3f}" for point, (x, y, z) in enumerate(locate())]
    path = Path(__file__).with_name(portrait.TABLE)
    path.write_text("\n".join(["point,x,y,z", *rows, ""]), encoding="utf-8")
    print(f"{path}: {len(rows)} points")


if __name__ == "__main__":
    main()
