"""Words for emotions in expression data sets, as folders and tables spell them."""

from collections.abc import Sequence

_SPELLINGS = {
    "anger": {"anger", "angry"},
    "contempt": {"contempt", "contemptuous"},
    "disgust": {"disgust", "disgusted"},
    "fear": {"fear", "fearful", "afraid"},
    "happiness": {"happiness", "happy"},
    "neutral": {"neutral"},
    "sadness": {"sadness", "sad"},
    "surprise": {"surprise", "surprised"},
}


def emotion_of(word: str) -> str | None:
    """The emotion that a word means, whatever its case; None for other words."""
    plain = word.casefold()
    return next((name for name, words in _SPELLINGS.items() if plain in words), None)


def class_of(word: str, classes: Sequence[str]) -> int | None:
    """Index in `classes`, themselves words for emotions, of the one that `word` means; or None."""
    meant = emotion_of(word)
    known = [emotion_of(name) for name in classes]
    return known.index(meant) if meant in known else None
