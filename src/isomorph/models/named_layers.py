"""The layers a model has, by name, before any stimulus is shown to it."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.models.baselines import BASELINES
from isomorph.models.outline import outline
from isomorph.models.source_entries import SOURCES
from isomorph.responses.named_arrays import read_variables
from isomorph.study import ModelSpec

FEW = 3
"""Images of noise that show which layers there are, where shapes alone do not tell."""

WEIGHTS = Path("data/weights")


def named_layers(spec: ModelSpec, beside: Path) -> dict[str, str]:
    """Return the layers of a model in execution order, with how many features each has.

    A network that is known by its architecture is built without weights, and no image passes
    through it. Others are built and see three images of noise.

    Parameters
    ----------
    spec : ModelSpec
    beside : Path
        Folder of the model's file.

    Returns
    -------
    dict of str to str
        What there is to say of each layer, by name: features, and whether it is one of the blocks.

    Raises
    ------
    IsomorphError
        When the source is of a kind whose layers only the stimuli make.
    """
    head, _, what = spec.source.partition("/")
    if head == "features":
        shapes = read_variables(beside / what).of_numbers()
        return {name: f"of shape {shape}" for name, shape in shapes.items() if len(shape) > 1}
    if head == "baseline" and (of_images := BASELINES[what].of_images) is not None:
        size = spec.preprocessing.size if spec.preprocessing else BASELINES[what].size
        noise = np.random.default_rng(0).random((FEW, 3, size, size), dtype=np.float32)
        found = of_images(noise, spec.options, spec.name)
        return {name: _features(one[0].size) for name, one in found.items()}
    if head == "baseline":
        columns = spec.options.get("columns", ())
        return dict.fromkeys(columns, "a column of the stimulus table")
    if SOURCES[spec.source].network is None:
        raise IsomorphError(
            f"{spec.name}: the layers of {head}/ are known once its "
            f"{'columns have' if spec.is_of_table else 'file has'} been read with the stimuli; "
            "isomorph activations makes them"
        )
    every = outline(spec.model_copy(update={"layers": "all"}), 1)
    if every is None:
        return _by_noise(spec, beside)
    blocks = outline(spec.model_copy(update={"layers": "blocks"}), 1)
    among = set(blocks.choice.widths) if blocks is not None else set()
    return {
        name: _features(width) + (", one of the blocks" if name in among else "")
        for name, width in every.choice.widths.items()
    }


def _features(n: int) -> str:
    return f"{n:,} features" if n != 1 else "1 feature"


def _by_noise(spec: ModelSpec, beside: Path) -> dict[str, str]:
    """Return the layers of a network that three images of noise pass through."""
    from isomorph.models.activate import activations

    rng = np.random.default_rng(0)
    clip = spec.preprocessing.clip if spec.preprocessing else None
    times = () if clip is None else (clip.frames,)
    noise = rng.integers(0, 256, (FEW, *times, 256, 256, 3), dtype=np.uint8)
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        found = activations(
            spec.source, noise, "all", preprocessing=spec.preprocessing, beside=beside,
            stimuli=[f"noise{n}" for n in range(FEW)], weights=WEIGHTS, options=spec.options,
        )  # fmt: skip
    counts = dict(zip(found["layer"].values.tolist(), found["n_features"].values.tolist(),
                      strict=True))  # fmt: skip
    return {str(name): _features(int(n)) for name, n in counts.items()}
