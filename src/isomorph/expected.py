"""Expected figures: what a dataset's file says there must be, against what there is."""

from __future__ import annotations

from collections.abc import Mapping

from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.saying import say


def check_expected(layout: Layout, dataset: str, found: Mapping[str, int]) -> None:
    """Compare recomputed figures with those a dataset's file expects.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    found : mapping of str to int
        The figures by their key below `expected`, such as `stimuli` or `units.V1`; those for which
        the file expects nothing are passed over.

    Raises
    ------
    IsomorphError
        When one differs and `expected.mismatch` is `refuse`; otherwise it is said on the standard
        error stream.
    """
    spec = layout.study.dataset(dataset).expected
    differing = [
        f"expected.{key} says {wanted:,}, there are {value:,}"
        for key, value in found.items()
        if (wanted := _wanted(spec.model_dump(), key)) is not None and wanted != value
    ]
    if not differing:
        return
    sentence = f"{layout.study.dataset_files[dataset]}: {'; '.join(differing)}"
    if spec.mismatch == "refuse":
        raise IsomorphError(
            f"{sentence}; find out why, fix the figure, or set expected.mismatch to report"
        )
    say(f"mismatch: {sentence}")


def _wanted(expected: Mapping[str, object], key: str) -> int | None:
    name, _, of = key.partition(".")
    figure = expected[name]
    value = figure.get(of) if isinstance(figure, dict) else figure
    return value if isinstance(value, int) else None
