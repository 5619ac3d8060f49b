"""Real files where DUCHENNE_CLIPS names a folder that has them; never needed."""

import os
from pathlib import Path

import pytest

from duchenne.media.video import open_video
from tests.make.clips import decoded

FOLDER = os.environ.get("DUCHENNE_CLIPS")
# name: upright size, frames decoded, pictures at 25 per s, source rate
CLIPS = {
    "single_face.mp4": ((640, 360), 72, 60, 30.0),
    "face_noface.mov": ((960, 540), 169, 156, 26.41),
    "no_face.mp4": ((960, 540), 95, 95, 24.0),
    "two_faces.gif": ((480, 270), 56, 56, 12.01),
    "speech.mpg": ((360, 288), 75, 75, 25.0),
}


@pytest.mark.skipif(not FOLDER, reason="DUCHENNE_CLIPS names no folder of real clips")
@pytest.mark.parametrize("name", CLIPS)
def test_real_clips(name):
    size, frames, kept, rate = CLIPS[name]
    with open_video(Path(FOLDER or "", name)) as video:
        pictures = list(video)
    facts = video.facts
    assert ((facts.width, facts.height), facts.frames_decoded, len(pictures)) == (
        size,
        frames,
        kept,
    )
    assert facts.fps == pytest.approx(rate, abs=0.01)
    assert max(decoded(pictures[0].jpeg).shape) == min(640, max(size))
    assert facts.flaw() is None
