"""The tables of a dataset as files, and over how many questions they are corrected."""

from __future__ import annotations

from isomorph.catalogue import tables_of_results
from isomorph.figures import selection
from isomorph.layout import Layout
from isomorph.report.tables import Results


def files(layout: Layout, dataset: str) -> list[tuple[str, str, str]]:
    """Return (name, address as seen from the page, what it holds) of every table there is."""
    found = []
    for one in tables_of_results():
        path = layout.path(one.name, dataset)
        if path.is_file():
            address = path.relative_to(layout.report.parent).as_posix()
            found.append((path.name, address, one.words))
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
