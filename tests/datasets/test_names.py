"""What each set's names may look like."""

import pytest

from duchenne.datasets.adapters import bbc, spos, uva_nemo
from duchenne.datasets.adapters.mmi import session_of
from duchenne.datasets.naming import ParsedName


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("001_deliberate_smile_2", ParsedName("001_deliberate_smile_2", "001", 0)),
        ("400_Spontaneous_Smile_10", ParsedName("400_spontaneous_smile_10", "400", 1)),
        ("1_deliberate_smile_2", None),
        ("001_deliberate_smile", None),
        ("001_deliberate_smile_2 (copy)", None),
        ("x001_deliberate_smile_2", None),
        ("٠٠١_deliberate_smile_2", None),
    ],
)
def test_uva_nemo(name: str, said: ParsedName | None):
    assert uva_nemo.read(name) == said


@pytest.mark.parametrize(
    "name",
    [
        "Genuine_smilecontent q01",
        "Genuine_smilecontentq01",
        "genuine_smilecontent_q01",
        "GENUINE_SMILECONTENT Q1",
    ],
)
def test_bbc_is_known_by_its_published_name_however_it_is_written(name: str):
    assert bbc.read(name) == ParsedName("Genuine_smilecontent q01", "q01", 1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Posed_smilecontent q12", ParsedName("posed_smilecontent q12", "q12", 0)),
        ("posed_smilecontent", None),
        ("posed_smilecontent q012", None),
        ("smilecontent q01", None),
    ],
)
def test_bbc(name: str, said: ParsedName | None):
    assert bbc.read(name) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("posed_nelly-1", ParsedName("posed_nelly-1", "nelly", 0)),
        ("Spontaneous_Yi-12", ParsedName("spontaneous_yi-12", "yi", 1)),
        ("spontaneous_ying-1", ParsedName("spontaneous_ying-1", "ying", 1)),
        ("posed_nelly", None),
        ("posed_nelly-1-2", None),
        ("posed_happy_nelly-1", None),
    ],
)
def test_spos(name: str, said: ParsedName | None):
    assert spos.read(name) == said


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("108.mp4.npy", 108),
        ("0108.avi", 108),
        ("Sessions/2031/S053-001.avi", 2031),
        ("2031/video/108.avi", 108),
        ("2031/deep/clip.avi", 2031),
        ("session_108.avi", 108),
        ("S001-108.avi", None),
        ("clip.avi", None),
    ],
)
def test_mmi(place: str, number: int | None):
    assert session_of(place) == number
