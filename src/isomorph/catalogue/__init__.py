"""The catalogue: every file of a study, said once.

Paths, checks of contents, rules of the workflow, the command line's arguments, what `isomorph show`
tells, the page's list of files and the data dictionary all follow from it. A new table is one entry
here and the stage that writes it. Nothing heavy is imported.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from isomorph.catalogue.across import ACROSS
from isomorph.catalogue.compared import COMPARED
from isomorph.catalogue.dynamical import DYNAMICAL
from isomorph.catalogue.entries import (
    KEYED,
    OF_STIMULI,
    RESULTS,
    WORDS,
    ArraySchema,
    Artefact,
    Column,
    Variable,
    named,
    table,
)
from isomorph.catalogue.explanations import EXPLAINED, RECOVERED, TRUSTED
from isomorph.catalogue.measured import MEASURED
from isomorph.catalogue.predicted import PREDICTED
from isomorph.catalogue.shared_columns import PLACE
from isomorph.catalogue.topological import TOPOLOGICAL
from isomorph.catalogue.variables import ARRAYS
from isomorph.registry import Registry

if TYPE_CHECKING:
    from pandas import DataFrame

    from isomorph.study import Study

REPRESENTED = (
    Artefact(
        "activations", "activations", f"{KEYED}/activations.nc",
        "Gram matrix and facts of every layer of a model, for a set of stimuli, shared by studies",
        array="activations",
    ),
    Artefact(
        "brain_rdms", "brain_rdms", f"{RESULTS}/rdms/brain.nc",
        "RDMs of every region and subject", array="rdms", command="rdms --brain",
    ),
    Artefact(
        "model_rdms", "model_rdms", f"{OF_STIMULI}/rdms/{{model}}.nc",
        "RDMs of every layer of a model", array="rdms", command="rdms",
    ),
)  # fmt: skip

LOOKED_AT = (
    Artefact(
        "searchlight", "", f"{RESULTS}/searchlight/{{subject}}_{{model}}_{{layer}}.nii.gz",
        "a map of how similar the sphere around each voxel is to a layer", command="searchlight",
    ),
    Artefact(
        "figures", "figures", "results/{study}/figures/{dataset}",
        "a folder: the figures, listed with their captions in figures.json",
    ),
    Artefact(
        "report", "report", "results/{study}/report.html",
        "all of it on one page that needs no network",
    ),
)  # fmt: skip

CATALOGUE: Registry[Artefact] = Registry(
    "artefact",
    {
        one.name: one
        for one in chain(
            MEASURED,
            REPRESENTED,
            COMPARED,
            RECOVERED,
            EXPLAINED,
            PREDICTED,
            TOPOLOGICAL,
            DYNAMICAL,
            TRUSTED,
            ACROSS,
            LOOKED_AT,
        )
    },
)
"""Every artefact by name, in the order in which the data passes."""

CEILING = (
    "dataset", "simulated", *PLACE.split(), "distance", "measure", "ceiling_lower",
    "ceiling_upper", "ceiling_status", "ceiling_reason", "reliability",
)  # fmt: skip
"""What `isomorph.noise_ceiling` gives, of which a study makes no table of its own."""

TABLES: Registry[tuple[str, ...]] = Registry(
    "table",
    {name: one.required for name, one in CATALOGUE.items() if one.columns} | {"ceiling": CEILING},
)
"""Required columns by table. `status` says what a row has, one of
`isomorph.inference.estimated.RowStatus`, and `reason` in words why it has no more; of
`reliability`, `status` says both."""


def made_by(stage: str) -> list[Artefact]:
    """Return what a stage makes."""
    return [one for one in CATALOGUE.values() if one.stage == stage]


def made_for(stage: str) -> tuple[str, ...]:
    """Return which of `dataset`, `subject`, `model` a stage runs for."""
    return made_by(stage)[0].made_for


def of_stimuli(stage: str) -> bool:
    """Tell whether what a stage makes belongs to a set of stimuli."""
    return made_by(stage)[0].of_stimuli


def is_asked(study: Study, stage: str, dataset: str = "") -> bool:
    """Tell whether a study asks for what a stage makes.

    Parameters
    ----------
    study : Study
    stage : str
    dataset : str, optional
        Of which dataset; of any unless given.
    """
    conditions = [one.asked for one in made_by(stage) if one.asked is not None]
    of = [dataset] if dataset else study.datasets
    return not conditions or any(all(asked(study, name) for asked in conditions) for name in of)


def stage_command(stage: str) -> str:
    """Return the command that makes what a stage makes, with what tells it from others."""
    return made_by(stage)[0].made_by


def arguments_of(command: str) -> tuple[str, ...]:
    """Return which of `dataset`, `subject`, `model` a command takes.

    Examples
    --------
    >>> arguments_of("rdms")
    ('dataset', 'model')
    """
    asked = (one for one in CATALOGUE.values() if one.made_by.split()[0] == command)
    return max((one.made_for for one in asked), key=len)


def tables_of_results() -> list[Artefact]:
    """Return the tables of a dataset's results."""
    return [one for one in CATALOGUE.values() if one.columns and one.path.startswith(RESULTS)]


def ordered(table: DataFrame, kind: str) -> DataFrame:
    """Put the columns of a kind of table first; an empty table still has them."""
    return table.reindex(columns=list(dict.fromkeys([*TABLES[kind], *table.columns])))


__all__ = [
    "ARRAYS",
    "CATALOGUE",
    "TABLES",
    "WORDS",
    "ArraySchema",
    "Artefact",
    "Column",
    "Variable",
    "arguments_of",
    "is_asked",
    "made_by",
    "made_for",
    "named",
    "of_stimuli",
    "ordered",
    "stage_command",
    "table",
    "tables_of_results",
]
