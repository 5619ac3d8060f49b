"""How the name of a subject is written: its one spelling, and what two names may differ by."""

import unicodedata

# Beside control (Cc) and format characters (Cf), what Unicode lets every font pass over
# (Default_Ignorable_Code_Point): fillers, variation selectors, and places kept for more of them.
_PASSED_OVER = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0),
            *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)),
            *(*range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)),
        ),
    )
)
_GAPS = frozenset("\t\n\v\f\r")  # control characters, but seen as a space


def plain(name: str) -> str:
    """The one spelling of a name: in Unicode's form NFKC, with one space for every run of
    whitespace between words, line ends included, and none around them."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def hidden(name: str) -> str | None:
    """The first character of a name that nobody sees, by its code point: no reader could tell such
    a name from the same one without it."""
    char = next((char for char in name if _is_hidden(char)), None)
    return None if char is None else f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


def bare(name: str) -> str:
    """A name without case and accents, for comparison alone.

    Vowel signs that Unicode does not count as accents (those of Indian scripts) stay, as do letters
    of their own such as æ. ß is ss, as it is in capitals.
    """
    signs = unicodedata.normalize("NFKD", name)
    letters = "".join(_letter(char) for char in signs if not unicodedata.combining(char))
    return letters.casefold().replace("ı", "i")  # in Turkish I is its capital


def _is_hidden(char: str) -> bool:
    if char in _GAPS:
        return False
    return unicodedata.category(char) in ("Cc", "Cf") or char in _PASSED_OVER


def _letter(char: str) -> str:
    """ø and ł are o and l with a stroke, which no form of Unicode takes apart."""
    letter, joined, _ = unicodedata.name(char, "").partition(" WITH ")
    if not joined or not char.isalpha():
        return char
    try:
        return unicodedata.lookup(letter)
    except KeyError:
        return char
