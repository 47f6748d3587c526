"""The tables of a dataset as files, and over how many questions they are corrected."""

from __future__ import annotations

from isomorph.figures import selection
from isomorph.layout import Layout
from isomorph.report.tables import Results

HOLDS = {
    "comparisons": "every region against every layer, under every distance and measure",
    "subjects": "every subject by itself",
    "selection": "layers chosen on other stimuli (and other subjects), and their scores",
    "layers_in_set": "the layers of each model of which any may be its best",
    "differences": "every two models against each other",
    "contrasts": "trained networks against their untrained twins",
    "regions": "regions against each other",
    "preferences": "every layer: whether it is more like one region than like another",
    "partial": "models with the controls taken out",
    "partition": "shares of the variance",
    "weighted": "layers and components, weighted",
    "models": "models against models",
    "recovery": "planted layers and where they were found",
    "confusion": "simulated data: which layer is found for which",
    "power": "simulated data: how often, with fewer stimuli and subjects too",
    "agreement": "whether settings of distance and measure agree",
    "reliability": "reliability of every unit and region",
}
"""What each table holds, in the order of the page."""


def files(layout: Layout, dataset: str) -> list[tuple[str, str, str]]:
    """Return (name, address as seen from the page, what it holds) of every table there is."""
    found = []
    for kind, what in HOLDS.items():
        path = getattr(layout, kind)(dataset)
        if path.is_file():
            address = path.relative_to(layout.report.parent).as_posix()
            found.append((path.name, address, what))
    return found


def family_size(results: Results, kind: str) -> str:
    """Return "over n questions" as p of a table is corrected; nothing where it is not told."""
    table = results.tables.get(kind)
    if table is None or "family_size" not in table:
        return ""
    known = results.tables[kind]
    mine = {(one.region, one.distance, one.measure) for one in results.shown}
    keys = zip(selection.places(known), known["distance"], known["measure"], strict=True)
    sizes = known["family_size"][[key in mine for key in keys]].dropna().astype(int)
    told = sorted(set(sizes))
    return f" over {' or '.join(map(str, told))} such questions" if told else ""
