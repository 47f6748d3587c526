"""The commands that are not stages: to check, to look around, to say where the report is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.built_in import named_study
from isomorph.cli.listing import add_list
from isomorph.cli.lock import add_lock
from isomorph.cli.new import add_new
from isomorph.cli.opening import open_study
from isomorph.cli.run import add_demo, add_run, add_unlock
from isomorph.cli.stages import load
from isomorph.cli.validate import add_validate
from isomorph.cli.weights import needs_network, weights
from isomorph.errors import IsomorphError
from isomorph.saying import count

if TYPE_CHECKING:
    from isomorph.layout import Layout
    from isomorph.study import Study

STUDY = "study file, or the name of one that comes with isomorph, such as demo"


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the study to a command's arguments."""
    parser.add_argument(
        "--study", required=True, type=named_study, metavar="FILE", help=STUDY
    )  # fmt: skip


def add_study_first(parser: argparse.ArgumentParser) -> None:
    """Add the study to a command that needs no more, so that it is named as for `isomorph run`."""
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "study", nargs="?", default=argparse.SUPPRESS, type=_named, metavar="STUDY", help=STUDY
    )
    either.add_argument("--study", type=named_study, metavar="FILE", help="the same")


def _named(given: str) -> Path | str:
    """Return the study of a name; argparse also asks for what stands for no name."""
    return given if given is argparse.SUPPRESS else named_study(given)


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add the folder of data and results to a command's arguments."""
    parser.add_argument(
        "--root", default=Path(), type=Path, metavar="FOLDER",
        help="folder that holds data/ and results/ (default: the current one)",
    )  # fmt: skip


def open_layout(study: Study, root: Path) -> Layout:
    """Return the paths of a study below a folder, without the models its runs go on without.

    Raises
    ------
    IsomorphError
        When the folder is a file.
    """
    from isomorph.left_out import as_decided

    return as_decided(whole_layout(study, root))


def whole_layout(study: Study, root: Path) -> Layout:
    """Return the paths of a study below a folder, all its models in it.

    Raises
    ------
    IsomorphError
        When the folder is a file.
    """
    from isomorph.layout import Layout

    if root.exists() and not root.is_dir():
        raise IsomorphError(f"--root {root}: is a file; give the folder of data/ and results/")
    return Layout(study, root)


def refuse_nothing(layout: Layout) -> None:
    """Refuse to report on a study of which nothing was computed.

    Raises
    ------
    IsomorphError
        With the command that computes it.
    """
    told = [
        place(dataset)
        for dataset in layout.study.datasets
        for place in (layout.comparisons, layout.brain_rdms, layout.reliability)
    ]
    if not any(file.is_file() for file in told):
        raise IsomorphError(
            f"{layout.results}: nothing computed yet, so there is nothing to report; run the study "
            f"first: {_run(layout)}"
        )


def _run(layout: Layout) -> str:
    return f"isomorph run {layout.study.path}"


def _add_check(parser: argparse.ArgumentParser) -> None:
    add_study_first(parser)
    add_root(parser)
    parser.set_defaults(run=_check)


def _check(parsed: argparse.Namespace) -> None:
    from isomorph.archives.readiness import readiness
    from isomorph.cli.looking import look_at
    from isomorph.jobs import jobs
    from isomorph.left_out import as_decided
    from isomorph.runs import capacity
    from isomorph.stages import needs
    from isomorph.stages.room import room_of_activations

    study = open_study(parsed.study, thorough=True)
    layout = whole_layout(study, parsed.root)
    mistakes, told = [], {}
    for dataset in study.datasets:
        try:
            told[dataset] = readiness(layout, dataset)
        except IsomorphError as error:
            mistakes.append(str(error))
    looked = look_at(layout, list(told))
    mistakes += looked.mistakes
    mistakes += needs.mistakes_of(study, looked.columns)
    mistakes += needs.columns_missing(study, looked.columns)
    stimuli = {
        name: spec.expected.stimuli
        for name, spec in study.datasets.items()
        if spec.expected.stimuli
    } | looked.n_stimuli
    room, too_much = room_of_activations(layout, stimuli)
    mistakes += too_much
    if mistakes:
        raise IsomorphError("\n".join(mistakes))
    counts = (
        (len(study.datasets), "dataset"),
        (sum(1 for _ in study.instances()), "model"),
        (sum(1 for _ in jobs(study)), "job"),
    )
    print("fine: " + ", ".join(count(n, noun) for n, noun in counts))
    for dataset, said in told.items():
        more = f"; {looked.said[dataset]}" if dataset in looked.said else ""
        without = needs.notes_of(study, dataset, looked.columns)
        print("; ".join([f"{dataset}: {said}{more}", *without]))
    for line in (*room, *needs.room_of_features(study, stimuli), *needs.costs_of(study, stimuli)):
        print(line)
    if said := _without_network(study):
        print(said)
    for name, why in as_decided(layout).study.left_out.items():
        print(f"{name} was left out by the last run: {why}")
    for line in capacity.cost_of_topology(layout, stimuli):
        print(line)
    need = capacity.need_of(layout, stimuli)
    for line in capacity.told(layout, need, capacity.this_machine(layout.root)):
        print(line)


def _without_network(study: Study) -> str:
    """Return how many of a study's models work without a network; '' where all do."""
    over = [name for name, model in study.models.items() if needs_network(model)]
    if not over:
        return ""
    optional = [name for name in over if study.models[name].optional]
    rest = f"; the study goes on without {', '.join(optional)}" if optional else ""
    return (
        f"{len(study.models) - len(over)} of {len(study.models)} models work without a network; "
        f"weights come over it, unless they are here, of {', '.join(over)}{rest}"
    )


