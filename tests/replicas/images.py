"""Pictures to plant in replicas: unlike noise they differ in what a model sees first."""

import numpy as np

N_CATEGORIES = 4


def categories(n):
    """Return the category each picture of `natural_like(n, …)` belongs to (picture,)."""
    return np.arange(n) % N_CATEGORIES


def natural_like(n, height, width, seed):
    """Return pictures (n, height, width, 3) of uint8 with the 1/f spectrum of photographs.

    Pictures of one category share half of their coarse structure and their tint, so that they are
    nearer to each other than to those of other categories; no two are alike.
    """
    rng = np.random.default_rng(seed)
    kinds = categories(n)
    shared = _clouds(rng, N_CATEGORIES, height, width)[kinds]
    own = _clouds(rng, n, height, width)
    tints = rng.uniform(-1, 1, (N_CATEGORIES, 3))[kinds]
    pictures = 0.7 * shared + 0.7 * own + 0.6 * tints[:, None, None, :]
    return np.clip(np.rint(128 + 48 * pictures), 0, 255).astype(np.uint8)


def _clouds(rng, n, height, width):
    """Return noise (n, height, width, 3) whose amplitude falls with spatial frequency."""
    rows = np.fft.fftfreq(height)[:, None]
    columns = np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(rows * height, columns * width)
    gain = 1 / np.maximum(frequency, 1) ** 1.2
    gain[0, 0] = 0
    white = rng.standard_normal((n, 3, height, width))
    smooth = np.fft.irfft2(np.fft.rfft2(white) * gain, s=(height, width))
    smooth /= smooth.std(axis=(2, 3), keepdims=True) + 1e-9
    return np.moveaxis(smooth, 1, 3)
