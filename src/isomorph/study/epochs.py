"""Epochs: electric and magnetic recordings cut around the onset of each stimulus."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isomorph.study._base import Spec, Unique
from isomorph.study.columns import Columns, NamingOfColumns, refuse_empty, refuse_uneven
from isomorph.study.film import FilmRows
from isomorph.study.windows import Window, refuse_same

FOLDERS = (".ds", ".mff", ".mefd")
"""Endings of folders that are one recording: CTF, EGI and MEF3."""


class EventColumns(Spec):
    """Where the events table says what was shown when."""

    files: str | None = None
    """Glob pattern of the events tables; `{subject}` stands for the subject. Unless given, the
    table counts that belongs to a recording by the inheritance principle of BIDS: beside it or in
    a folder above."""
    stimulus: str | Columns
    """Column that names the stimulus, or a list of columns that make it together, as in `stimuli`
    of kind `conditions`; spaces around a value do not count."""
    name: NamingOfColumns = "{}"
    """How a value becomes the stimulus' name; of several columns `{}_{}`. With `{stem}` in place of
    `{}` the value is a path, with slashes or backslashes, of which the last part without its
    ending counts."""
    empty: str | None = None
    """What stands in the name for a missing value where another column of the list has one."""
    blank: Unique[str] = ()
    """Values that are not stimuli; empty cells and `n/a` never are one. With a list of columns,
    names of stimuli."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for the event to count, by column: the other tasks out."""
    onset: str = "onset"
    """Column of onsets from the recording's first sample."""
    clock: float = Field(default=1.0, gt=0)
    """Units of the onset column in a second: 1 for seconds, 1000 for samples at 1 kHz."""
    film: FilmRows | None = None
    """How rows show films, where stimuli are frames of these: values then name films, or number
    frames."""

    @model_validator(mode="after")
    def _a_place_for_each_value(self) -> EventColumns:
        refuse_uneven(self.name, self.stimulus, "stimulus")
        refuse_empty(self.empty, self.stimulus)
        return self


class BandPass(Spec):
    """Zero-phase filter of the continuous recording, before anything is cut."""

    low: float | None = Field(default=None, gt=0)
    """Pass band's lower edge, Hz."""
    high: float | None = Field(default=None, gt=0)
    """Pass band's upper edge, Hz."""

    @model_validator(mode="after")
    def _passes_something(self) -> BandPass:
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low must be below high, not {self.low} and {self.high}")
        return self


class NoiseNormalisation(Spec):
    """Responses in units of their own noise.

    Guggenmos M, Sterzer P, Cichy RM (2018) NeuroImage 173, 434-447: `multivariate` with the noise
    of residuals made M/EEG distances the most reliable.
    """

    kind: Literal["univariate", "multivariate"]
    """`univariate` divides each channel by its noise; `multivariate` multiplies the channels by the
    inverse square root of their noise covariance, shrunk as Ledoit and Wolf (2004) say."""
    of: Literal["baseline", "residuals"] = "residuals"
    """Where noise is measured: the samples of the baseline, or what is left of a window's samples
    when the mean response to the stimulus is taken off."""


class EpochResponses(Spec):
    """Responses of M/EEG channels in windows around stimulus onset, in µV (fT, fT/cm for MEG).

    Recordings are any that MNE-Python reads: BrainVision, EDF, BDF, EEGLAB, FIF, folders of CTF
    (`.ds`) and EGI (`.mff`), and more. The parts of a FIF file that was split are one recording.
    The BIDS tables `…_events.tsv` and `…_channels.tsv` stand beside each or in a folder above, or
    for a derivative among the raw data. Epochs are cut at the onsets of the events table, not at
    trigger codes.
    """

    kind: Literal["epochs"]
    files: str
    """Glob pattern of recordings; `{subject}` stands for the subject. Recordings of one `ses-`
    make one session, each a run of it; the channels good in all of them count. Two files of one
    run, such as a raw one and its `proc-sss`, are refused."""
    presentations: EventColumns
    """Columns of the events table."""
    picks: Unique[str] = ("eeg",)
    """Types of channel: `eeg`, `mag`, `grad`, `eog`, … as the channels table says or else the
    recording; or names of channels, glob patterns in which case counts."""
    leave_out: Unique[str] = ()
    """Names of channels to leave out again, glob patterns too."""
    reference: Literal["recorded", "average"] = "recorded"
    """`average` takes the mean over the channels that count off every sample."""
    filter: BandPass | None = None
    """Filter of the whole recording, which is then held in memory as float64."""
    baseline: Window | None = None
    """Window whose mean is taken off each channel of each epoch, seconds from onset."""
    windows: dict[str, Window] = Field(min_length=1)
    """Response windows by name, seconds from onset. Each of several is a time bin; the region is
    the types of channel: `eeg`, `grad, mag`."""
    units: Literal["channels", "samples"] = "channels"
    """`channels`: a unit is the mean of a channel over the window. `samples`: a channel at one
    sample of it; of several windows, which then have equally many samples, at its first, second
    and so on."""
    decimate: int = Field(default=1, ge=1)
    """With `units: samples`, keep one sample in so many. Refused unless the recording holds
    nothing above a third of the sampling rate that is left, by its own or by our filter."""
    reject: float | None = Field(default=None, gt=0)
    """Leave out and count epochs in which a channel's peak-to-peak amplitude is above this, in the
    unit of the responses."""
    noise: NoiseNormalisation | None = None
    """Noise normalisation; none unless given."""

    @property
    def folders(self) -> tuple[str, ...]:
        """Endings of folders that `files` matches as if they were files."""
        return FOLDERS

    @model_validator(mode="after")
    def _consistent(self) -> EpochResponses:
        if self.decimate > 1 and self.units == "channels":
            raise ValueError("decimate: goes with units: samples; a mean over a window needs none")
        if self.noise is not None and self.noise.of == "baseline" and self.baseline is None:
            raise ValueError("noise.of: baseline needs baseline")
        refuse_same(self.windows)
        return self

    @property
    def times(self) -> tuple[tuple[float, float], ...]:
        """Start and stop of every window in order of time, seconds from onset."""
        return tuple(sorted(self.windows.values()))
