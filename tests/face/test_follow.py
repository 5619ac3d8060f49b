from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from duchenne.errors import Unusable
from duchenne.face.detect.base import Detections
from duchenne.face.follow import Track, follow, survey, upside_down
from duchenne.media.video import open_video
from tests.make.clips import decoded
from tests.make.people import detector, scene

USUAL: dict[str, Any] = {"size": (640, 360), "select": "largest", "min_score": 0.7}
RATE = 25


def faces(*places: tuple[float, float, float], score: float = 0.9) -> Detections:
    """Square boxes around each (x, y), so many px wide."""
    boxes = [(x - w / 2, y - w / 2, x + w / 2, y + w / 2) for x, y, w in places]
    return Detections(
        np.array(boxes).reshape(-1, 4), np.zeros(len(boxes)), np.full(len(boxes), score)
    )


def times(count: int) -> list[float]:
    return [frame / RATE for frame in range(count)]


def followed(found: Sequence[Detections | None], **options: Any) -> Track:
    return follow(found, times(len(found)), **(USUAL | options))


def centre(track: Track) -> Any:
    return (track.x0 + track.x1) / 2


def test_two_who_cross_keep_their_tracks():
    """They meet at frame 20; the one behind is hidden while they overlap by half."""
    found = []
    for frame in range(41):
        left, right = (100 + 10 * frame, 180, 100), (500 - 10 * frame, 180, 80)
        hidden = abs(left[0] - right[0]) < 50
        found.append(faces(left) if hidden else faces(right, left))
    track = followed(found)
    assert centre(track) == pytest.approx(100 + 10 * np.arange(41), abs=1)
    assert track.n_faces.tolist() == [1 if 18 <= frame <= 22 else 2 for frame in range(41)]


def test_two_alike_pass_through_each_other():
    """After frame 4 the nearest face is the other's: only the way they move tells them apart."""
    found = []
    for frame in range(11):
        pair = ((100 + 40 * frame, 180, 100), (480 - 40 * frame, 180, 100))
        found.append(faces(*(pair if frame < 5 else pair[::-1])))
    assert centre(followed(found)) == pytest.approx(100 + 40 * np.arange(11), abs=1)


def test_the_one_behind_is_found_again():
    found = []
    for frame in range(41):
        behind, front = (100 + 10 * frame, 180, 120), (500 - 10 * frame, 180, 80)
        hidden = abs(behind[0] - front[0]) < 50
        found.append(faces(front) if hidden else faces(behind, front))
    track = followed(found)
    seen = np.isfinite(track.x0)
    assert seen.tolist() == [not 18 <= frame <= 22 for frame in range(41)]
    assert centre(track)[seen] == pytest.approx((100 + 10 * np.arange(41))[seen], abs=1)


@pytest.mark.parametrize(
    "gone", [slice(10, 20), slice(5, 35), slice(0, 7), slice(33, 40), slice(20, 21)], ids=str
)
def test_nan_exactly_where_the_face_is_gone(gone):
    found = [faces((200, 180, 100))] * 40
    found[gone] = [faces()] * len(found[gone])
    track = followed(found)
    expected = np.zeros(40, bool)
    expected[gone] = True
    for name in ("x0", "y0", "x1", "y1", "roll", "score"):
        assert (np.isnan(getattr(track, name)) == expected).all()
    assert (track.n_faces == ~expected).all()
    assert track.x0[~expected] == pytest.approx(150)


def test_who_returns_elsewhere_is_someone_else():
    found = [faces((200, 180, 100))] * 20 + [faces()] * 20 + [faces((450, 180, 100))] * 10
    assert np.flatnonzero(np.isnan(followed(found).x0)).tolist() == list(range(20, 50))


def test_frames_between_looks_lie_on_a_line():
    found = [faces((100 + 4 * frame, 180, 100)) if frame % 5 == 0 else None for frame in range(21)]
    track = followed(found)
    assert centre(track) == pytest.approx(100 + 4 * np.arange(21))
    assert track.score == pytest.approx(0.9)
    assert (track.n_faces == 1).all()


def test_a_roll_goes_the_short_way_round():
    one = faces((200, 180, 100))
    found = [one._replace(rolls=np.array([roll])) for roll in (170.0, 178.0, -174.0, -166.0)]
    assert followed(found).roll == pytest.approx([170, 178, 186, 194])


# A large face far from the middle that comes late, a small one in the middle, one that comes first.
LARGE, MIDDLE, EARLY = (120, 180, 160), (330, 170, 60), (560, 300, 70)
CROWD = [faces(EARLY)] + [faces(MIDDLE, EARLY)] * 2 + [faces(LARGE, MIDDLE, EARLY)] * 10


@pytest.mark.parametrize(
    ("select", "chosen"), [("largest", LARGE), ("center", MIDDLE), ("first", EARLY)]
)
def test_whom_to_follow(select, chosen):
    track = followed(CROWD, select=select)
    assert np.nanmedian(centre(track)) == pytest.approx(chosen[0])
    assert track.n_faces.tolist() == [1, 2, 2] + [3] * 10


