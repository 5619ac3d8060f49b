"""What a found clip is called: by the pipeline, and by the papers."""

import pytest

from duchenne.datasets.clip import Found, clip_name


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


def test_no_ending_is_left_in_a_name():
    assert clip_name("001_deliberate_smile_2.mp4.npy") == "001_deliberate_smile_2"
    assert clip_name("x/001_deliberate_smile_2.mp4.npy").startswith("x_001_deliberate_smile_2-")
    assert clip_name("v1.2.mp4") == "v1.2"
