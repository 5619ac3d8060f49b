"""Peak memory of each stage's worker on a long 1080p clip, and whether it grows.

The clip repeats two seconds of H.264 packets with later timestamps, so that ten minutes are made in
seconds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil

from bench.landmarks import pictures
from duchenne.datasets import demo
from tests.make.workspace import Workspace

RATE, LOOP = 50, 100  # Hz, frames that are encoded
LIMITS = {"decode": 500e6, "detect": 700e6, "mesh": 700e6, "normalize": 700e6}  # bytes


def make_clip(path: Path, *, seconds: int) -> Path:
    """Write a clip of `seconds` s, which repeats two seconds of a person on a texture."""
    [plan, _] = demo.plan(seed=0, subjects=1, clips_per_subject=2, size=640)
    source = av.CodecContext.create("libx264", "w")
    source.width, source.height = 1920, 1080
    source.pix_fmt, source.time_base = "yuv420p", Fraction(1, RATE)
    source.gop_size, source.max_b_frames = LOOP, 0
    source.options = {"preset": "ultrafast", "x264-params": "scenecut=0"}
    packets = []
    for number, picture in enumerate(pictures(plan, seconds=LOOP / RATE)):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = number
        packets += [bytes(packet) for packet in source.encode(frame)]
    packets += [bytes(packet) for packet in source.encode(None)]
    with av.open(path, "w") as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(seconds * RATE):
            packet = av.Packet(packets[number % LOOP])
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number
            packet.duration = 1
            packet.is_keyframe = number % LOOP == 0
            output.mux(packet)
    return path


def prepare(root: Path, *, seconds: int) -> Workspace:
    """A workspace whose data set is the long clip."""
    workspace = Workspace.make(root)
    workspace.set(dataset="long", datasets__long={"adapter": "folder"})
    data = root / "data/raw/long"
    data.mkdir(parents=True)
    clip = make_clip(data / "long.mp4", seconds=seconds)
    (data / "clips.csv").write_text("path,subject,label\nlong.mp4,p1,1\n")
    print(f"{seconds} s of 1080p{RATE}, {clip.stat().st_size / 1e6:.0f} MB")
    print(workspace.stage("index").stdout, end="")
    return workspace


def watch(workspace: Workspace, name: str) -> list[tuple[float, int]]:
    """Samples (s, resident bytes) of the largest process of a stage, which is its worker."""
    environment = {**os.environ, **workspace.env, "DUCHENNE_WORKERS": "1"}
    seen, start = [], time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", f"stages.{name}"], cwd=workspace.root, env=environment
    ) as stage:
        while stage.poll() is None:
            # On Linux workers are its grandchildren.
            workers = psutil.Process(stage.pid).children(recursive=True)
            if sizes := [resident(worker) for worker in workers]:
                seen.append((time.monotonic() - start, max(sizes)))
            time.sleep(0.1)
    if stage.returncode:
        raise SystemExit(f"the stage ended with {stage.returncode}")
    return seen


def resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one minute instead of ten")
    seconds = 60 if parser.parse_args().quick else 600
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepare(Path(folder, "project"), seconds=seconds)
        peaks = [report(workspace, stage, limit) for stage, limit in LIMITS.items()]
    return int(not all(peaks))


def report(workspace: Workspace, stage: str, limit: float) -> bool:
    """Run a stage and print its peak memory; return whether that is within the limit."""
    seen = np.array(watch(workspace, stage))
    peak = seen[:, 1].max()
    settled = seen[len(seen) // 5 : -10] if len(seen) > 50 else seen
    growth = settled[-1, 1] - settled[0, 1]
    print(
        f"{stage}: peak {peak / 1e6:.0f} MB (limit {limit / 1e6:.0f}), "
        f"{growth / 1e6:+.0f} MB over the last four fifths"
    )
    return bool(peak <= limit)


if __name__ == "__main__":
    raise SystemExit(main())
