"""What a found clip is called: by the pipeline, and by the papers."""

from fnmatch import fnmatchcase

import pytest

from duchenne.datasets.clip import Found, clip_name, names_of


@pytest.mark.parametrize(
    ("place", "ident"),
    [
        ("001_deliberate_smile_2.mp4.npy", "001_deliberate_smile_2"),
        ("deep/down/001_deliberate_smile_2.MP4", "001_deliberate_smile_2"),
        ("Genuine_smilecontent q01.mp4.npy", "Genuine_smilecontent q01"),
        ("v1.2.mp4", "v1.2"),
    ],
)
def test_papers_know_a_clip_by_its_file_s_name_without_endings(place: str, ident: str):
    assert Found(place, "p", 0, "posed").ident == ident


def test_a_clip_may_be_called_otherwise_than_its_file():
    assert Found("Sessions/108/S1.avi", "p", 0, "posed", called="108").ident == "108"


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (("npy/posed_nelly-1.npy", "npy/posed_yi-1.npy"), ["posed_nelly-1", "posed_yi-1"]),
        (("a/1.mp4", "b/2.mp4"), ["1", "2"]),
        (("a/1.mp4", "b/1.mp4", "2.mp4"), ["a_1-*", "b_1-*", "2"]),
        (("a/One.mp4", "b/one.mp4"), ["a_One-*", "b_one-*"]),  # equal in some file systems
        (("a b.mp4", f"{'l' * 81}.mp4"), ["a_b-*", f"{'l' * 71}-*"]),
    ],
)
def test_a_clip_is_named_after_its_file_unless_two_would_be_equal(places, names):
    made = names_of([Found(place, "p", 0, "posed") for place in places])
    assert all(fnmatchcase(name, like) for name, like in zip(made, names, strict=True)), made
    assert len(set(made)) == len(made)


def test_a_clip_is_named_as_papers_call_it():
    assert names_of([Found("Sessions/108/S1.avi", "p", 0, "posed", called="108")]) == ["108"]


def test_no_ending_is_left_in_a_name():
    assert clip_name("001_deliberate_smile_2.mp4.npy") == "001_deliberate_smile_2"
    assert clip_name("x/001_deliberate_smile_2.mp4.npy").startswith("x_001_deliberate_smile_2-")
    assert clip_name("v1.2.mp4") == "v1.2"
