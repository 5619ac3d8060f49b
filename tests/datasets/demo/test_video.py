"""Video files: exact frame times, the index in front, and the same bytes from the same seed."""

import hashlib
import io
import os
import subprocess
import sys

import av
import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import plan, render, write_video

CLIP = plan(seed=0, subjects=2, clips_per_subject=2, size=160)[0]


def decoded_times(source):
    with av.open(source) as file:
        return np.array([float(frame.time) for frame in file.decode(video=0)])


@pytest.mark.parametrize(
    "times",
    [
        CLIP.times()[:20],
        np.arange(20) / 30.0,
        np.arange(20) / 50.0,
        np.cumsum([0.0, *np.random.default_rng(0).uniform(0.01, 0.08, 19)]),
    ],
    ids=["own", "30 Hz", "50 Hz", "variable"],
)
def test_video_keeps_every_frame_time(tmp_path, times):
    path = tmp_path / "clip.mp4"
    write_video(CLIP, path, times=times)
    assert decoded_times(str(path)) == pytest.approx(times, abs=1e-5)
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_video_looks_like_its_frames(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(CLIP, path, times=CLIP.times()[:10])
    with av.open(str(path)) as file:
        shown = [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]
    for a, b in zip(shown, render(CLIP, times=CLIP.times()[:10]), strict=True):
        error = cv2.blur(a, (3, 3)).astype(np.int16) - cv2.blur(b, (3, 3))
        assert np.abs(error).mean() < 3.0


def test_file_objects_get_the_bytes_of_paths(tmp_path):
    path, buffer = tmp_path / "clip.mp4.part", io.BytesIO()
    write_video(CLIP, path, times=[0.0, 0.04])
    write_video(CLIP, buffer, times=[0.0, 0.04])
    assert buffer.getvalue() == path.read_bytes()


SCRIPT = """
import hashlib, io
from duchenne.datasets.demo import plan, write_video
clip = plan(seed=0, subjects=2, clips_per_subject=2, size=160)[0]
out = io.BytesIO()
write_video(clip, out, times=clip.times()[:30])
print(hashlib.sha256(out.getvalue()).hexdigest())
"""


@pytest.mark.parametrize("garbage", ["0", "85"])
def test_same_seed_same_bytes_in_a_fresh_process(garbage):
    """Filling fresh memory with garbage is what shows an encoder that reads what nobody wrote."""
    here = io.BytesIO()
    clip = plan(seed=0, subjects=2, clips_per_subject=2, size=160)[0]
    write_video(clip, here, times=clip.times()[:30])
    there = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"MALLOC_PERTURB_": garbage, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == hashlib.sha256(here.getvalue()).hexdigest()


OLDER = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX2 FMA3"
SHOW = """
import hashlib, io
from duchenne.datasets import demo
plans = demo.plan(seed=0, subjects=2, clips_per_subject=2, size=160)
truth = demo.truth(plans)
print([hashlib.sha256(truth[name].tobytes()).hexdigest() for name in ("lip", "cheek", "eyelid")])
file = io.BytesIO()
demo.write_video(plans[0], file, times=[0.0, 0.4, 0.8, 1.2, 1.6, 2.0])
print(hashlib.sha256(file.getvalue()).hexdigest())
"""


def test_an_older_processor_renders_the_same_bytes():
    """NumPy takes other instructions there, whose last bits differ."""
    shown = {
        subprocess.run(
            [sys.executable, "-c", SHOW],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for env in ({}, {"NPY_DISABLE_CPU_FEATURES": OLDER, "OPENBLAS_CORETYPE": "Haswell"})
    }
    assert len(shown) == 1
