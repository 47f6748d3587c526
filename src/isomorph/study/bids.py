"""What was recorded by fMRI and laid out as BIDS: volumes, events, confounds and regions."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from isomorph.study._base import Name, Spec, Unique
from isomorph.study.columns import Columns, NamingOfColumns, refuse_empty, refuse_uneven
from isomorph.study.film import FilmRows

HIGH_PASS = 1 / 128
"""Cut-off of slow drifts, Hz; the usual one of SPM."""


class BidsEvents(Spec):
    """The events table of each run: what was shown when.

    A row is a trial of a stimulus unless `where` or `without` leave it out. Rows left out are not
    modelled; trials of something that is not in the stimulus set are, together, as of no interest.
    """

    files: str
    """Glob pattern inside the archive; `{subject}` stands for the subject."""
    stimulus: str | Columns = "trial_type"
    """Column whose values name the stimulus, or a list of columns that make it together, as in
    `stimuli` of kind `conditions`. Values of a single column are read as text: 2766534.015976
    stays so."""
    name: NamingOfColumns = "{}"
    """How a value becomes the stimulus' name: `image_{}`; of several columns `{}_{}`. With `{stem}`
    in place of `{}` the value is a path, of which the last part without its ending counts."""
    empty: str | None = None
    """What stands in the name for a missing value where another column of the list has one."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for the row to count, by column."""
    without: Unique[str] = ()
    """Values of the stimulus column that are not stimuli, such as `rest`; empty cells and `n/a`
    never are one. With a list of columns, names of stimuli."""
    clock: float = Field(default=1.0, gt=0)
    """Units of onset and duration in a second: 1 for seconds, 1000 for milliseconds."""
    duration: float | None = Field(default=None, ge=0)
    """How long every trial lasts, seconds, whatever the tables say: where they leave it out, or
    give 0 for some trials alone. A trial of 0 is an impulse as strong as one second."""
    late: Literal["refuse", "drop"] = "refuse"
    """What becomes of trials that begin after the last volume: `refuse`, for they say that clock,
    repetition time or file are wrong, or `drop`, counted, where the scanner was stopped early."""
    shift: float = 0.0
    """Added to every onset, seconds: where volumes were left off the beginning of a run."""
    film: FilmRows | None = None
    """How rows show films, where stimuli are frames of these: values then name films, or number
    frames. Each frame that is a stimulus becomes a trial that lasts until the next."""

    @model_validator(mode="after")
    def _a_place_for_each_value(self) -> BidsEvents:
        refuse_uneven(self.name, self.stimulus, "stimulus")
        refuse_empty(self.empty, self.stimulus)
        return self


class BidsConfounds(Spec):
    """Regressors of no interest, from a table beside the volumes.

    Volumes that fMRIPrep flags as not in a steady state (`non_steady_state_outlier*`) are left out
    of the fit whatever is chosen here, and also without confounds, where its table stands beside
    the volumes. Of each run the artefact and the page say how many volumes were left out.
    """

    strategy: Unique[
        Literal["motion", "wm_csf", "global_signal", "compcor", "high_pass", "scrub"]
    ] = ()
    """Groups of fMRIPrep's confounds, as nilearn's `load_confounds` knows them. `scrub` leaves
    volumes of excessive motion out."""
    motion: Literal["basic", "power2", "derivatives", "full"] = "basic"
    """With `motion` in the strategy: 6, 12, 12 or 24 regressors."""
    scrub: int = Field(default=5, ge=0)
    """With `scrub` in the strategy: stretches of fewer volumes between two that are left out are
    left out too."""
    fd_threshold: float = Field(default=0.5, gt=0)
    """With `scrub` in the strategy: framewise displacement above which a volume is left out, mm."""
    std_dvars_threshold: float = Field(default=1.5, gt=0)
    """With `scrub` in the strategy: standardised DVARS above which a volume is left out."""
    files: str | None = None
    """Or a glob pattern of tables; `{subject}` stands for the subject."""
    columns: Unique[str] = ()
    """Columns of those tables: names, or glob patterns where their number differs between runs,
    such as `motion_outlier*`. A column that is 1 at one volume and 0 at all others leaves that
    volume out."""

    @model_validator(mode="after")
    def _one_way(self) -> BidsConfounds:
        if bool(self.strategy) == bool(self.columns) or bool(self.files) != bool(self.columns):
            raise ValueError("give strategy, for fMRIPrep's tables, or files and columns")
        if "compcor" in self.strategy and "high_pass" not in self.strategy:
            raise ValueError("strategy: compcor needs high_pass, with which fMRIPrep made it")
        return self

    @property
    def has_cosines(self) -> bool:
        """Whether slow drifts are among them."""
        return "high_pass" in self.strategy or any(
            one.startswith("cosine") or fnmatchcase("cosine00", one) for one in self.columns
        )


