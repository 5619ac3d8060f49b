"""People whom nobody knows: some sets do not say who is on a picture.

Each such clip counts as a subject of its own, which keeps every rule about subjects and proves
nothing; so their names can be told, and whoever proves something says so.
"""

_UNKNOWN = "unknown-"


def unknown(clip: str) -> str:
    """The subject of a clip whose person is not known."""
    return f"{_UNKNOWN}{clip}"


def is_unknown(subject: str) -> bool:
    return subject.startswith(_UNKNOWN)
