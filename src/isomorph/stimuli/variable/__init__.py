"""Continuous variables as stimuli: read from recordings, sampled, and cut into bins."""

from isomorph.stimuli.variable.bins import bins_of
from isomorph.stimuli.variable.deal import dwell, repetitions_of
from isomorph.stimuli.variable.reading import track_of
from isomorph.stimuli.variable.track import Track, longest_interval, stretches

__all__ = [
    "Track",
    "bins_of",
    "dwell",
    "longest_interval",
    "repetitions_of",
    "stretches",
    "track_of",
]
