"""Videos: the times of all frames without decoding one, and frames decoded as they are asked for.

Times are the presentation times of the stream, so that a frame stands where a player shows it also
where frames do not follow one another evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.budget import afford
from isomorph.registry import of_extra
from isomorph.stimuli.film.films import Film
from isomorph.stimuli.pixels import PER_PIXEL
from isomorph.stimuli.stimulus import Pixels

Array = npt.NDArray

WHAT = "a video"
FORMATS = (
    *("mov", "matroska", "webm", "avi", "mpeg", "mpegts", "mpegvideo", "ogg", "asf", "flv", "gif"),
    *("h264", "hevc", "m4v", "mxf", "dv", "yuv4mpegpipe", "nut", "ivf", "swf", "apng"),
)
"""Kinds of video that are read, whatever a file is called. Of those that FFmpeg knows beside them
some are lists of other files or addresses, which it would open."""

AVI = "avi"
"""Counts units of time, in some of which nothing is shown, where others count frames."""

AHEAD = 10.0
"""Seconds of film that are rather skipped than decoded."""


def video_films(file: Path, variable: str | None, transposed: bool) -> list[Film]:
    """Return the film that a video holds: its first stream of pictures.

    Parameters
    ----------
    file : Path
    variable : str or None
        A video has none.
    transposed : bool
        Neither are its rows and columns exchanged.

    Raises
    ------
    IsomorphError
        When PyAV is not installed, or the file is no whole video.
    """
    for said, key in ((variable is not None, "variable"), (transposed, "transposed")):
        if said:
            raise IsomorphError(f"{file}: stimuli.{key}: is of arrays, and this is none; drop it")
    stamps, length, seconds = _timeline(file)
    video = _Video(file, stamps, seconds)
    times = (stamps - stamps[0]) * seconds
    return [Film(str(file), file.stem, len(stamps), times, length, video.frame)]


@contextmanager
def _open(file: Path) -> Iterator[tuple[Any, Any]]:
    """Open a video, and yield it with its stream of pictures."""
    av = of_extra("av", "film", f"{file}: a video")
    if not file.is_file():
        raise IsomorphError(f"{file}: no such file")
    allowed = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
    with reading(file, WHAT):
        opened = av.open(str(file.absolute()), options=allowed)
    with opened:
        if not opened.streams.video:
            raise IsomorphError(f"{file}: holds no pictures, expected a video")
        stream = opened.streams.video[0]
        if stream.codec_context is None:
            raise IsomorphError(
                f"{file}: holds pictures in a format that cannot be decoded here; convert it to "
                "MP4 with H.264"
            )
        yield opened, stream


def _timeline(file: Path) -> tuple[Array, float, float]:
    """Return the time stamp of each frame, how long all last, and the seconds of a stamp's unit."""
    with _open(file) as (opened, stream), reading(file, WHAT):
        seconds = float(stream.time_base)
        # a packet is let go at once, for all of them are the whole film
        packets = [
            (one.pts, one.duration or 0, one.is_discard, one.is_corrupt)
            for one in opened.demux(stream)
            if one.size
        ]
        stated = _stated(opened, stream)
        announced = 0 if opened.format.name == AVI else int(stream.frames)
    shown = [one for one in packets if not one[2]]
    stamps, lasts = [one[0] for one in shown], [one[1] for one in shown]
    damaged = any(one[3] for one in packets)
    if not stamps or None in stamps:
        raise IsomorphError(
            f"{file}: {'its frames have no times' if stamps else 'holds not one frame'}; convert "
            "it to MP4 or Matroska"
        )
    order = np.argsort(stamps, kind="stable")
    ordered = np.array(stamps, dtype=np.int64)[order]
    if (np.diff(ordered) <= 0).any():
        raise IsomorphError(f"{file}: two frames have one time; convert it to MP4 or Matroska")
    last = int(np.array(lasts)[order][-1]) or (
        int(np.median(np.diff(ordered))) if len(ordered) > 1 else 0
    )
    length = float((ordered[-1] - ordered[0] + last) * seconds)
    period = length / len(ordered)
    if announced > len(packets) or damaged or stated > length + 2 * period + 0.1:
        wanted = f"{announced} frames" if announced > len(packets) else f"{stated:g} s"
        raise IsomorphError(
            f"{file}: is cut short, it announces {wanted} and has {len(ordered)} frames, "
            f"{length:g} s; fetch it again"
        )
    return ordered, length, seconds


def _stated(opened: Any, stream: Any) -> float:
    """Return how long the file says that its pictures last, seconds; 0 where it does not."""
    if opened.format.name == AVI:
        return float(stream.frames * stream.time_base)
    written = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, rest = written.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)
    except ValueError:
        alone = len(opened.streams) == 1 and opened.duration
        return opened.duration * 1e-6 if alone else 0.0


class _Video:
    """Decodes frames one after another; of one that lies far ahead what is between is skipped."""

    def __init__(self, file: Path, stamps: Array, seconds: float) -> None:
        self._file = file
        self._stamps = stamps
        self._seconds = seconds
        self._decoded: Iterator[Any] = iter(())
        self._last = np.inf

    def frame(self, index: int) -> Pixels:
        """Decode one frame (row, column, 3), counted from 0."""
        wanted = int(self._stamps[index])
        if not self._last < wanted <= self._last + AHEAD / self._seconds:
            self._decoded = _decoded(self._file, wanted if index else None)
        found = self._reach(wanted)
        if found is None:  # where it was sought too late, from the beginning
            self._decoded = _decoded(self._file, None)
            found = self._reach(wanted)
        if found is None or found.is_corrupt:
            raise IsomorphError(
                f"{self._file}: frame {index}, at {(wanted - self._stamps[0]) * self._seconds:g} "
                "s, cannot be decoded; fetch the file again if it is damaged, or convert it to MP4"
            )
        return _as_seen(found, f"{self._file}, frame {index}")

    def _reach(self, wanted: int) -> Any:
        """Decode until the frame of a time stamp; None where it is not there."""
        for frame in self._decoded:
            if frame.pts is not None and frame.pts >= wanted:
                self._last = frame.pts
                return frame if frame.pts == wanted else None
        self._last = np.inf
        return None


def _decoded(file: Path, stamp: int | None) -> Iterator[Any]:
    """Yield the frames of a video from its beginning, or from some before a time stamp."""
    with _open(file) as (opened, stream):
        size = f"a frame of {stream.width:,} × {stream.height:,} pixels"
        afford(file, size, stream.width * stream.height * PER_PIXEL)
        with reading(file, WHAT):
            stream.thread_type = "AUTO"
            if stamp is not None:
                opened.seek(stamp, stream=stream)
            frames = opened.decode(stream)
        while True:
            with reading(file, "a whole video"):
                frame = next(frames, None)
            if frame is None:
                return
            frame.opaque = stream.sample_aspect_ratio
            yield frame


def _as_seen(frame: Any, where: str) -> Pixels:
    """Return a decoded frame as RGB, with square pixels and upright."""
    with reading(where, WHAT):
        pixels = frame.to_ndarray(format="rgb24")
        turned, aspect = int(frame.rotation), float(frame.opaque or 1)
    if turned % 90:
        raise IsomorphError(f"{where}: is turned by {turned}°, expected a multiple of 90°")
    if aspect != 1:
        size = (round(pixels.shape[1] * aspect), pixels.shape[0])
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
    return np.ascontiguousarray(np.rot90(pixels, turned // 90))
