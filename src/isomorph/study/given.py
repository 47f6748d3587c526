"""What stands in the files that a model is read from, where no network runs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from isomorph.study._base import Spec
from isomorph.study.stored import InOrder, RdmDistance, StoredRdms

AS_GIVEN = "as_given"
"""Stands in place of a distance where dissimilarities are of none, as judgements are."""


class FeatureOptions(InOrder):
    """Options of `features/<file>`."""

    axis: int = Field(default=0, ge=0)
    """The axis of the stimuli, counted from 0; all others are features."""
    time: int | None = Field(default=None, ge=0)
    """The axis of time, counted from 0 as well, of layers that have three axes or more, such as
    states of a recurrent network. `dynamics` then compares each such layer with the regions, a step
    taken to be one time bin of the responses; it needs `features: all`. Everything else takes the
    features of all steps together."""

    @model_validator(mode="after")
    def _axes_differ(self) -> Self:
        if self.time == self.axis:
            raise ValueError(f"time: {self.time} is the axis of the stimuli; name another")
        return self


class RdmOptions(StoredRdms):
    """Options of `rdms/<file>`.

    Unless one is named, every variable that holds RDMs is a layer.
    """

    distance: RdmDistance | None = None
    """The distance the RDMs are of: they then stand beside the brain where the study asks models
    for this one. Unless given, and unless the file says, they are of no distance, as judgements
    are, and stand as they are beside whatever distance the brain has."""
    stack: Literal["layers", "seeds", "mean"] = "layers"
    """What several RDMs in one variable are: `layers`; `seeds`, of which each instance of the
    model takes its own, in the order of `seeds`; or `mean`, of which the mean is taken."""

    @property
    def by_seed(self) -> bool:
        """Whether each instance of the model takes something of its own from the file."""
        return self.stack == "seeds"


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

    @property
    def by_seed(self) -> bool:
        """Whether each instance of the model takes something of its own from the file."""
        return self.participants == "seeds"

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
