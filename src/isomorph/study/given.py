"""What stands in the files that a model is read from, where no network runs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from isomorph.study._base import Spec, Unique
from isomorph.study.responses import OrderTable

AS_GIVEN = "as_given"
"""Stands in place of a distance where dissimilarities are of none, as judgements are."""


class InOrder(Spec):
    """How the rows of a file belong to stimuli: by the names in it, or in a stated order."""

    names: str | None = None
    """Variable of the file, or column of the table, that names the stimulus of each row. Unless
    given, `stimulus`, `stimuli` and `stimulus_names` are found, and any that holds the ids of all
    stimuli."""
    order: Literal["table", "numbers"] | Unique[str] | OrderTable | None = None
    """The order of the stimuli in a file that names none: `table`, that of the stimulus table;
    `numbers`, by the numbers in the ids, 2 before 10; a list of the ids; or a table of them, which
    stands beside the model's file."""


class FeatureOptions(InOrder):
    """Options of `features/<file>`."""

    axis: int = Field(default=0, ge=0)
    """The axis of the stimuli, counted from 0; all others are features."""


class RdmOptions(InOrder):
    """Options of `rdms/<file>`."""

    variable: str | None = None
    """Variable in the file that holds the RDMs; every one that can is a layer unless given."""
    index: tuple[int, ...] = ()
    """Leading index into the variable, for struct arrays and stacks."""
    field: str | None = None
    """Field that holds the RDM when the variable is a struct array."""
    distance: Literal["correlation", "euclidean", "euclidean_norm", "squared_euclidean"] | None = (
        None
    )
    """The distance the RDMs are of: they then stand beside the brain where the study asks models
    for this one. Unless given, and unless the file says, they are of no distance, as judgements
    are, and stand as they are beside whatever distance the brain has."""
    stack: Literal["layers", "seeds", "mean"] = "layers"
    """What several RDMs in one variable are: `layers`; `seeds`, of which each instance of the
    model takes its own, in the order of `seeds`; or `mean`, of which the mean is taken."""


class BehaviourOptions(Spec):
    """Options of `behaviour/<table>`."""

    task: str
    """What people did: `ratings`, `triplets` or `arrangement`."""
    columns: dict[str, str] = {}
    """Columns by what they hold, where they are called otherwise than here: `{odd: choice}`."""
    scale: Literal["dissimilarity", "similarity"] = "dissimilarity"
    """What a high rating means."""
    most: float | None = None
    """The highest rating of a similarity scale, from which ratings are subtracted; the highest in
    the table unless given."""
    participants: Literal["pooled", "seeds"] = "pooled"
    """`pooled`: one RDM of all participants. `seeds`: one for each, in the order of their names,
    of which each instance of the model takes its own, in the order of `seeds`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.most is not None and self.scale == "dissimilarity":
            raise ValueError("most: goes with scale: similarity; leave it out")
        return self


class TextOptions(Spec):
    """Options of `text/<table>` and `sentence_transformers/<model>`."""

    column: str = "stimulus"
    """Column of the stimulus table that holds the words or captions."""
    key: str = Field(default="text", min_length=1)
    """Column of a table of vectors that holds the word or caption each is of."""