def names_a_region(pattern: str) -> str:
    """Return a pattern with one group, which finds a region's name; refuse any other."""
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from None
    if found.groups != 1:
        raise ValueError("must hold one group in parentheses, the region's name")
    return pattern


class _Regions(Spec):
    """What all kinds of regions share.

    Their files stand beside the dataset's own YAML file, or else inside the archive; patterns
    count from there, and `**` does not look beside the YAML file. They are on the units of the
    BOLD: NIfTI for volumes; for surfaces GIfTI (`.label.gii`, `.shape.gii`) or FreeSurfer
    (`.annot`) files, one for each hemisphere, which their names say (`hemi-L`, `lh.`, `.L.`,
    `left`); for CIFTI any of those, or CIFTI files over grayordinates.
    """

    empty: Literal["refuse", "drop"] = "refuse"
    """What becomes of a region without a unit, or without one that has a signal: `refuse`, or
    `drop`, counted, where some people lack a region."""


class MaskRegions(_Regions):
    """A mask per region, or per region and hemisphere."""

    kind: Literal["masks"]
    files: str | None = None
    """Glob pattern of the masks; `{subject}` stands for the subject."""
    region: Annotated[str, AfterValidator(names_a_region)] = (
        r"^(.+?)(?:\.nii(?:\.gz)?|(?:\.(?:label|shape|func))?\.gii|\.annot)$"
    )
    """Regular expression whose one group finds the region in a file's name. Masks with the same
    region are joined, as those of two hemispheres are."""
    named: dict[Name, Unique[str]] = {}
    """Or glob patterns of masks by region; those of one region are joined."""
    resample: bool = False
    """Whether masks on another grid than the volumes are brought to it, nearest neighbour."""

    @model_validator(mode="after")
    def _one_way(self) -> MaskRegions:
        if (self.files is None) == (not self.named):
            raise ValueError("give files, with the region in each name, or named patterns")
        return self


class LabelRegions(_Regions):
    """Regions out of labels, such as fMRIPrep's aparcaseg or an annotation of a surface."""

    kind: Literal["labels"]
    file: str
    """Glob pattern of the labels; `{subject}` stands for the subject. Where several match, they
    must be equal, but for those of two hemispheres."""
    table: str | None = None
    """Tab-separated table with `index` and `name`, where the labels themselves hold no names:
    volumes hold none; GIfTI label files, annotations and CIFTI label files do."""
    regions: dict[Name, Unique[str]] = Field(min_length=1)
    """Names of labels by region, those of one region are joined: each as it is written, or else a
    glob pattern."""
    resample: bool = False
    """Whether an image on another grid than the volumes is brought to it, nearest neighbour."""


class WholeRegion(_Regions):
    """One mask, all of it one region."""

    kind: Literal["whole"]
    file: str
    """Glob pattern of the mask; `{subject}` stands for the subject. Where several match, as masks
    of runs do, a voxel must be in all of them."""
    region: Name
    resample: bool = False
    """Whether a mask on another grid than the volumes is brought to it, nearest neighbour."""


class AtlasRegions(_Regions):
    """Regions out of an atlas that nilearn fetches, on BOLD in the atlas' template space.

    The atlas is downloaded to `data/atlases/<atlas>`; where its files stand there already, as
    nilearn lays them out, no network is needed. An atlas of volumes is brought to the BOLD's grid,
    nearest neighbour.
    """

    kind: Literal["atlas"]
    atlas: Literal["aal", "destrieux_surf", "harvard_oxford", "juelich", "schaefer_2018"]
    """`destrieux_surf` is of surfaces, in fsaverage5; the others are of volumes, in MNI space."""
    options: dict[str, bool | int | str] = {}
    """Which of its forms: `atlas_name` and `symmetric_split` of `harvard_oxford` and `juelich`,
    `version` of `aal`, `n_rois`, `yeo_networks` and `resolution_mm` of `schaefer_2018`."""
    space: str | None = None
    """Space of the BOLD where names of files do not say it: `MNI152NLin2009cAsym`,
    `fsaverage5`."""
    regions: dict[Name, Unique[str]] = Field(min_length=1)
    """Names of the atlas' labels by region, those of one region are joined: each as the atlas
    writes it, or else a glob pattern, `G_oc-temp*`."""


