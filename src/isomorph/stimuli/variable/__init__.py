"""Continuous variables as stimuli: read from recordings, sampled, and cut into bins."""

from isomorph.stimuli.variable.bins import bins_of
from isomorph.stimuli.variable.reading import track_of
from isomorph.stimuli.variable.repetitions import dwell, repetitions_of
from isomorph.stimuli.variable.track import Track, sample_spans

__all__ = [
    "Track",
    "bins_of",
    "dwell",
    "repetitions_of",
    "sample_spans",
    "track_of",
]
