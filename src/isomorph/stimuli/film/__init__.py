"""Films: frames and their times, from videos and stacks, and which of them are stimuli."""

from isomorph.stimuli.film.films import Film, frames_before
from isomorph.stimuli.film.listing import list_frames
from isomorph.stimuli.film.readers import open_film

__all__ = ["Film", "frames_before", "list_frames", "open_film"]
