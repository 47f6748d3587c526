"""Pages of the documentation that are made: of declarations, of calibration, of scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import drawn

from isomorph.catalogue import ARRAYS, CATALOGUE
from isomorph.catalogue.dictionary import markdown, row_of
from isomorph.measures import MEASURES
from isomorph.models import SOURCES
from isomorph.rdms import DISTANCES
from isomorph.report import described
from isomorph.study import docstrings

DOCS = Path(__file__).parent

HEAD = re.compile(r" +figure +\w+ +must be +now +holds")
"""The line of `calibration.txt` under whose words its columns end."""

FOUND = re.compile(r"-?\d+\.\d+ ± \d+\.\d+")


def write(into: Path) -> None:
    """Write all pages that are made.

    Parameters
    ----------
    into : Path
        Folder `generated` of the documentation.
    """
    into.mkdir(exist_ok=True)
    for name, page in pages(into):
        file = into / f"{name}.md"
        file.parent.mkdir(exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != page:
            file.write_text(page, encoding="utf-8")  # a page that is not new is not built again


def pages(into: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of every page, or part of one, below a folder."""
    yield "data", markdown(CATALOGUE.values(), ARRAYS)
    yield "measures", described.markdown(MEASURES.own.values())
    yield "distances", described.distances_page(DISTANCES.own.values())
    yield "sources", sources_page()
    for words, members in described.by_family(MEASURES.own.values()):
        yield f"measures-{members[0].family}", described.family_page(words, members)
    text = (DOCS / "calibration.txt").read_text(encoding="utf-8")
    for key, found in calibration(text).items():
        yield f"checked/{key}", checked(found) + "\n"
    for script, part in drawn.draw(DOCS / "explanation" / "figures", into / "figures", folded=True):
        yield f"figures/{script.name}", part + "\n"
    gallery = drawn.draw(DOCS / "gallery", into / "gallery", folded=False)
    yield "gallery/all", "\n\n".join(f"## {one.title}\n\n{part}" for one, part in gallery) + "\n"


def sources_page() -> str:
    """Return a table of the sources of models, and the options of those read from files."""
    own = dict(SOURCES.own)
    rows = [["source", "what it gives", "extra"], ["---"] * 3]
    rows += [[f"`{name}`", one.title, one.library and f"`{one.library}`"]
             for name, one in own.items()]  # fmt: skip
    parts = ["# Sources of models", "\n".join(map(row_of, rows))]
    for name, one in own.items():
        if one.settings is not None:
            said = docstrings(one.settings)
            told = [f"- `{key}`: {' '.join(said[key].split())}" for key in one.options or ()]
            parts += [f"## Options of `{name}`", "\n".join(told)]
    return "\n\n".join(parts) + "\n"


Told = tuple[str, str, str, str]
"""What a figure is, must be, was found to be, and whether that holds."""


def calibration(text: str) -> dict[str, dict[str, list[Told]]]:
    """Return what was found by simulation: by the first word of a row, and by its title.

    Parameters
    ----------
    text : str
        What `benchmarks/calibration.py` printed.
    """
    found: dict[str, dict[str, list[Told]]] = {}
    own: list[Told] = []
    head, *lines = text[text.index("    figure") :].splitlines()
    if not HEAD.fullmatch(head):
        raise ValueError(f"calibration.txt: a head that is not understood: {head}")
    before, must, now = (
        head.index(word) + len(word) for word in (head.split()[1], "must be", "now")
    )
    for line in lines:
        if not line.startswith(" "):
            key, _, title = line.partition(" ")
            own = found.setdefault(key, {}).setdefault(title.strip(), [])
            continue
        cells = [line[:before], line[before:must], line[must:now], line[now:]]
        told, asked, value, holds = (cell.strip() for cell in cells)
        if not FOUND.fullmatch(value):
            raise ValueError(f"calibration.txt: a line that is not understood: {line}")
        own.append((re.split(r"\s{2,}", told)[0], asked, value, holds))
    return found


def checked(found: dict[str, list[Told]]) -> str:
    """Return a table of what was found by simulation, under a sentence that counts.

    Parameters
    ----------
    found : dict
        What was found, by the title of a row.
    """
    verdicts = [holds for own in found.values() for *_, holds in own if holds]
    counts = [
        f"{verdicts.count(verdict)} {words}"
        for verdict, words in (("yes", "hold"), ("unsure", "unsure"), ("no", "not so"))
        if verdict in verdicts
    ]
    said = f"{len(verdicts)} requirements: {', '.join(counts)}" if verdicts else "nothing required"
    rows = [["setting", "figure", "must be", "found", "holds"], ["---"] * 5]
    for title, own in found.items():
        rows += [[title if not place else "", *told] for place, told in enumerate(own)]
    return (
        f"<details><summary>Checked by simulation in {len(found)} settings; {said}</summary>\n\n"
        + "\n".join(map(row_of, rows))
        + "\n\n</details>"
    )
