"""Handwritten digits, which come with scikit-learn: what the networks here are trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.measures import Floats

Labels = NDArray[np.integer]

N_TRAINING = 1000
N_CLASSES = 10


@dataclass(frozen=True)
class Digits:
    """Images of digits, split once and for all.

    Attributes
    ----------
    images, test_images : array of shape (stimulus, pixel)
        From 0 to 1.
    labels, test_labels : array of shape (stimulus,)
    """

    images: Floats
    labels: Labels
    test_images: Floats
    test_labels: Labels


def digits() -> Digits:
    """Return 1,000 digits to train on, and 797 others (Alpaydin & Kaynak 1998)."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[:N_TRAINING], order[N_TRAINING:]
    pixels = images / 16
    return Digits(pixels[train], labels[train], pixels[test], labels[test])
