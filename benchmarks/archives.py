"""Streaming of the wanted objects against download of whole files, as ratios of one run."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from _command import command

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/servers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests/archives"))

from allen_layout import write_recording
from dandi_archive import Server, serve
from dandi_study import ARCHIVE, locked
from one_dataset import write_study

from isomorph.archives.dandi import bring

LATENCY, BANDWIDTH = 0.03, 100e6 / 8
"""Seconds before each answer and bytes per second: a fair line to another continent."""
PATH = "sub-1/sub-1_ses-1.nwb"
KEEP = [
    "units/spike_times*",
    "units/peak_channel_id",
    "units/quality",
    "intervals/natural_scenes_presentations",
]


def cost(server: Server, folder: Path, access: dict[str, object]) -> tuple[float, int]:
    """Return seconds and bytes over the line of one way to bring the recording."""
    spec = {"kind": "dandi", "dandiset": "000021", "version": "draft", "include": ["**"], **access}
    layout = write_study(folder, spec)
    asset = server.asset(f"000021/draft/{PATH}")
    server.sent = 0
    start = time.perf_counter()
    with redirect_stderr(StringIO()):
        bring(layout, "objects", [locked(asset)], folder / "files" / str(len(access)))
    return time.perf_counter() - start, server.sent


def measure(quick: bool) -> Iterator[tuple[str, float]]:
    import pynwb  # noqa: F401  (a second of imports is not a download)

    units, rate, lfp = (60, 20.0, 8_000_000) if quick else (600, 20.0, 40_000_000)
    repetitions = 5 if quick else 50
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = folder / "served" / "000021" / "draft" / PATH
        recording.parent.mkdir(parents=True)
        write_recording(
            recording, units=units, scenes=119, repetitions=repetitions, rate=rate, lfp=lfp
        )
        with serve(folder / "served", latency=LATENCY, bandwidth=BANDWIDTH) as server:
            os.environ["ISOMORPH_MIRRORS"] = f"{ARCHIVE}={server.url}"
            whole_seconds, whole_bytes = cost(server, folder, {})
            part_seconds, part_bytes = cost(server, folder, {"access": "stream", "keep": KEEP})
        case = (
            f"recording of {recording.stat().st_size / 1e6:.0f} MB, {1000 * LATENCY:.0f} ms and "
            f"{8 * BANDWIDTH / 1e6:.0f} Mbit/s simulated"
        )
    yield f"{case}: download / stream, seconds", whole_seconds / part_seconds
    yield f"{case}: download / stream, bytes", whole_bytes / part_bytes


if __name__ == "__main__":
    command(__doc__, measure)
