"""MMI: a clip's name is its session number, which gives neither the subject nor a sure label.

The subject comes from subjects.csv or, without that file, from the session.xml beside each video.
The label comes from the published folds, else from subjects.csv, else from the session number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from duchenne.config.datasets import SmileDataset
from duchenne.datasets import labels, naming
from duchenne.datasets.adapters import sessions
from duchenne.datasets.adapters.base import Counts
from duchenne.datasets.adapters.sessions import Session
from duchenne.datasets.clip import Found, without_endings
from duchenne.datasets.naming import ParsedName
from duchenne.errors import DatasetError, listed

# Numbers of the published folds. An earlier poster has 49 posed smiles, three more than the folds.
PUBLISHED = Counts({"spontaneous": 138, "posed": 46}, subjects=34)
FIRST_POSED, FIRST_SPONTANEOUS = 108, 2004  # session numbers


def find(folder: Path, settings: SmileDataset) -> list[Found]:
    """The clips of the set, with the other columns of subjects.csv as groups."""
    numbers = {place: session_of(place) for place in naming.clips_below(folder)}
    fits = {place: number is not None for place, number in numbers.items()}
    naming.check_names(folder, fits, example="108.avi, or lying in a folder named 108")
    idents = {place: str(number) for place, number in numbers.items()}
    naming.check_once(folder, list(idents.items()))
    published = labels.label_of(labels.read(folder))
    known = {
        ident: replace(session, label=_label(ident, published.get(ident), session.label))
        for ident, session in sessions.known_sessions(folder, idents).items()
    }
    _check(folder, known)
    return [_found(place, ident, known[ident]) for place, ident in idents.items()]


def notes(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """Sessions in subjects.csv without a clip."""
    alone = sessions.without_clips(folder, {clip.ident for clip in found})
    if not alone:
        return {}
    remark = f"{sessions.TABLE} lists sessions without a clip: {listed(alone)}"
    return {"sessions_without_clips": alone, "remarks": [remark]}


def session_of(place: str) -> int | None:
    """The session number of a file; None if it cannot be told.

    It is the file's whole name, else that of the nearest folder, else the only number in the
    file's name.
    """
    path = PurePosixPath(without_endings(place))
    for name in (path.name, *(folder.name for folder in path.parents)):
        if re.fullmatch(r"[0-9]{1,9}", name):
            return int(name)
    within = re.findall(r"[0-9]{1,9}", path.name)
    return int(within[0]) if len(within) == 1 else None


def _label(ident: str, published: int | None, in_table: int | None) -> int | None:
    """The label by the published folds, else by subjects.csv, else by the session number."""
    if published is not None:
        return published
    if in_table is not None:
        return in_table
    if int(ident) >= FIRST_SPONTANEOUS:
        return 1
    return 0 if int(ident) >= FIRST_POSED else None


def _check(folder: Path, known: Mapping[str, Session]) -> None:
    """Refuse sessions whose subject or label is not known."""
    numbers = sorted(known, key=int)
    nobody = [
        f"{ident} ({known[ident].problem})" if known[ident].problem else ident
        for ident in numbers
        if not known[ident].subject
    ]
    unlabelled = [ident for ident in numbers if known[ident].label is None]
    problems = []
    if nobody:
        problems.append(
            f"no subject is known for the sessions {', '.join(nobody)}: put the owners' "
            f"session.xml beside each video, or a table {sessions.TABLE} (session, subject) here"
        )
    if unlabelled:
        problems.append(
            f"no label is known for the sessions {', '.join(unlabelled)}: say it in a column label "
            f"(spontaneous or posed) of {sessions.TABLE}"
        )
    if problems:
        raise DatasetError(f"{folder}: {'; '.join(problems)}")


def _found(place: str, ident: str, session: Session) -> Found:
    label = session.label or 0
    clip = naming.found(place, ParsedName(ident, session.subject or "", label))
    return replace(clip, groups=session.groups)
