"""Smile videos made here, with the truth beside them: the data set of a fresh clone.

A public-domain portrait smiles, blinks and moves its head as told. What the two classes do follows
the direction of published findings, and how far they overlap was chosen by us (`cues`), so the demo
checks that the pipeline works and measures what it says it measures. It is NO evidence about real
smiles, about people, or about how well any model tells a felt smile from a posed one.
"""

from duchenne.datasets.demo.dynamics import Drives, Smile, draw_smile
from duchenne.datasets.demo.plan import ClipPlan, SubjectRow, plan, subjects_table, truth
from duchenne.datasets.demo.render import View, render
from duchenne.datasets.demo.video import write_video

__all__ = [
    "ClipPlan",
    "Drives",
    "Smile",
    "SubjectRow",
    "View",
    "draw_smile",
    "plan",
    "render",
    "subjects_table",
    "truth",
    "write_video",
]
