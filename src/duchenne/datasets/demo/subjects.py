"""Synthetic subjects: the portrait with random face shape, colour and light, perhaps mirrored.

Age and gender are FICTITIOUS: they are random and have nothing to do with the picture. They let the
demo have group columns and scores for each group.
"""

from dataclasses import dataclass

import numpy as np

from duchenne.datasets.demo.portrait import Points, rounded


@dataclass(frozen=True)
class Shape:
    """Differences from the portrait's face, as shares; 0 is no difference."""

    width: float
    lower_length: float
    jaw_width: float
    eye_spacing: float
    eye_size: float
    nose_width: float
    mouth_drop: float
    mouth_width: float
    brow_raise: float


@dataclass(frozen=True)
class Look:
    """The appearance of a subject in pictures."""

    shape: Shape
    mirrored: bool
    gain_bgr: tuple[float, float, float]
    gamma: float
    saturation: float
    light_right: float  # change of brightness from the left to the right edge of the frame
    light_down: float


@dataclass(frozen=True)
class Person:
    """A fictitious age in years and gender."""

    age: int
    gender: str


# The portrait's eyes are narrowed by its smile; every subject's are wider by this share.
REST_OPENING = 0.25

# Our choice: with larger differences faces look unnatural and the mesh does not fit.
SHAPE_SPREAD = {
    "width": 0.06,
    "lower_length": 0.07,
    "jaw_width": 0.08,
    "eye_spacing": 0.04,
    "eye_size": 0.12,
    "nose_width": 0.12,
    "mouth_drop": 0.04,
    "mouth_width": 0.06,
    "brow_raise": 0.04,
}


def draw_look(rng: np.random.Generator) -> Look:
    """Draw a look; all values are uniform."""
    shape = {name: float(rng.uniform(-spread, spread)) for name, spread in SHAPE_SPREAD.items()}
    blue, green, red = rng.uniform((0.84, 0.90, 0.92), (1.06, 1.04, 1.06)).tolist()
    return Look(
        shape=Shape(**shape),
        mirrored=bool(rng.random() < 0.5),
        gain_bgr=(blue, green, red),
        gamma=float(rng.uniform(0.8, 1.35)),
        saturation=float(rng.uniform(0.55, 1.15)),
        light_right=float(rng.uniform(-0.3, 0.3)),
        light_down=float(rng.uniform(-0.2, 0.2)),
    )


def draw_person(number: int, rng: np.random.Generator) -> Person:
    """Draw age and gender: every third subject is a minor, genders alternate."""
    minor = number % 3 == 2
    age = int(rng.integers(8, 18)) if minor else int(rng.integers(18, 77))
    return Person(age=age, gender="female" if number % 2 else "male")


def reshape(uv: Points, shape: Shape) -> Points:
    """Move points (N, 2) of the portrait, in its (u, v), to those of a face shape."""
    u, v = uv[:, 0], uv[:, 1]
    side = np.sign(u)
    eyes = np.exp(-(((np.abs(u) - 0.35) / 0.25) ** 2) - (v / 0.18) ** 2)
    brows = np.exp(-(((np.abs(u) - 0.35) / 0.40) ** 2) - ((v + 0.22) / 0.12) ** 2)
    nose = np.exp(-((u / 0.22) ** 2) - ((v - 0.42) / 0.22) ** 2)
    mouth = np.exp(-((u / 0.45) ** 2) - ((v - 0.68) / 0.22) ** 2)
    jaw = 1.0 / (1.0 + np.exp(-(v - 0.7) / 0.12))
    wider = shape.width + shape.jaw_width * jaw
    wider = wider + shape.nose_width * nose + shape.mouth_width * mouth
    new_u = u * (1.0 + wider) + eyes * (side * shape.eye_spacing)
    new_u = new_u + eyes * shape.eye_size * (u - side * 0.35)
    new_v = v * (1.0 + shape.lower_length * (v > 0.0))
    new_v = new_v + (shape.eye_size + REST_OPENING) * eyes * v
    new_v = new_v - shape.brow_raise * brows + shape.mouth_drop * mouth
    return rounded(np.column_stack((new_u, new_v)))