BidsRegions = Annotated[
    MaskRegions | LabelRegions | WholeRegion | AtlasRegions, Field(discriminator="kind")
]


class BidsResponses(Spec):
    """Responses from BOLD, run by run: amplitudes of a general linear model, or shifted volumes."""

    kind: Literal["bids"]
    bold: str
    """Glob pattern of runs, preprocessed or raw; `{subject}` stands for the subject. A run is one
    4D image, one CIFTI series (`*_bold.dtseries.nii`), or two GIfTI series, `hemi-L` and `hemi-R`
    (`*_hemi-[LR]_space-fsaverage5_bold.func.gii`), whose units then stand side by side. Files that
    differ only in `part`, `echo`, `space` or another entity that makes no other run are refused."""
    events: BidsEvents
    regions: BidsRegions
    confounds: BidsConfounds | None = None
    per: Literal["run", "trial"] = "run"
    """One amplitude per stimulus and run, or one per trial. Trials of one run share its noise, so
    only amplitudes per run are independent repetitions."""
    estimate: Literal["lsa", "lss", "ridge", "shifted"] = "lsa"
    """`lsa`: all amplitudes of a run in one model. `lss`: each with all the others as one
    regressor, where stimuli follow each other so closely that one model confounds them with
    drifts. `ridge`: all in one model under a penalty, which deconvolves the frames of a film.
    `shifted`: no model of the response, but the mean of the volumes taken while a trial lasted, a
    lag later, confounds and drifts taken off."""
    lag: float = Field(default=5.0, ge=0)
    """Of `shifted`: by how much BOLD follows what was shown, seconds."""
    penalty: float = Field(default=1.0, gt=0)
    """Of `ridge`, in units of the mean energy of what is penalised."""
    hrf: Literal["glover", "spm"] = "glover"
    drift: Literal["cosine", "none"] = "cosine"
    high_pass: float = Field(default=HIGH_PASS, gt=0)
    """Cut-off of the cosine drifts, Hz."""
    noise_model: Literal["ols", "ar1"] = "ols"
    """Noise over time: independent, or autoregressive of first order."""
    scale: Literal["percent", "none"] = "percent"
    """Whether each voxel's run is expressed as percent of its mean."""
    noise: Literal["none", "univariate", "multivariate"] = "none"
    """Normalisation by the residuals: none, by the standard deviation of each voxel, or by the
    covariance of each region's voxels."""
    shrinkage: Literal["identity", "diagonal"] = "diagonal"
    """Where the covariance is shrunk to: equal variances (Ledoit and Wolf 2004), or each voxel's
    own (Schäfer and Strimmer 2005)."""
    covariance: Literal["each_run", "all_runs"] = "each_run"
    """Which residuals normalise a run: its own, or those of all runs together."""
    centre: Literal["none", "run"] = "none"
    """Whether each unit's mean over the stimuli that all runs showed is taken off the amplitudes of
    each run. Runs differ in their baseline; differences of stimuli within a run, and so
    cross-validated distances, stay as they are. Refused where stimuli come in several runs but none
    in all; where none comes in two, the mean is that of all the run showed, and is noted."""
    sessions: Literal["together", "apart"] = "together"
    """Whether the runs of all BIDS sessions repeat the stimuli of one recording, or each session
    is a recording of its own."""
    repetition_time: float | None = Field(default=None, gt=0)
    """Seconds between volumes, where no JSON file says it, or one that differs from the header of
    the volumes. Where neither does, a CIFTI series says it itself; headers of volumes are compared
    and not believed."""
    start_time: float | None = Field(default=None, ge=0)
    """When in its repetition time a volume was taken, seconds, where no JSON file says it; 0
    unless given."""

    @model_validator(mode="after")
    def _consistent(self) -> BidsResponses:
        if self.confounds and self.confounds.has_cosines and self.drift == "cosine":
            raise ValueError(
                "drift: cosine and confounds that hold cosines would model drift twice; set "
                "drift: none"
            )
        if self.estimate == "shifted" and self.noise != "none":
            raise ValueError("estimate: shifted leaves no residuals; set noise: none")
        if self.estimate != "lsa" and self.noise_model != "ols":
            raise ValueError(f"estimate: {self.estimate} goes with noise_model: ols")
        return self
