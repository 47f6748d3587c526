"""Images of a stimulus table, read for tests."""

import numpy as np

from isomorph.stimuli.pixels import resized


def read_images(listed, size):
    """Read listed images, each resized whole to a square: (stimulus, 3, size, size)."""
    return np.stack([resized(read(), size) for _, read in listed])