def _add_weights(parser: argparse.ArgumentParser) -> None:
    add_study_first(parser)
    add_root(parser)
    parser.add_argument(
        "--optional", action="store_true",
        help="of optional models that have no activations yet alone; none is an error",
    )  # fmt: skip
    parser.set_defaults(run=weights)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    add_study_first(parser)
    add_root(parser)
    parser.set_defaults(run=_verify)


def _verify(parsed: argparse.Namespace) -> None:
    from isomorph.cli.verify import verify

    found = verify(open_layout(open_study(parsed.study), parsed.root))
    files = count(found.there, "artefact")
    absent = f", {found.absent} more not made yet" if found.absent else ""
    print(f"looked at {files}{absent}", *found.notes, sep="\n", flush=True)
    if found.problems:
        raise IsomorphError("\n".join(found.problems))
    print("fine: all of it is whole and what the study now says")


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", default=Path("config/schema"), type=Path, metavar="FOLDER",
        help="where the schemas are written (default: config/schema)",
    )  # fmt: skip
    parser.set_defaults(run=_schema)


def _schema(parsed: argparse.Namespace) -> None:
    from isomorph.study import write_schemas

    for file in write_schemas(parsed.output):
        print(file)


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="any file of data/ or results/")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("-o", "--output", type=Path, metavar="PNG", help="draw it into this file")
    either.add_argument(
        "--columns", action="store_true", help="say what its columns or variables mean"
    )
    parser.set_defaults(run=_show)


def _show(parsed: argparse.Namespace) -> None:
    from isomorph.cli.show import columns, describe, draw

    if parsed.output is None:
        print((columns if parsed.columns else describe)(parsed.file))
    else:
        draw(parsed.file, parsed.output)
        print(parsed.output)


def _add_headline(parser: argparse.ArgumentParser) -> None:
    add_study_first(parser)
    add_root(parser)
    parser.set_defaults(run=_headline)


def _headline(parsed: argparse.Namespace) -> None:
    from isomorph.report.missing import judge
    from isomorph.study import load_study

    layout = open_layout(load_study(parsed.study), parsed.root)
    judged = judge(layout)
    page, absent = judged.place, judged.told
    if not page.is_file():
        some = any(layout.comparisons(dataset).is_file() for dataset in layout.study.datasets)
        if absent and some:
            raise IsomorphError(
                f"{page}: no report yet, {absent}; for a page of what is there run isomorph report "
                f"--study {layout.study.path}"
            )
        raise IsomorphError(f"{page}: no report yet; run the study first: {_run(layout)}")
    lines: list[str] = load("isomorph.report:headline")(judged)
    print(f"report: {page}", *([f"partial: {absent}"] if absent else []), "", *lines, sep="\n")


def _add_searchlight(parser: argparse.ArgumentParser) -> None:
    add_study(parser)
    add_root(parser)
    for name in ("dataset", "subject", "model"):
        parser.add_argument(f"--{name}", required=True, metavar="NAME")
    parser.add_argument(
        "--layer", required=True, action="append", metavar="NAME",
        help="layer of the model; may be repeated, each has a map of its own",
    )  # fmt: skip
    parser.add_argument(
        "--radius", type=float, default=8.0, metavar="MM", help="of the spheres (default: 8 mm)"
    )
    parser.add_argument(
        "--minimum", type=int, default=20, metavar="N",
        help="voxels a sphere must have (default: 20)",
    )  # fmt: skip
    parser.add_argument(
        "--distance", metavar="NAME", help="of two BRAIN~MODEL; default: the study's first"
    )
    parser.add_argument("--measure", metavar="NAME", help="default: the study's first")
    parser.set_defaults(run=_searchlight)


def _searchlight(parsed: argparse.Namespace) -> None:
    from isomorph.stages.searchlight import Search, run

    if not parsed.radius > 0 or parsed.minimum < 2:
        raise IsomorphError(
            f"--radius {parsed.radius:g} --minimum {parsed.minimum}: expected a radius above 0 and "
            "at least 2 voxels"
        )
    layout = open_layout(open_study(parsed.study), parsed.root)
    search = Search(parsed.radius, parsed.minimum, parsed.distance, parsed.measure)
    for layer in parsed.layer:
        print(run(layout, parsed.dataset, parsed.subject, parsed.model, layer, search))


TOOLS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "new": ("write a study of a recording of your own, with what is in it filled in", add_new),
    "run": ("run a study, from its data to its report", add_run),
    "demo": ("run the built-in study: a few minutes, a few megabytes", add_demo),
    "unlock": ("free a folder that a run has left locked", add_unlock),
    "check": (
        "read a study and its files that are here, say every mistake and what is still needed",
        _add_check,
    ),
    "verify": ("whether all there is of a study is whole and what it now says", _add_verify),
    "weights": ("bring the weights of a study's networks here, as a run would", _add_weights),
    "show": ("print any artefact, or draw it into a PNG", _add_show),
    "list": ("datasets, models, layers of a model, measures or distances, a line each", add_list),
    "headline": (
        "where the report is, and its answers: regions by models, a sentence for each region",
        _add_headline,
    ),
    "searchlight": (
        "a similarity map: a layer and the sphere around each voxel",
        _add_searchlight,
    ),
    "lock": ("pin every file of a dataset by what its archive says", add_lock),
    "schema": ("write the JSON schemas of the settings files, for editors", _add_schema),
    "validate": ("do published results again, and say what came out beside them", add_validate),
}
"""Commands that are not stages: what they do, and what adds their arguments."""
