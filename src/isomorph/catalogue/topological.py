"""Tables of topology: loops and voids in the activity of regions and layers, and coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isomorph.catalogue.entries import (
    OF_STIMULI,
    RESULTS,
    WORDS,
    ArraySchema,
    Artefact,
    Variable,
    named,
    table,
)
from isomorph.catalogue.measured import of_spikes
from isomorph.catalogue.shared_columns import PROBABILITY, SHARE, SHARED

if TYPE_CHECKING:
    from isomorph.study import Study

DISTANCE_OF_POINTS = "that of `topology.metric`"
RADIANS = "radians"

KEYS = "region session layer"
"""What tells one shape from another within a subject, or within a model."""

WHOSE = {
    **named(
        WORDS,
        region="Brain region; empty for layers.",
        subject="Subject; empty for layers.",
        session="Recording session; empty where the sessions of a subject are taken together, and "
        "for layers.",
        model="Model instance; empty for regions.",
        layer="Layer of the model; empty for regions, and where a model has none to look at.",
    ),
}

SHAPES = {
    **WHOSE,
    **named(
        WORDS,
        of="What the points are: `time`, activity at moments of the recording, or `stimuli`, the "
        "mean response to each.",
        signature="What the pieces, loops and voids that are longer than chance make together: "
        "`ring` (one loop), `torus` (two loops and a void), `sphere` (a void alone), `clusters` "
        "(several pieces), `other`, `none`; `unclear` where a loop is beyond chance but less than "
        "three times the longest of the shuffles, or 1.5 times as wide, as points in a plane or on "
        "a line may have them; or `untested`, "
        "with too few shuffles. `none` says that nothing was found, not that nothing is there.",
        no_coordinates="Why there are no coordinates; empty where there are.",
        p_note="What the number of shuffles cannot give, and why a signature is unclear.",
    ),
    **named(
        PROBABILITY,
        p="Of the signature: the largest p, over dimensions, of the bars that it claims, as all of "
        "them are needed; of `none` the smallest of any bar.",
    ),
    **named(
        "count",
        n_units="Units that were used, or features of a layer.",
        n_units_left_out="Units that never vary, or have no value at some point.",
        n_samples="Moments, or stimuli, that were used.",
        n_samples_left_out="Moments without a value, or at the mean, where there is no angle.",
        n_points="Points that were chosen among them.",
        n_components="Principal components that were kept.",
        n_shuffles="How often every unit was shifted against the others.",
        n_pieces="Pieces that are longer apart than chance, with the one there always is.",
        n_loops="Loops that are longer than chance.",
        n_voids="Voids that are longer than chance; empty where none were looked for.",
    ),
    **named(SHARE, variance="Share of the variance that is in the components."),
    **named(
        DISTANCE_OF_POINTS,
        loop_bound="Length of the longest loop of all shuffles.",
        void_bound="Length of the longest void of all shuffles.",
    ),
}  # fmt: skip

BARS = {
    **WHOSE,
    **named(
        "count",
        dimension="What it is: 0 of pieces, 1 of loops, 2 of voids.",
        rank="Place among the bars of its dimension, the longest first, from 1; the piece that "
        "never ends is not among them, nor are all but the longest.",
    ),
    **named(
        DISTANCE_OF_POINTS,
        birth="Distance between points at which it appears.",
        death="Distance at which it is filled, or joined to another piece.",
        length="Death less birth.",
        bound="Length of the longest bar of this dimension of all shuffles.",
    ),
    **named(
        "ratio",
        ratio="Death over birth, of loops and voids.",
        ratio_bound="The largest ratio of a bar of this dimension of all shuffles.",
    ),
    **named(
        PROBABILITY,
        p="Share of shuffles, the measured points among them, whose longest bar of this dimension "
        "is at least as long; or whose largest ratio is at least as large, if that is more.",
        p_corrected="The same over all dimensions that were looked at.",
    ),
}

COORDINATES = {
    **WHOSE,
    **named(WORDS, stimulus="The stimulus, of points that are stimuli; else empty."),
    **named("seconds", time="Middle of the time bin, on the clock of the recording; empty of "
            "stimuli."),
    **named(
        RADIANS,
        circle_1="Where the activity is on the circle of the longest loop, 0 to 2π. Its zero and "
        "its direction are arbitrary.",
        circle_2="Where it is on the second circle.",
        circle_3="On the third.",
        circle_4="On the fourth.",
    ),
}  # fmt: skip

DECODED = {
    **WHOSE,
    **named("count", circle="Which circle, from 1.", n_samples="Points at which both are known."),
    **named(WORDS, variable="Which variable; of several without a period, which are one place, "
            "joined by \" × \"."),
    **named(
        "degrees",
        median_error="Median difference between the coordinate and what the variable says of it, "
        "in blocks of time that were not fitted.",
        chance_error="Median of the same after shifts of the coordinate in time.",
    ),
    **named(
        "correlation",
        correlation="Circular correlation of the coordinate and what the variable says of it, in "
        "blocks of time that were not fitted.",
    ),
    **named(PROBABILITY, p="Share of shifts of the coordinate in time after which the error is as "
            "small; not corrected."),
}  # fmt: skip


def asks_topology(study: Study, dataset: str) -> bool:
    """Tell whether a study asks for the topology of a dataset, regions or layers."""
    return asks_regions(study, dataset) or asks_layers(study, dataset)


def asks_regions(study: Study, dataset: str) -> bool:
    """Tell whether a study asks for the topology of the regions of a dataset."""
    return study.spec.topology is not None and not lacks_points(study, dataset)


def asks_layers(study: Study, dataset: str) -> bool:
    """Tell whether a study asks for the topology of layers on the stimuli of a dataset."""
    asked = study.spec.topology
    return asked is not None and asked.of == "stimuli"


def lacks_points(study: Study, dataset: str) -> str:
    """Return why there can be no topology of the regions of a dataset; empty where there can."""
    responses, asked = study.dataset(dataset).responses, study.spec.topology
    if responses.kind == "rdms":
        return f"{dataset} comes as RDMs, which hold no units"
    if asked is not None and asked.of == "time" and not of_spikes(study, dataset):
        return f"the responses of {dataset} are of kind {responses.kind}, which hold no spikes"
    return ""


ROWS = "dataset simulated region subject session model layer"

TOPOLOGICAL: tuple[Artefact, ...] = (
    Artefact(
        "brain_topology", "brain_topology", f"{RESULTS}/topology/{{subject}}.nc",
        "loops, voids and coordinates of every region of a subject, before they are gathered",
        array="shapes", command="topology", asked=asks_regions,
    ),
    Artefact(
        "model_topology", "model_topology", f"{OF_STIMULI}/topology/models/{{model}}.nc",
        "the same of the layers of a model", array="shapes", command="topology",
        asked=asks_layers,
    ),
    table(
        "topology", "topology", "which regions and layers have the shape of a ring, a torus or a "
        "sphere",
        f"{ROWS} of signature p p_corrected correction family family_size p_note n_pieces n_loops "
        "n_voids loop_bound void_bound n_units n_units_left_out n_samples n_samples_left_out "
        "n_points n_components variance n_shuffles no_coordinates status reason",
        SHAPES, SHARED, asked=asks_topology,
    ),
    table(
        "bars", "topology", "pieces, loops and voids: when each appears and is filled, and how "
        "long those of shuffles last",
        f"{ROWS} dimension rank birth death length bound ratio ratio_bound p p_corrected", BARS,
        SHARED, asked=asks_topology,
    ),
    table(
        "coordinates", "topology", "where the activity is on the circles that were found, with the "
        "variables of the stimuli in columns of their own",
        f"{ROWS} time stimulus circle_1", COORDINATES, SHARED,
        optional="circle_2 circle_3 circle_4", asked=asks_topology,
    ),
    table(
        "decoded", "topology", "circles against the variables of the stimuli",
        f"{ROWS} circle variable correlation median_error chance_error p n_samples", DECODED,
        SHARED, asked=asks_topology,
    ),
)  # fmt: skip

TABLES_OF_SHAPES = {one.name: one.columns for one in TOPOLOGICAL if one.columns}
"""Columns of what is gathered, by table."""

ADDED = {"dataset", "simulated", "subject", "model", "p_corrected", "correction", "family",
         "family_size", "p_note"}  # fmt: skip
"""Columns of `topology` and the others that are known when they are gathered."""

HELD = ArraySchema(
    tuple(
        Variable(f"{name}_{one.name}", (name,), one.meaning, one.unit, optional=one.optional)
        for name, columns in TABLES_OF_SHAPES.items()
        for one in columns
        if one.name not in ADDED or (name, one.name) == ("bars", "p_corrected")
    ),
    {"regions": "JSON: the regions there are, whether they were asked about or not."},
)
"""Of one subject or one model: the rows of each table, its columns named `<table>_<column>`."""
