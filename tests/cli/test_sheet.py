"""How a clip is drawn: frames cut to the face with its landmarks, and a chart of all the rest."""

from typing import Any

import numpy as np
import pytest

from duchenne.cli import sheet
from duchenne.cli.sheet import Moment, Sheet, Span
from duchenne.face.topology import DLIB, MESH, Points, Topology
from tests.make.crops import SIZE, face, texture

TIMES = np.arange(40) / 10.0  # s


def clip(**more: Any) -> Sheet:
    return Sheet("a clip", ["well"], TIMES, dict.fromkeys(sheet.SIGNALS, np.sin(TIMES)), **more)


def moment(points: Points | None = None, *, grey: int = 128) -> Moment:
    return Moment("rest", 0.5, np.full((SIZE[1], SIZE[0], 3), grey, np.uint8), points)


def moved(px: float) -> Points:
    """The face, further to the right."""
    return np.asarray(face() + np.array([px, 0.0, 0.0]))


def shape(*moments: Moment) -> tuple[int, ...]:
    [size] = {picture.shape for picture in sheet.drawn(moments)}
    return size


def test_frames_are_cut_alike_to_the_faces_of_all():
    """Around faces at two places, with a margin of 15 % of the longer side."""
    faces = [face(), moved(20.0)]
    wide, high = np.ptp(np.concatenate(faces)[:, :2], axis=0)
    size = shape(*(moment(points) for points in faces))
    margin = 0.3 * max(wide, high)
    assert size[1] / size[0] == pytest.approx((wide + margin) / (high + margin), abs=0.03)
    filled = size[1] / ((sheet.PLOT + sheet.GAP) / 4 - sheet.GAP), size[0] / sheet.TALLEST
    assert max(filled) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("points", [None, moved(5000.0)])
def test_a_frame_without_a_face_in_it_is_whole(points: Points | None):
    size = shape(moment(points))
    assert size[1] / size[0] == pytest.approx(SIZE[0] / SIZE[1], abs=0.01)


def test_a_face_at_the_edge_is_cut_within_the_frame():
    cut = shape(moment(moved(-SIZE[0] / 2)))
    assert 0 < cut[1] / cut[0] < shape(moment(face()))[1] / shape(moment(face()))[0]


@pytest.mark.parametrize("topology", [MESH, DLIB])
def test_dots_are_where_the_signals_are_measured(topology: Topology):
    """By their colours, on a grey frame; the left lip corner is on the right of the picture."""
    points = face(topology.points)
    [picture] = sheet.drawn([moment(points)])
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    margin = 0.15 * (high - low).max()
    scale = picture.shape[1] / (high - low + 2 * margin)[0]
    roles = {"lip": topology.lip_corners, "cheek": topology.cheeks}
    for name, sides in roles.items():
        colour = list(bytes.fromhex(sheet.SIGNALS[name][1:]))[::-1]
        found = np.argwhere((np.abs(picture.astype(int) - colour) < 3).all(axis=2))[:, ::-1]
        if sides is None:
            assert not len(found)
            continue
        middle = points[[*sides.right, *sides.left], :2].mean(axis=0)
        assert found.mean(axis=0) == pytest.approx((middle - low + margin) * scale, abs=scale)


def test_wide_frames_stay_in_their_places():
    picture = np.asarray(texture()[:100], np.uint8)
    assert shape(Moment("apex", 1.0, picture))[1] <= sheet.PLOT / 4


def test_no_words_on_a_smile_that_is_too_narrow_for_them():
    smiles = [Span("1, amplitude 0.125", 1.0, 3.0), Span("2, amplitude 0.125", 3.2, 3.3)]
    [course, *_] = sheet.chart(clip(smiles=smiles))["vconcat"]
    words = [
        layer["data"]["values"] for layer in course["layer"] if layer["mark"]["type"] == "text"
    ]
    assert [row["name"] for row in words[0]] == ["1, amplitude 0.125"]


def test_the_last_signal_has_the_time_axis_and_the_course_the_legend():
    views = sheet.chart(clip(phases=[Span("onset", 1.0, 2.0)]))["vconcat"]
    axes = [view["layer"][-1]["encoding"]["x"]["axis"]["title"] for view in views]
    assert axes == [None, None, None, "time (s)"]
    colours = [layer["encoding"].get("color") for view in views for layer in view["layer"]]
    assert [bool(colour["legend"]) for colour in colours if colour] == [True, False, False, False]


@pytest.mark.parametrize("known", [1, 0])
def test_one_frame_or_none_with_a_face_is_drawn(known: int):
    values = dict.fromkeys(sheet.SIGNALS, np.array([0.5 if known else np.nan]))
    chart = sheet.chart(clip()._replace(times=np.zeros(1), signals=values))
    assert len(chart["vconcat"]) == 1 + 3 * known
    assert sheet.png(chart).startswith(b"\x89PNG")
