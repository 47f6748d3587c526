"""Baselines: what pixels, filters, spectra or plain labels already explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isomorph.models.baselines.options import Features, LeftOut
from isomorph.registry import Registry, lazily
from isomorph.study import Preprocessing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["BASELINES", "Baseline"]

Options = Mapping[str, Any]
OfImages = Callable[["NDArray[np.float32]", Options, str], Features]
OfTable = Callable[["pd.DataFrame", Options, str], tuple[Features, LeftOut]]


@dataclass(frozen=True)
class Baseline:
    """A computation on images, or on the stimulus table.

    Attributes
    ----------
    of_images, of_table : callable
        One of them: features by layer.
    options : tuple of str
        What it knows.
    size : int
        Side of the images it sees unless the model says, pixels; RGB in [0, 1].
    title : str
        What it gives, in a line.
    """

    of_images: OfImages | None = None
    of_table: OfTable | None = None
    options: tuple[str, ...] = ()
    size: int = 128
    title: str = ""

    @property
    def preprocessing(self) -> Preprocessing | None:
        return Preprocessing(size=self.size) if self.of_images else None

    def features(
        self, images: NDArray[np.float32], table: pd.DataFrame, options: Options, where: str
    ) -> tuple[Features, LeftOut]:
        """Return features by layer, and columns without a geometry.

        Parameters
        ----------
        images : array of shape (stimulus, channel, height, width)
        table : DataFrame
            The stimulus table.
        options : mapping
        where : str
            The model, for errors.

        Raises
        ------
        IsomorphError
            When an option is unknown or cannot be.
        """
        if self.of_table is not None:
            return self.of_table(table, options, where)
        assert self.of_images is not None, "a baseline is of images or of the table"
        return self.of_images(images, options, where), {}


_PIXELS = lazily("isomorph.models.baselines.luminance:pixels")
_LUMINANCE = lazily("isomorph.models.baselines.luminance:luminance")

BASELINES: Registry[Baseline] = Registry(
    "baseline",
    {
        "pixels": Baseline(
            lambda images, _, __: _PIXELS(images), size=64, title="the pixels themselves"
        ),
        "luminance": Baseline(
            lambda images, _, where: _LUMINANCE(images, where),
            title="how light, and how contrasted",
        ),
        "gabor": Baseline(
            lazily("isomorph.models.baselines.gabor:gabor"),
            options=("orientations", "wavelengths"),
            title="energies of Gabor filters, as of complex cells",
        ),
        "gist": Baseline(
            lazily("isomorph.models.baselines.gist:gist"),
            options=("orientations", "wavelengths", "grid"),
            title="Gabor energies pooled over a grid, the gist of a scene",
        ),
        "spectrum": Baseline(
            lazily("isomorph.models.baselines.spectrum:spectrum"),
            options=("orientations", "window", "scale"),
            title="the Fourier spectrum",
        ),
        "hmax": Baseline(
            lazily("isomorph.models.baselines.hmax:hmax"),
            options=("orientations", "prototypes", "patches", "from", "seed"),
            title="the hierarchy of simple and complex cells of HMAX",
        ),
        "category": Baseline(
            of_table=lazily("isomorph.models.baselines.stimulus_columns:category"),
            options=("columns",),
            title="labels of the stimulus table",
        ),
        "columns": Baseline(
            of_table=lazily("isomorph.models.baselines.stimulus_columns:columns"),
            options=("columns", "scale", "ordinal"),
            title="numbers of the stimulus table",
        ),
    },
)
"""Baselines by the name that stands after `baseline/`; what one needs is imported when it runs."""
