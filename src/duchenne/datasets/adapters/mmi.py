"""MMI: a clip is known by its session's number, which says neither who is seen nor, for certain,
whether the smile is posed.

The subject comes from subjects.csv, or where there is none from the session.xml that the owners put
beside each video; the label from the published folds, else from subjects.csv, else by the number.
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
from duchenne.datasets.adapters.sessions import Told
from duchenne.datasets.clip import Found, without_endings
from duchenne.datasets.naming import Said
from duchenne.errors import DatasetError, listed

# As the published folds count; an earlier poster counts 49 posed smiles, three of which these lack.
PUBLISHED = Counts({"spontaneous": 138, "posed": 46}, subjects=34)
FIRST_POSED, FIRST_SPONTANEOUS = 108, 2004


def find(folder: Path, settings: SmileDataset) -> list[Found]:
    """Every clip, with the further columns of subjects.csv as groups."""
    numbers = {place: session_of(place) for place in naming.clips_below(folder)}
    fits = {place: number is not None for place, number in numbers.items()}
    naming.check_names(folder, fits, example="108.avi, or lying in a folder named 108")
    idents = {place: str(number) for place, number in numbers.items()}
    naming.check_once(folder, list(idents.items()))
    published = labels.label_of(labels.read(folder))
    told = {
        ident: replace(session, label=_label(ident, published.get(ident), session.label))
        for ident, session in sessions.told(folder, idents).items()
    }
    _check(folder, told)
    return [_found(place, ident, told[ident]) for place, ident in idents.items()]


def notes(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """The sessions that only subjects.csv knows."""
    alone = sessions.without_clips(folder, {clip.ident for clip in found})
    if not alone:
        return {}
    remark = f"{sessions.TABLE} lists sessions without a clip: {listed(alone)}"
    return {"sessions_without_clips": alone, "remarks": [remark]}


def session_of(place: str) -> int | None:
    """The number that is a file's whole name, or the nearest folder's, or the only one in the name
    of the file; two numbers in a name leave it open which is meant."""
    path = PurePosixPath(without_endings(place))
    for name in (path.name, *(folder.name for folder in path.parents)):
        if re.fullmatch(r"[0-9]{1,9}", name):
            return int(name)
    within = re.findall(r"[0-9]{1,9}", path.name)
    return int(within[0]) if len(within) == 1 else None


def _label(ident: str, published: int | None, told: int | None) -> int | None:
    if published is not None:
        return published
    if told is not None:
        return told
    if int(ident) >= FIRST_SPONTANEOUS:
        return 1
    return 0 if int(ident) >= FIRST_POSED else None


def _check(folder: Path, told: Mapping[str, Told]) -> None:
    """Refuse sessions of which it is not known whom they show, or with which label."""
    numbers = sorted(told, key=int)
    nobody = [
        f"{ident} ({told[ident].problem})" if told[ident].problem else ident
        for ident in numbers
        if not told[ident].subject
    ]
    unlabelled = [ident for ident in numbers if told[ident].label is None]
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


def _found(place: str, ident: str, told: Told) -> Found:
    label = told.label or 0
    clip = naming.found(place, Said(ident, told.subject or "", label))
    return replace(clip, groups=told.groups)
