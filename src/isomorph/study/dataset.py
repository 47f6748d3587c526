"""A dataset: where its bytes come from, what was shown, and what was recorded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, ValidationInfo, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from isomorph.errors import did_you_mean
from isomorph.study._base import Name, Seed, Spec, Unique, with_title
from isomorph.study._subjects import ALL, all_subjects
from isomorph.study.archive import (
    ArchiveSpec,
    SideArchiveSpec,
    SimulatedArchive,
)
from isomorph.study.pinned import PINNED
from isomorph.study.published import PublishedScores
from isomorph.study.responses import RdmResponses, ResponsesSpec
from isomorph.study.stimuli import SharedStimuli, StimuliSpec


class Expected(Spec):
    """Figures the pipeline recomputes, and what it does where they differ."""

    sessions: dict[str, int] = {}
    """Sessions per subject."""
    stimuli: int | None = None
    presentations: dict[str, int] = {}
    """Presentations per subject, over all sessions."""
    repetitions: dict[str, int] = {}
    """Fewest presentations of any stimulus per subject, in any session."""
    units: dict[str, int] = {}
    """Units per region after quality criteria, summed over subjects."""
    bytes: int | None = None
    """Size of all the files together."""
    published: tuple[PublishedScores, ...] = ()
    """Scores that papers report of the dataset. They stop no stage: the page, `isomorph headline`
    and `isomorph verify` say which were found again, and with `mismatch: refuse` the last fails
    where one was not."""
    mismatch: Literal["refuse", "report"] = "refuse"
    """What a difference does: stop, or be said and go on."""


class UnitFilter(Spec):
    """Which units the RDMs are computed from: reliable ones, equally many in every region.

    Reliable units answer alike when a stimulus comes again. Some runs choose them, or repetitions
    where runs are not known, and the RDMs are computed from the others: the choice cannot favour
    noise that is then compared. Every stimulus must be shown in four of them in every session.

    Of two regions of the same population, the one of which more units were recorded scores higher.
    With equally many units drawn from each, again and again, regions can be set against each
    other, and the spread over draws says how far a score depends on the units.
    """

    minimum_reliability: float | None = Field(default=None, ge=0, lt=1)
    """Spearman-Brown reliability of the mean over all repetitions, as those that choose predict
    it; units below, and those that never vary, are left out and counted."""
    training: float = Field(default=0.5, gt=0, lt=1)
    """Which part of the runs or repetitions chooses; two at least choose and two at least are
    compared."""
    equalise: int | None = Field(default=None, ge=2)
    """Units drawn from every region of every subject, without replacement; a region with fewer is
    left out. Every draw has an RDM of its own, and scores are averaged over draws, not RDMs, whose
    average would be that of all units (explanations still use it). Half of the units of the
    smallest region or fewer: how far units matter is estimated from draws that differ."""
    draws: int = Field(default=20, ge=2, le=1000)
    """How often `equalise` draws; comparisons take as many times as long."""
    seed: Seed = 0
    """Draws which runs or repetitions choose, and the units of `equalise`."""

    @model_validator(mode="after")
    def _something_is_chosen(self) -> UnitFilter:
        if self.minimum_reliability is None and self.equalise is None:
            raise ValueError("units: give minimum_reliability, equalise, or both")
        return self


class NoiseSpec(Spec):
    """What distances that weigh units by their noise take the noise to be.

    It is the residual of the repetitions of a stimulus about their mean, with as many degrees of
    freedom as presentations less stimuli. What is crossed, runs where stimuli come again in others,
    else sessions, else repetitions, follows from the recording and is not set here.
    """

    shrinkage: Literal["diagonal", "identity", "none"] = "diagonal"
    """What the covariance of a session's units is drawn towards: their own variances, equal
    variances, or nothing, for which there must be more repetitions than units."""
    per: Literal["others", "session", "run"] = "others"
    """Whose noise weighs a run, or a repetition where runs are not known, in cross-validated
    distances. `others`: that of the other runs (left out one by one, or a tenth at a time), so that
    distances stay 0 on average where there are none; of two runs that show each stimulus once, that
    of the other stimuli (two tenths left out at a time), and where these are too few, that of all,
    which is said. `session`: that of all runs, the product's own among them, which adds about the
    same to every distance of stimuli of the same noise. `run`: two runs are weighed by the mean of
    their covariances, presentations within one averaged, which adds more, as each is known from
    fewer responses. That distances are lifted is said beside those of `session` and `run`."""
    prior_rate: float = Field(default=1.0, gt=0)
    """Mean of the prior over Poisson rates, in the unit of the responses."""
    prior_weight: float = Field(default=0.1, gt=0)
    """Weight of that prior, one being the weight of the mean response."""


PAPERS = {
    "citation": "own data, no publication stated",
    "licence": "own data, none stated",
    "species": "species not stated",
}
"""What a reader must be told of data of others, and what is said of one's own without it."""


