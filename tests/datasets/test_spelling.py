"""How subjects are written: what is one name, what only looks like one, and what nobody sees."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.datasets.spelling import bare, hidden, plain


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Jose\u0301", "Jos\u00e9"),
        (" Anna\t", "Anna"),
        ("Anna\u00a0\u2003 Maria\n", "Anna Maria"),
        ("\u3000Anna\u2028Maria", "Anna Maria"),
        ("\uff30\uff11", "P1"),
        ("001", "001"),
        ("anna", "anna"),
        ("नील", "नील"),
    ],
)
def test_a_name_has_one_spelling(written: str, name: str):
    assert plain(written) == name


@given(st.text())
def test_a_plain_name_stays_and_every_form_of_unicode_leads_to_it(name: str):
    forms = {plain(unicodedata.normalize(form, name)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {plain(name)}
    assert plain(plain(name)) == plain(name)


@pytest.mark.parametrize(
    ("char", "says"),
    [
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u200d", "U+200D ZERO WIDTH JOINER"),
        ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("\u00ad", "U+00AD SOFT HYPHEN"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u034f", "U+034F COMBINING GRAPHEME JOINER"),
        ("\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
        ("\U000e0100", "U+E0100 VARIATION SELECTOR-17"),
        ("\u3164", "U+3164 HANGUL FILLER"),
        ("\u115f", "U+115F HANGUL CHOSEONG FILLER"),
        ("\u2065", "U+2065"),
        ("\x00", "U+0000"),
        ("\x1c", "U+001C"),
        ("\x7f", "U+007F"),
        ("\x85", "U+0085"),
    ],
)
def test_invisible_characters_are_named(char: str, says: str):
    assert hidden(f"An{char}na") == says


@pytest.mark.parametrize(
    "name", ["Jose\u0301", " Anna\u00a0Maria\r\n", "नील", "笑", "q01", "😀", ""]
)
def test_what_can_be_seen_is_not_invisible(name: str):
    assert hidden(name) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "anna"),
        ("José", "JOSE"),
        ("Søren", "Soren"),
        ("Łukasz", "Lukasz"),
        ("Strauß", "STRAUSS"),
        ("Işık", "ışık"),
        ("İnci", "inci"),
        ("Nguyễn", "Nguyen"),
        ("Ἀλέξανδρος", "αλεξανδρος"),
        ("Қайрат", "Кайрат"),
        ("דָּוִד", "דוד"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_case_and_accents_alone(one: str, other: str):
    assert plain(one) != plain(other)
    assert bare(plain(one)) == bare(plain(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("yi", "ying"), ("1", "01"), ("Müller", "Mueller"), ("Anna M", "AnnaM"), ("नील", "नल"),
     ("नील", "नुल"), ("Æsa", "Asa"), ("金", "今")],
)  # fmt: skip
def test_other_letters_are_other_names(one: str, other: str):
    assert bare(plain(one)) != bare(plain(other))
