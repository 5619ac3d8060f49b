"""The demo: rendered smile videos with known motion, the data set of a fresh clone.

A public-domain portrait is animated: it smiles, blinks and moves its head. The two classes differ
in the direction of published findings; how far they overlap is our choice (`cues`). A third of the
clips begin or end within the smile, hold two smiles, or have a slow onset (`kinds`). So the demo
tests whether the pipeline works and measures what it should. It is NO evidence about real smiles,
about people, or about how well any model tells a spontaneous smile from a posed one.
"""

from duchenne.datasets.demo.dynamics import Drives, Smile, draw_smile
from duchenne.datasets.demo.plan import (
    ClipPlan,
    SubjectRow,
    blinks_table,
    plan,
    smiles_table,
    subjects_table,
    truth,
)
from duchenne.datasets.demo.render import View, render
from duchenne.datasets.demo.video import write_video

__all__ = [
    "ClipPlan",
    "Drives",
    "Smile",
    "SubjectRow",
    "View",
    "blinks_table",
    "draw_smile",
    "plan",
    "render",
    "smiles_table",
    "subjects_table",
    "truth",
    "write_video",
]
