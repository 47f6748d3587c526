"""The page: gathered, rendered, and written as one file that needs nothing else."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from isomorph.artefacts import Provenance, replacing, sha256, write_beside
from isomorph.errors import IsomorphError
from isomorph.figures import selection
from isomorph.figures.style import slug
from isomorph.figures.words import (
    CORRECTIONS,
    correction,
    distance_title,
    measure_label,
    measure_title,
)
from isomorph.inference.multiplicity import by_p_alone
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.making import begin, job_of, other_versions, stamp, stamps
from isomorph.measures import MEASURES
from isomorph.report import sections
from isomorph.report.analysis import analysis
from isomorph.report.answers import sentences
from isomorph.report.chosen import answer, layer_selection, models_compared
from isomorph.report.explained import explained, models_against_models
from isomorph.report.files import family_size, files
from isomorph.report.glossary import FAMILIES, LIMITS, SIDES, glossary
from isomorph.report.methods import methods
from isomorph.report.missing import Judged, judge
from isomorph.report.numbers import count
from isomorph.report.tables import (
    Figure,
    Results,
    read_bytes_told,
    read_origins,
    read_results,
)
from isomorph.report.trust import trust
from isomorph.study.stimuli import ConditionStimuli

MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


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
    print(said, file=sys.stderr, flush=True)
    return page


def render(judged: Judged) -> str:
    """Return the page as HTML; everything that was written by anybody is escaped."""
    environment = Environment(
        loader=PackageLoader("isomorph.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["embedded"] = embedded
    environment.filters["slug"] = slug
    environment.filters["tied"] = tied
    page: str = environment.get_template("page.html.j2").render(context(judged))
    return page


def embedded(path: Path) -> str:
    """Return a picture as a data address, so that the page stands alone."""
    return f"data:{MEDIA[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def tied(text: str) -> str:
    """Return a sentence in which no line breaks between p and its value or inside brackets."""
    return re.sub(r"(?<=\bp) ([=<]) (?=\.)|(?<=\[)([^\]\s]+) (?=[^\]]*\])", _tie, text)


def _tie(match: re.Match[str]) -> str:
    return match.group(0).replace(" ", "\N{NO-BREAK SPACE}")


def context(judged: Judged) -> dict[str, Any]:
    """Return all the page says, apart from its layout."""
    layout, fit = judged.layout, judged.fit
    study = layout.study
    results = {name: read_results(layout, name) if name in fit else None for name in study.datasets}
    found = [each for each in results.values() if each]
    compared = {instance for name in results for instance, _, _ in study.instances_for(name)}
    return {
        "study": study.spec,
        "path": _relative(study.path, layout.root),
        "missing": judged.told,
        "answers": sentences(layout, found),
        "sides": SIDES[study.spec.inference.sides].lower(),
        "explained_family": f"{FAMILIES[study.spec.inference.family]}, each statistic by itself",
        "datasets": [
            {
                "spec": spec,
                "results": None if (each := results[name]) is None else _dataset(layout, each),
                "numbers": _dataset_numbers(each),
                "shown": _shown(layout, name),
                "methods": methods(layout, name, written=name in fit),
            }
            for name, spec in study.datasets.items()
        ],
        "models": [
            {"spec": model, "family": family}
            for model, family in zip(study.models.values(), selection.families(study), strict=True)
            if compared & set(family.instances)
        ],
        "analysis": analysis(study.spec, found),
        "measures": [_measure(name) for name in study.spec.measures],
        "glossary": glossary(study.spec.inference, study.spec.distances),
        "limits": LIMITS,
        "origins": [
            (name, _origins(read_origins(layout, name)), read_bytes_told(layout, name))
            if name in fit
            else (name, [], None)
            for name in study.datasets
        ],
        "other_versions": other_versions(
            stamps(judged.fitting, (job for job in jobs(study) if job.stage != "report"))
        ),
    }


def _dataset(layout: Layout, results: Results) -> dict[str, Any]:
    drawn = {(figure.kind, figure.region): figure for figure in results.figures}
    comparisons = results.tables["comparisons"]
    without = [
        region
        for region in selection.regions(comparisons)
        if region not in {shown.region for shown in results.shown}
    ]
    return {
        "overview": drawn.get(("overview", "")),
        "timecourses": [figure for figure in results.figures if figure.kind == "timecourse"],
        "map": drawn.get(("map", "")),
        "explained": explained(layout, results),
        "alike": models_against_models(layout, results),
        "alike_drawn": drawn.get(("models", "")),
        "regions": [_region(layout, shown, drawn, results) for shown in results.shown],
        "without": [
            (region, _reasons(selection.rows_of(comparisons, region)["status"].tolist()))
            for region in without
        ],
        "models_compared": models_compared(layout, results),
        "contrasts": sections.contrasts(layout, results),
        "comparisons_of_regions": sections.regions(results),
        "regions_wide": sections.small_p_wide_interval(results.tables["regions"])
        if "regions" in results.tables
        else False,
        "recovery": sections.recovery(layout, results, everything=False),
        "recovery_in_full": sections.recovery(layout, results, everything=True),
        "trust": trust(layout, results),
        "reliability": sections.reliability(results),
        "units": drawn.get(("reliability", "")),
        "files": files(layout, results.dataset),
        "asked": {kind: family_size(results, kind) for kind in ("differences", "contrasts")},
        "correction": correction(comparisons),
        "p_notes": sorted(
            {
                note
                for table in results.tables.values()
                if "p_note" in table
                for note in table["p_note"].dropna().unique()
                if note
            }
        ),
        "correction_by_p": CORRECTIONS[by_p_alone(layout.study.spec.inference.correction)],
        "simulated_some": bool(len(results.tables.get("power", ()))),
        "coverage": f"{100 * layout.study.spec.inference.interval:.0f} %",
    }


def _region(
    layout: Layout,
    shown: selection.Shown,
    drawn: dict[tuple[str, str], Figure],
    results: Results,
) -> dict[str, Any]:
    comparisons = results.tables["comparisons"]
    first = shown.rows.iloc[0]
    return {
        "name": shown.region,
        "measure": measure_title(shown.measure),
        "distance": distance_title(shown.distance),
        "profile": drawn.get(("profile", shown.region)),
        "rdms": drawn.get(("rdms", shown.region)),
        "answer": answer(layout, results, shown),
        "best": sections.best_layers(layout, results, shown),
        "selected": layer_selection(layout, results, shown),
        "full": sections.every_layer(layout, selection.rows_of(comparisons, shown.region)),
        "scheme": first["scheme"],
        "wide": sections.small_p_wide_interval(selection.best_layers(shown.rows)),
        "wide_somewhere": sections.small_p_wide_interval(
            selection.rows_of(comparisons, shown.region)
        ),
        "correction": correction(shown.rows),
        "family_size": int(first["family_size"]),
        "family": FAMILIES[first["family"]] if "family" in first else "",
        "n_stimuli": int(first["n_stimuli"]),
        "n_subjects": int(first["n_subjects"]),
    }


def _dataset_numbers(results: Results | None) -> str:
    """Return how much was compared: regions, subjects, stimuli."""
    if results is None or results.tables["comparisons"].empty:
        return ""
    table = results.tables["comparisons"]
    names = selection.regions(table)
    n = int(table["n_stimuli"].max())
    return f"{count(len(names), 'region')} ({', '.join(names)}), {count(n, 'stimulus', 'stimuli')}"


def _shown(layout: Layout, dataset: str) -> str:
    """Say what a reader would not expect of a dataset's stimuli; nothing for plain images."""
    study = layout.study
    owner = study.stimulus_set(dataset)
    said = []
    if isinstance(study.dataset(owner).stimuli, ConditionStimuli):
        said.append(
            "named conditions; there are no images, so networks have nothing to see and only "
            "models of what describes the conditions are compared"
        )
    if level := study.level(dataset):
        said.append(
            f"compared by {level}: responses and model features are averaged within each value, "
            "and a cross-validated distance multiplies responses to different stimuli or runs only"
        )
    chosen = study.dataset(dataset).units
    if chosen is not None and chosen.minimum_reliability is not None:
        said.append(
            f"RDMs are of units with a reliability of {chosen.minimum_reliability:g} or more on "
            f"{100 * chosen.training:g} % of the runs or repetitions, computed from the others"
        )
    if chosen is not None and chosen.equalise is not None:
        said.append(
            f"RDMs are of {chosen.equalise} units of every region and subject, drawn "
            f"{chosen.draws} times; scores are means over draws"
        )
    return "; ".join(said)


def _measure(name: str) -> dict[str, str]:
    words = {"name": name, "label": measure_label(name), "title": measure_title(name)}
    if name not in MEASURES:
        return {**words, "invariances": "", "independence": "", "citation": ""}
    known = MEASURES[name]
    return {
        **words,
        "invariances": ", ".join(known.invariances),
        "independence": known.independence,
        "citation": known.citation,
    }


def _reasons(statuses: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(statuses))


def _origins(origins: dict[str, Provenance]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            name,
            {
                **asdict(origin),
                "settings": json.dumps(origin.settings, indent=1),
                "noted": json.dumps(origin.noted, indent=1) if origin.noted else "",
            },
        )
        for name, origin in origins.items()
    ]


def _relative(path: Path, root: Path) -> str:
    """Return a path as a user of the study's folder would type it."""
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return str(path)
