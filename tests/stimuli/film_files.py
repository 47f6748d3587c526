"""Small films written with PyAV, and what is in their frames."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

UNEVEN = np.cumsum([0.0, *(0.04, 0.03, 0.05) * 10])
"""Times of 31 frames that do not follow one another evenly, seconds."""


def picture(number: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Return a grey frame (row, column, 3), eight levels brighter than the one before."""
    frame = np.full((size[1], size[0], 3), 8 * number % 256, np.uint8)
    frame[: size[1] // 2, : size[0] // 4] = [200, 30, 30]  # up on the left
    return frame


def write_video(path: Path, times=UNEVEN, codec="libx264", pixels="yuv420p", size=(64, 48), **more):
    """Write a video whose frame i comes on at times[i]."""
    base = Fraction(1, 1000)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.time_base = stream.time_base = base
        for name, value in more.items():
            setattr(stream.codec_context, name, value)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="rgb24")
            frame.pts, frame.time_base = round(float(time) / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
