"""How FER2013 names its classes and the parts of its one split."""

FOLD = "official"
# By their number in the table.
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

_PARTS = {
    "train": {"train", "training"},
    "val": {"val", "valid", "validation", "publictest"},
    "test": {"test", "testing", "privatetest"},
}


def role_of(word: str) -> str | None:
    """The role that a name of a part means, in any case; None for any other word."""
    return next((role for role, words in _PARTS.items() if word.casefold() in words), None)
