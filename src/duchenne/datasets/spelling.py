"""Spelling of subjects' names: normal form, invisible characters, and comparison."""

import unicodedata

# Characters that no font shows (Unicode's Default_Ignorable_Code_Point), beside those of the
# categories Cc and Cf: fillers, variation selectors and reserved code points.
_IGNORABLE = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0),
            *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)),
            *(*range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)),
        ),
    )
)
_GAPS = frozenset("\t\n\v\f\r")  # control characters that are shown as white space


def plain(name: str) -> str:
    """The normal form of a name: NFKC, one space between words, no white space around them."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def hidden(name: str) -> str | None:
    """Code point and name of the first invisible character in a name; None if it has none."""
    char = next((char for char in name if _is_hidden(char)), None)
    return None if char is None else f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


def bare(name: str) -> str:
    """A name without case and accents, for comparison alone.

    Vowel signs of Indian scripts stay, as Unicode does not count them as accents; so do letters
    such as æ. ß becomes ss.
    """
    signs = unicodedata.normalize("NFKD", name)
    letters = "".join(_letter(char) for char in signs if not unicodedata.combining(char))
    return letters.casefold().replace("ı", "i")  # its capital is I in Turkish


def _is_hidden(char: str) -> bool:
    if char in _GAPS:
        return False
    return unicodedata.category(char) in ("Cc", "Cf") or char in _IGNORABLE


def _letter(char: str) -> str:
    """A letter without its stroke: NFKD does not decompose letters such as ø and ł."""
    letter, joined, _ = unicodedata.name(char, "").partition(" WITH ")
    if not joined or not char.isalpha():
        return char
    try:
        return unicodedata.lookup(letter)
    except KeyError:
        return char