@pytest.mark.parametrize(
    ("portrait", "sitter", "looks", "chosen"),
    [
        (0.0, 1.0, 12, "sitter"),
        (0.1, 1.0, 12, "sitter"),  # the detector trembles
        (1.0, 1.2, 12, "portrait"),  # the camera shakes, or both are people
        (0.0, 0.0, 12, "portrait"),  # a film of a picture: nobody lives
        (0.1, 0.25, 12, "portrait"),  # too little to tell
        (0.0, 1.0, 4, "portrait"),  # too few looks
    ],
)
def test_a_larger_portrait_on_the_wall_is_not_followed(portrait, sitter, looks, chosen):
    """Movements are standard deviations in px of boxes of 200 and 100 px."""
    rng = np.random.default_rng(0)
    found: list[Detections | None] = []
    for _ in range(looks):
        (a, b), (c, d) = rng.normal(0.0, 1.0, (2, 2))
        wall, person = (200 + portrait * a, 150 + portrait * b, 200), (
            500 + sitter * c, 200 + sitter * d, 100,
        )  # fmt: skip
        found += [faces(wall, person), *([None] * 4)]
    at = centre(followed(found[:-4])).mean()
    assert at == pytest.approx(500 if chosen == "sitter" else 200, abs=5)
    first = centre(followed(found[:-4], select="first")).mean()
    assert first == pytest.approx(200, abs=5), "another rule is taken at its word"


def test_a_picture_that_stands_on_its_head():
    seen = scene([(300.0, 180.0, 150)])
    turned = np.ascontiguousarray(seen[::-1, ::-1])
    empty = np.full_like(seen, 90)
    for pictures, says in (([turned] * 3, True), ([seen] * 3, False), ([empty] * 3, False)):
        assert upside_down(pictures, detector(), min_score=0.7) is says
    assert not upside_down([turned, empty, empty], detector(), min_score=0.7)


def test_a_passer_by_is_not_chosen():
    found = [faces((100, 100, 200), (300, 180, 60))] * 5 + [faces((300, 180, 60))] * 20
    assert centre(followed(found)) == pytest.approx(300)


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        pytest.param(CROWD, True, id="a crowd"),
        pytest.param([faces(LARGE, MIDDLE)], True, id="two in a still"),
        pytest.param([faces(LARGE)] * 9 + [faces(LARGE, MIDDLE)], False, id="once, by mistake"),
        pytest.param([faces(LARGE)] * 9, False, id="one"),
        pytest.param([faces(LARGE)] * 5 + [faces(MIDDLE)] * 5, False, id="one after the other"),
    ],
)
def test_error_refuses_faces_seen_together(found, refused):
    if not refused:
        assert centre(followed(found, select="error"))[0] == pytest.approx(LARGE[0])
        return
    with pytest.raises(Unusable, match="cut the clip to one person") as verdict:
        followed(found, select="error")
    assert verdict.value.reason == "several_faces"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([], id="no frame"),
        pytest.param([faces()] * 5, id="nothing"),
        pytest.param([faces((99, 99, 50), score=0.6)] * 5, id="hardly a face"),
        pytest.param(
            [faces((99, 99, 50), score=score) for score in (0.5, 0.8, 0.5)], id="now and then"
        ),
    ],
)
def test_no_face(found):
    with pytest.raises(Unusable, match=f"in the {len(found)} frames looked at") as verdict:
        followed(found)
    assert verdict.value.reason == "no_face"


def test_a_face_is_followed_through_doubt():
    found = [faces((200, 180, 100), score=score) for score in (0.9, 0.55, 0.9)]
    assert np.isfinite(followed(found).x0).all()


def test_a_single_frame():
    track = followed([faces((200, 180, 100))])
    assert (track.x0[0], track.y1[0], track.n_faces[0]) == (150, 230, 1)


def watched(picture: Callable[[int], Any], count: int, **options: Any) -> Track:
    """Rendered frames through the detector, as the stage does it."""
    pictures = [(frame / RATE, partial(picture, frame)) for frame in range(count)]
    found = survey(pictures, detector(), every=0.2, min_score=0.7)
    return followed(found, **options)


def test_rendered_people_who_cross_do_not_swap():
    """The larger walks to the right, in front; the smaller, to the left, is hidden on the way."""
    track = watched(lambda n: scene([(520 - 26 * n, 170, 130), (120 + 26 * n, 180, 190)]), 16)
    assert np.isfinite(track.x0).all()
    assert np.diff(centre(track)) == pytest.approx(26, abs=5)
    assert track.n_faces[0] == track.n_faces[-1] == 2


def test_a_rendered_face_leaves_and_comes_back():
    track = watched(lambda n: scene([] if 8 <= n < 14 else [(300, 180, 200)]), 20)
    assert np.flatnonzero(np.isnan(track.x0)).tolist() == list(range(8, 14))
    assert np.nanmax(np.abs(np.diff(track.x0))) < 1


def through(path: Any, **options: Any) -> Track:
    with open_video(path) as video:
        pictures = list(video)
    read: list[Any] = [partial(decoded, picture.jpeg) for picture in pictures]
    at = [picture.time for picture in pictures]
    found = survey(zip(at, read, strict=True), detector(), every=0.2, min_score=0.7)
    return follow(found, at, **(USUAL | options))


def test_one_of_two_real_people_all_along(clips):
    track = through(clips / "two_faces.gif")
    assert centre(track).min() > 240  # the man on the right
    assert (track.n_faces == 2).all()
    with pytest.raises(Unusable, match="several_faces"):
        through(clips / "two_faces.gif", select="error")


def test_a_real_face_that_leaves(clips):
    track = through(clips / "face_noface.mov")
    assert np.flatnonzero(np.isnan(track.x0)).tolist() == list(range(60, 156))
    assert np.flatnonzero(track.n_faces == 0).tolist() == list(range(60, 156))


def test_a_real_clip_without_a_face(clips):
    with pytest.raises(Unusable, match="no_face"):
        through(clips / "no_face.mp4")
