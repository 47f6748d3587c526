"""The page: gathered, rendered, and written as one file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from isomorph.artefacts import replacing, sha256, write_beside
from isomorph.catalogue import CATALOGUE
from isomorph.errors import IsomorphError
from isomorph.figures import main_rows
from isomorph.figures.style import slug
from isomorph.figures.titles import (
    family_title,
    measure_title,
)
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.making import begin, job_of, other_versions, stamp, stamps
from isomorph.measures import MEASURES
from isomorph.models import SOURCES
from isomorph.models.packing import described
from isomorph.numerals import number
from isomorph.report import viewed
from isomorph.report.analysis_facts import analysis
from isomorph.report.answers import sentences
from isomorph.report.bars import bar
from isomorph.report.columns import tied
from isomorph.report.dataset_section import manifest_of, of_dataset, origins
from isomorph.report.drawings import picture
from isomorph.report.evidence import Illustrated, read_results
from isomorph.report.explored import bundles, choices
from isomorph.report.kept import with_files
from isomorph.report.links import linked
from isomorph.report.made import made
from isomorph.report.methods import methods
from isomorph.report.missing import Judged, judge
from isomorph.report.over_datasets import over_datasets
from isomorph.report.published import of_study
from isomorph.report.scripts import scripts
from isomorph.report.summary import matrix
from isomorph.report.summary_words import MARKS, caption, key, mark, note, spoken
from isomorph.report.unsaid import unsaid
from isomorph.saying import say
from isomorph.stages.figures import free_name
from isomorph.study import ModelSpec

SECTIONS = (
    "recovery", "differences", "explained", "predicted", "topology", "dynamics", "trust",
    "among", "methods",
)  # fmt: skip
"""What sections of a dataset are identified by, behind its name."""


def run(layout: Layout) -> Path:
    """Write the report of a study from whatever is there of it.

    With a dataset missing it stands beside the report's own place, as `report.partial.html`, so
    that it is never taken for the finished one.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    IsomorphError
        When a table or a listed figure cannot be read, or none of the results there are is what
        the study now says.
    """
    judged = judge(layout)
    begin(judged.fitting, job_of(layout.study, "report"))
    if judged.unfit and not judged.fit:
        raise IsomorphError("\n".join(dict.fromkeys(judged.unfit.values())))
    text, page = render(judged), judged.place
    with replacing(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
        write_beside(page, stamp(layout, "report"), {page.name: sha256(temporary)})
    if page == layout.report:  # what was partial is whole now
        for old in (partial := page.with_suffix(".partial.html"), partial.with_suffix(".json")):
            old.unlink(missing_ok=True)
    absent = f"; {judged.told}" if judged.missing else ""
    said = f"report: {page}, {len(text) / 1e6:.1f} MB{absent}"
    say(said)
    return page


def render(judged: Judged) -> str:
    """Return the page as HTML; everything that was written by anybody is escaped."""
    said = context(judged)
    page: str = templates().get_template("page.html.j2").render(said)
    return with_files(page, _kept(judged.layout, said))


def _kept(layout: Layout, said: Mapping[str, Any]) -> dict[str, Path]:
    """Return the files the page links to, apart from the pictures it shows, by address."""
    results = [one["results"] for one in said["datasets"] if one["results"]]
    addresses = [address for one in results for _, address, _ in one["files"]]
    addresses += [address for _, address in said["across"]["files"]]
    addresses += [
        address
        for one in results
        for picture in one["pictures"]
        for _, address in picture.files[1:]
    ]
    return {address: layout.report.parent / address for address in addresses}


def templates() -> Environment:
    """Return the templates of the page and the filters they use."""
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("isomorph.report", one) for one in ("templates", "assets")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"picture": picture, "linked": linked, "slug": slug, "tied": tied,
                            "number": number, "family": family_title, "named": named}  # fmt: skip
    environment.globals |= {"meaning": meaning, "scripts": scripts, "bar": bar, "mark": mark,
                            "MARKS": MARKS, "note": note, "spoken": spoken}  # fmt: skip
    return environment


def meaning(table: str, column: str) -> Markup:
    """Return what a column of a table means, as the catalogue says, its values as words."""
    (said,) = (one.meaning for one in CATALOGUE[table].columns if one.name == column)
    return named(said)


def named(text: str) -> Markup:
    """Return a text in which the names between backticks stand as words."""
    words = re.sub("`([^`]*)`", lambda one: f"<em>{one[1].replace('_', '-')}</em>", escape(text))
    return Markup(words)


def context(judged: Judged) -> dict[str, Any]:
    """Return all the page says, apart from its layout."""
    layout, fit = judged.layout, judged.fit
    study = layout.study
    results = {name: read_results(layout, name) if name in fit else None for name in study.datasets}
    found = [each for each in results.values() if each]
    whole = matrix(found)
    rdms = viewed.viewed(layout, results)
    compared = {instance for name in results for instance, _, _ in study.instances_for(name)}
    return {
        **analysis(study.spec, found),
        "path": _relative(study.path, layout.root),
        "missing": judged.told,
        "made": made(layout),
        "matrix": whole,
        "matrix_caption": caption(whole) if whole else "",
        "matrix_key": key(whole) if whole else [],
        "answers": [*sentences(found), *of_study(layout, [one.dataset for one in found])],
        "across": over_datasets(layout, found, whole),
        "unsaid": unsaid(study, found),
        "datasets": [
            {
                "spec": spec,
                "results": None if (each := results[name]) is None else of_dataset(layout, each),
                "images": study.has_images(name),
                "level": study.level(name),
                "methods": methods(layout, name, written=name in fit),
            }
            for name, spec in study.datasets.items()
        ],
        "models": [
            {"spec": model, "family": family, "rounded": _rounded(model)}
            for model, family in zip(study.models.values(), main_rows.families(study), strict=True)
            if compared & set(family.instances)
        ],
        "measures": [(measure_title(one), MEASURES.get(one)) for one in study.spec.measures],
        "origins": [
            {"name": name, "files": origins(layout, name), "manifest": manifest_of(layout, name)}
            if name in fit
            else {"name": name, "files": {}, "manifest": None}
            for name in study.datasets
        ],
        "other_versions": other_versions(
            stamps(judged.fitting, (job for job in jobs(study) if job.stage != "report"))
        ),
        "anchors": anchors(found),
        "explored": choices(found),
        "bundles": {**bundles(found), **({viewed.BUNDLE: rdms} if rdms else {})},
        "rdms": viewed.BUNDLE,
    }


def anchors(found: Sequence[Illustrated]) -> dict[tuple[str, str], str]:
    """Return the identifier of the section of each region, by dataset and region, no two alike."""
    taken = {f"{slug(one.dataset)}-{section}" for one in found for section in SECTIONS}
    return {
        (one.dataset, shown.region): free_name(f"{slug(one.dataset)}-{slug(shown.region)}", taken)
        for one in found
        for shown in one.shown
    }


def _relative(path: Path, root: Path) -> str:
    """Return a path as a user of the study's folder would type it."""
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return str(path)


def _rounded(model: ModelSpec) -> str:
    """Return how features of many images were kept where that is not exact; else nothing."""
    exact = model.spool == "float32" or SOURCES[model.source].network is None
    return "" if exact else described(model.spool, model.sketch_width)
