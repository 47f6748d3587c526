"""How many bytes a run will fetch, said before it starts."""

from __future__ import annotations

from collections.abc import Iterable

from isomorph.archives.readiness import bytes_to_come
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.layout import Layout


def announcement(layout: Layout, datasets: Iterable[str]) -> str:
    """Return how much is to be fetched for some datasets, '' where nothing is.

    Parameters
    ----------
    layout : Layout
    datasets : iterable of str
        Those whose bytes the run will see to. One whose size nobody knows before it is there, as of
        a package, is named without one. One that cannot be made out is passed over: its job says
        why.
    """
    sizes: dict[str, int | None] = {}
    for dataset in datasets:
        try:
            sizes[dataset] = bytes_to_come(layout, dataset)
        except IsomorphError:
            continue
    known = {dataset: size for dataset, size in sizes.items() if size}
    said = [f"{dataset} {in_words(size)}" for dataset, size in known.items()]
    said += [
        f"{dataset} (a package, its size unknown)"
        for dataset, size in sizes.items()
        if size is None
    ]
    if not said:
        return ""
    whole = f"{in_words(sum(known.values()))}: " if len(known) > 1 else ""
    return f"to be fetched: {whole}{', '.join(said)}"
