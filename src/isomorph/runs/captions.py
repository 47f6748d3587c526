"""The captions of figures and tables in what `snakemake --report` writes.

Snakemake reads a caption from a file of its own, as reStructuredText in which Jinja fills in what a
result is of. So there is a file for each artefact, with what the catalogue says of it, and one for
the figures, with what the stage that drew them says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from isomorph.catalogue import CATALOGUE
from isomorph.layout import Layout


def captions(layout: Layout) -> dict[str, str]:
    """Return the caption of every artefact of a study, by name.

    Parameters
    ----------
    layout : Layout
    """
    study = layout.study
    datasets = {name: f"{spec.title}. {spec.citation}" for name, spec in study.datasets.items()}
    of_dataset = f"{_mapping('datasets', datasets)}{{{{ datasets[snakemake.wildcards.dataset] }}}}"
    found = {
        name: f"{_plain(f'{one.words[:1].upper()}{one.words[1:]}.')}\n\n"
        + (of_dataset if "dataset" in one.made_for else _plain(study.spec.title))
        for name, one in CATALOGUE.items()
    }
    drawn = {
        "/".join(key): f"{entry['title']} {entry['caption']}"
        for key, entry in _drawn(layout).items()
    }
    which = "snakemake.wildcards.dataset ~ '/' ~ snakemake.wildcards.figure"
    found["figures"] = f"{_mapping('drawn', drawn)}{{{{ drawn[{which}] }}}}\n\n{of_dataset}"
    return found


def titles(layout: Layout) -> dict[tuple[str, str], str]:
    """Return what is shown of each figure in a list, by dataset and name."""
    return {key: entry["title"] for key, entry in _drawn(layout).items()}


def write(layout: Layout, folder: Path) -> None:
    """Write every caption into a folder, a file for each artefact.

    Raises
    ------
    IsomorphError
        When a list of figures is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in captions(layout).items():
        (folder / f"{name}.rst").write_text(f"{text}\n", encoding="utf-8")


def _drawn(layout: Layout) -> dict[tuple[str, str], dict[str, str]]:
    """Return the figures there are, by dataset and name."""
    from isomorph.stages.figures import listed  # draws, which no other run of the workflow does

    return {
        (dataset, Path(entry["svg"]).stem): entry
        for dataset in layout.study.datasets
        for entry in listed(layout, dataset)
    }


def _mapping(name: str, texts: Mapping[str, str]) -> str:
    """Return the line of a template that gives texts a name."""
    plain = {key: _plain(text) for key, text in texts.items()}
    return f"{{% set {name} = {json.dumps(plain)} %}}\n"


def _plain(text: str) -> str:
    """Return a text in which nothing is markup: of reStructuredText, or of Jinja."""
    for sign in "\\*`_|{%":
        text = text.replace(sign, f"\\{sign}")
    return text
