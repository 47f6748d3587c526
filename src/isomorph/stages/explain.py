"""The stage `explain`: controls, combinations of layers and shares of variance."""

from __future__ import annotations

from collections.abc import Sequence

from isomorph.artefacts import write_array
from isomorph.inference.explain import Roles, explanation_tables, representations
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.stages.common import analysis_of, followed, write_tables
from isomorph.study import Study


def run(layout: Layout, dataset: str) -> None:
    """Explain the similarities of a dataset's regions and models, under its main distance.

    The main distance is the first of the study's in which the dataset has RDMs. Writes
    `partial.csv`, `weighted.csv`, `partition.csv`, `models.csv` and `representations.nc`.

    Raises
    ------
    IsomorphError
        When the dataset has no RDM under any distance of the study, or files are over different
        stimuli or not what the study now says.
    """
    require(layout, "explain", dataset)
    roles = roles_of(layout.study, dataset)
    analysis = analysis_of(layout, dataset, "explain")
    found = explanation_tables(analysis, roles)
    noted = {
        "distance": found.distance,
        "measures": found.measures,
        "models": roles.models,
        "controls": roles.controls,
        "not_applicable": found.not_applicable,
        "left_out": found.left_out,
        **followed(analysis),
    }
    seed = layout.study.spec.inference.seed
    signed = stamp(layout, "explain", dataset, seed=seed, noted=noted)
    write_tables(layout, dataset, found.tables, signed)
    matrix = representations(found.material, found.measures)
    write_array(layout.representations(dataset), matrix, "representations", signed)


def roles_of(study: Study, dataset: str) -> Roles:
    """Return the roles of a dataset's models, by the settings or by what the models are.

    A family of seeds is represented by its first. Models that speak of other datasets have no
    role here.
    """
    chosen = study.spec.inference.explain
    compared = [(name, model) for name, model, _ in study.instances_for(dataset)]
    first: dict[str, str] = {}
    for name, model in compared:
        first.setdefault(model.name, name)
    known = {**{name: name for name, _ in compared}, **first}

    def named(wanted: Sequence[str], otherwise: Sequence[str]) -> tuple[str, ...]:
        if not wanted:
            return tuple(otherwise)
        return tuple(dict.fromkeys(known[name] for name in wanted if name in known))

    spec = {name: study.models[family] for family, name in first.items()}
    baselines = [name for name, model in spec.items() if model.is_baseline]
    models = named(chosen.models, list(spec))
    controls = named(chosen.controls, baselines)
    trained = [
        name
        for name in models
        if name in spec
        and name not in controls
        and not (spec[name].control_of or spec[name].source.startswith("untrained/"))
        and not spec[name].is_baseline
    ]
    if chosen.partition:
        groups = [named(chosen.partition, ())]
    else:
        groups = [(name, *controls[:3]) for name in trained] or [controls[:4]]
    return Roles(models, controls, tuple(group for group in groups if len(group) > 1))