class _OrAll:
    """Lets the schema of a list take `all` as well."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"const": ALL, "type": "string"}, handler(core)]}


class DatasetSpec(Spec):
    """One dataset: bytes, stimuli and responses, with what a reader must know about it."""

    name: Name
    title: str = ""
    """Made of the name, of a folder of one's own (an archive of kind local); required, as citation,
    licence and species are, of data of others."""
    citation: str = ""
    """Own data, not stated, unless given."""
    doi: str | None = None
    licence: str = ""
    species: str = ""
    simulated: bool = False
    """True for anything no animal or person produced; said wherever the dataset is shown."""
    notes: tuple[str, ...] = ()
    """Limits a reader must know, repeated in the report."""
    subjects: Annotated[Unique[Name], Field(min_length=1), _OrAll()]
    """Their names, or `all`: everybody whom `{subject}` stands for in the files that the pattern of
    the responses matches in a local folder, or in the lock."""
    archive: ArchiveSpec
    also: tuple[SideArchiveSpec, ...] = ()
    """Files that stand elsewhere: images in a bucket, or by request."""
    stimuli: StimuliSpec
    responses: ResponsesSpec
    level: str | None = None
    """Column of the stimulus table whose values are compared in place of single stimuli: brain
    responses and model features are averaged within each value. For designs whose stimuli
    repeat too rarely, or differ between sessions."""
    transform: str = "none"
    """What is done to responses before distances: `none`, `square_root`, `z_score`,
    `square_root_z_score`."""
    units: UnitFilter | None = None
    """Which units the RDMs are computed from; all that were read unless given. The reliability
    table is about all of them."""
    noise: NoiseSpec = NoiseSpec()
    """The noise of the responses, for the distances `mahalanobis`, `crossnobis`, `poisson_kl`,
    `crossvalidated_poisson_kl` and `lda_accuracy`."""
    overlaps: Unique[Name] = ()
    """Other datasets, in any study, that hold some of the same subjects or showed some of the same
    images, where neither archives nor images tell: their results are not averaged over datasets as
    if they were independent."""
    expected: Expected = Expected()

    @model_validator(mode="before")
    @classmethod
    def _simulation_is_said(cls, content: Any) -> Any:
        """A simulated archive makes a simulated dataset, whatever the file says."""
        archive = content.get("archive") if isinstance(content, dict) else None
        if isinstance(archive, dict) and archive.get("kind") == "simulated":
            return {**content, "simulated": True}
        return content

    @model_validator(mode="before")
    @classmethod
    def _everybody_is_named(cls, content: Any, info: ValidationInfo) -> Any:
        """`subjects: all` becomes a list before anything else looks at it."""
        if not isinstance(content, dict) or content.get("subjects") != ALL:
            return content
        return {
            **content,
            "subjects": all_subjects(content, (info.context or {}).get("file")),
        }

    @model_validator(mode="before")
    @classmethod
    def _own_data_need_no_papers(cls, content: Any) -> Any:
        """Data of one's own need no title, citation, licence and species."""
        archive = content.get("archive") if isinstance(content, dict) else None
        if isinstance(archive, dict) and archive.get("kind") == "local":
            return {**PAPERS, **with_title(content)}
        return content

    @model_validator(mode="after")
    def _others_are_cited(self) -> DatasetSpec:
        if lacking := [key for key in ("title", *PAPERS) if not getattr(self, key)]:
            raise ValueError(
                f"{', '.join(lacking)}: {'is' if len(lacking) == 1 else 'are'} required, of data "
                "that are not in a folder of your own"
            )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> DatasetSpec:
        if isinstance(self.archive, SimulatedArchive) and not isinstance(
            self.stimuli, SharedStimuli
        ):
            raise ValueError("a simulated dataset takes its stimuli from another (kind: like)")
        for key in ("sessions", "presentations", "repetitions"):
            for subject in getattr(self.expected, key):
                if subject not in self.subjects:
                    raise ValueError(
                        f'expected.{key}: no subject "{subject}", '
                        f"{did_you_mean(subject, self.subjects)}"
                    )
        if self.also and not isinstance(self.archive, PINNED):
            raise ValueError(
                "also: goes with an archive that a lock pins, such as dandi, openneuro or bucket"
            )
        if isinstance(self.responses, RdmResponses):
            if self.units is not None:
                raise ValueError("units: ready RDMs have none to choose from; leave it out")
            named = {subject for source in self.responses.sources for subject in source.subjects}
            if named != set(self.subjects):
                raise ValueError(
                    f"subjects {sorted(self.subjects)} differ from those of the RDM sources "
                    f"{sorted(named)}"
                )
        return self
