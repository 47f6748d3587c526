"""Reading recordings without a study: the readers of a notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.responses.notebook import (
    Files,
    Sessions,
    files_around,
    given_only,
    paths_of,
    read_of,
    spec_of,
    windows_between,
)
from isomorph.stimuli.dataset_files import files_in
from isomorph.study import Spec
from isomorph.study.betas import BetaResponses
from isomorph.study.bids import BidsEvents, BidsResponses
from isomorph.study.epochs import EpochResponses, EventColumns
from isomorph.study.responses import NwbResponses, Presentations, RasterResponses, TraceResponses


def read_nwb(
    files: Files,
    *,
    stimulus: str | None = None,
    region: str | Mapping[str, Any] | None = None,
    window: tuple[float, float] | None = None,
    edges: Sequence[float] | None = None,
    stimuli: Iterable[str] | pd.DataFrame | None = None,
    **settings: Any,
) -> Sessions:
    """Read responses to stimuli from NWB recordings, one file for one session.

    Spikes of sorted units are counted. With `signal`, the path of a RoiResponseSeries, imaged
    traces are averaged instead; with `raster`, the path of a series of spikes per time bin, these
    are added up.

    Parameters
    ----------
    files : path or sequence of paths
        Recordings. Those of several subjects make one population; for statistics over subjects,
        read each subject by itself.
    stimulus : str, optional
        Column of the presentations whose values name the stimulus.
    region : str or mapping, optional
        Column of the units, or of their electrodes, that names the region, `location` unless
        given; or `{"name": "IT"}`, the one region of all.
    window : tuple (float, float), optional
        Start and stop of the response window, seconds from onset.
    edges : sequence of float, optional
        Edges of time bins instead, seconds from onset, ascending.
    stimuli : iterable of str or DataFrame, optional
        Names of the stimuli that count, or a table with a column `stimulus`, such as that of the
        frames of a film; all that the recordings name unless given.
    **settings
        Any other key of `responses:`, or of its `presentations:`, in a dataset's file: `table`,
        `series`, `onset`, `where`, `name`, `windows`, `baseline`, `quality`, `companion`, …

    Returns
    -------
    Dataset or dict of str to Dataset
        `response (presentation, unit)` with the coordinates `stimulus`, `repetition`, `unit` and
        `region`; of several files one by session.

    Raises
    ------
    IsomorphError
        When a keyword is unknown or wrong, or a file, table or column is not there or cannot be
        used.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from pynwb import NWBHDF5IO, NWBFile
    >>> nwb = NWBFile("two units", "example", datetime(2020, 1, 1, tzinfo=UTC))
    >>> nwb.add_trial_column("image", "what was shown")
    >>> for number, image in enumerate(["cat", "dog", "cat", "dog"]):
    ...     nwb.add_trial(start_time=1.0 + number, stop_time=1.5 + number, image=image)
    >>> nwb.add_unit_column("location", "region")
    >>> nwb.add_unit(spike_times=np.arange(0.5, 6, 0.1), location="IT")
    >>> nwb.add_unit(spike_times=np.arange(0.5, 6, 0.3), location="V4")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "example.nwb"
    ...     with NWBHDF5IO(str(file), "w") as io:
    ...         io.write(nwb)
    ...     data = read_nwb(file, stimulus="image", window=(0.05, 0.25))
    >>> data["response"].dims
    ('presentation', 'unit')
    >>> data["stimulus"].values.tolist()
    ['cat', 'dog', 'cat', 'dog']
    >>> data["region"].values.tolist()
    ['IT', 'V4']
    """
    where = "read_nwb"
    kind: type[Spec] = NwbResponses
    for key, other in (("signal", TraceResponses), ("raster", RasterResponses)):
        if key in settings:
            kind = other
    given = {
        **given_only(stimulus=stimulus, region=region, window=window),
        **windows_between(edges, where),
        **settings,
    }
    if window is not None and edges is not None:
        raise IsomorphError(f"{where}: give window or edges, one of the two")
    spec = spec_of(kind, given, where, presentations=Presentations)
    paths = paths_of(files, where)
    return read_of(spec, files_around(paths, where), stimuli, where=where)


def read_bids(
    root: str | os.PathLike[str],
    subject: str,
    *,
    regions: Mapping[str, Any] | None = None,
    stimulus: str | None = None,
    bold: str = "**/sub-{subject}/**/*_bold.nii*",
    events: str | Mapping[str, Any] = "**/sub-{subject}/**/*_events.tsv",
    stimuli: Iterable[str] | pd.DataFrame | None = None,
    atlases: str | os.PathLike[str] | None = None,
    **settings: Any,
) -> Sessions:
    r"""Estimate a subject's responses to stimuli from BOLD laid out as BIDS.

    A general linear model is fitted to each run; its amplitudes are the responses.

    Parameters
    ----------
    root : path
        The folder of the dataset.
    subject : str
        Whom `{subject}` stands for in patterns, without `sub-`.
    regions : mapping
        Which units belong to which region, as in a dataset's file:
        `{"kind": "whole", "file": "masks/sub-{subject}_mask.nii.gz", "region": "VT"}`.
    stimulus : str, optional
        Column of the events that names the stimulus, `trial_type` unless given.
    bold : str, optional
        Glob pattern of the runs below `root`.
    events : str or mapping, optional
        Glob pattern of the tables of events, or all that `events:` of a dataset's file may hold.
    stimuli : iterable of str or DataFrame, optional
        Names of the stimuli that count, or a table with a column `stimulus`, such as that of the
        frames of a film; all that the events name unless given.
    atlases : path, optional
        Folder of atlases, where `regions` asks for one; `nilearn_data` in the home folder unless
        given.
    **settings
        Any other key of `responses:`, or of its `events:`, in a dataset's file: `confounds`,
        `per`, `estimate`, `noise`, `without`, …

    Returns
    -------
    Dataset or dict of str to Dataset
        `response (presentation, unit)` with the coordinates `stimulus`, `repetition`, `unit`,
        `region` and `run`; by session where these are read apart.

    Raises
    ------
    IsomorphError
        When a keyword is unknown or wrong, or a file is not there or not what it must be.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import nibabel
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = Path(folder) / "sub-1" / "func" / "sub-1_task-look"
    ...     run.parent.mkdir(parents=True)
    ...     bold = 100 + rng.normal(size=(2, 2, 2, 60))
    ...     nibabel.Nifti1Image(bold, np.eye(4)).to_filename(f"{run}_bold.nii")
    ...     ones = np.ones((2, 2, 2), dtype=np.uint8)
    ...     nibabel.Nifti1Image(ones, np.eye(4)).to_filename(f"{folder}/mask.nii")
    ...     rows = [f"{10 * n}\t1\t{'cat' if n % 2 else 'dog'}\n" for n in range(10)]
    ...     header = "onset\tduration\ttrial_type\n"
    ...     _ = Path(f"{run}_events.tsv").write_text(header + "".join(rows))
    ...     data = read_bids(
    ...         folder,
    ...         "1",
    ...         regions={"kind": "whole", "file": "mask.nii", "region": "VT"},
    ...         repetition_time=2.0,
    ...     )
    >>> dict(data.sizes)
    {'presentation': 2, 'unit': 8}
    >>> data["stimulus"].values.tolist()
    ['cat', 'dog']
    """
    where = "read_bids"
    folder = Path(root)
    if not folder.is_dir():
        raise IsomorphError(f"{where}: {folder}: no such folder")
    tables = {"files": events} if isinstance(events, str) else dict(events)
    given = {"bold": bold, "events": tables, **given_only(regions=regions, stimulus=stimulus)}
    spec = spec_of(BidsResponses, given | settings, where, events=BidsEvents)
    files = files_in(folder, where=where)
    place = Path.home() / "nilearn_data" if atlases is None else Path(atlases)
    return read_of(spec, files, stimuli, where=where, subject=subject, atlases=place)


def read_epochs(
    files: Files,
    *,
    stimulus: str | None = None,
    windows: Mapping[str, tuple[float, float]] | None = None,
    stimuli: Iterable[str] | pd.DataFrame | None = None,
    **settings: Any,
) -> Sessions:
    r"""Read responses to stimuli from electric or magnetic recordings, cut into epochs.

    Recordings are any that MNE-Python reads. Their tables of events stand beside them, or in a
    folder above, as BIDS lays them out.

    Parameters
    ----------
    files : path or sequence of paths
        Recordings; those of one `ses-` in their names are runs of one session.
    stimulus : str
        Column of the events that names the stimulus.
    windows : mapping of str to (float, float)
        Start and stop of each response window, seconds from onset, by name.
    stimuli : iterable of str or DataFrame, optional
        Names of the stimuli that count, or a table with a column `stimulus`, such as that of the
        frames of a film; all that the events name unless given.
    **settings
        Any other key of `responses:`, or of its `presentations:`, in a dataset's file: `picks`,
        `filter`, `baseline`, `noise`, `onset`, `where`, …

    Returns
    -------
    Dataset or dict of str to Dataset
        `response (presentation, unit)` with the coordinates `stimulus`, `repetition`, `unit`,
        `region` and `run`; of several sessions by session.

    Raises
    ------
    IsomorphError
        When a keyword is unknown or wrong, or a file, column or channel is not there or cannot be
        used.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mne
    >>> import numpy as np
    >>> signal = 1e-6 * np.random.default_rng(0).normal(size=(2, 2000))
    >>> raw = mne.io.RawArray(signal, mne.create_info(["Oz", "Pz"], 100.0, "eeg"), verbose=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sub-1_task-look_eeg.fif"
    ...     _ = raw.save(file, verbose=False)
    ...     rows = [f"{2 + n}\t0.5\t{'cat' if n % 2 else 'dog'}\n" for n in range(10)]
    ...     table = file.with_name("sub-1_task-look_events.tsv")
    ...     _ = table.write_text("onset\tduration\timage\n" + "".join(rows))
    ...     data = read_epochs(file, stimulus="image", windows={"early": (0.1, 0.3)})
    >>> data["stimulus"].values.tolist()[:3]
    ['dog', 'cat', 'dog']
    >>> data["unit"].values.tolist()
    ['Oz', 'Pz']
    """
    where = "read_epochs"
    given = given_only(stimulus=stimulus, windows=windows) | settings
    spec = spec_of(EpochResponses, given, where, presentations=EventColumns)
    paths = paths_of(files, where)
    return read_of(spec, files_around(paths, where), stimuli, where=where)


def read_betas(
    files: Files,
    *,
    regions: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    labels: str | os.PathLike[str] | None = None,
    stimuli: Iterable[str] | pd.DataFrame | None = None,
    **settings: Any,
) -> xr.Dataset:
    r"""Read ready responses to stimuli from files of maps, one for each run or session.

    Files are CIFTI or NIfTI, whose maps have names or come with a list of them, or hold an array
    (HDF5, MATLAB, netCDF, NumPy), of which `axes` names the axes and `order` says what was shown.

    Parameters
    ----------
    files : path or sequence of paths
        Files of betas.
    regions : mapping or sequence of mappings
        Which units belong to which region, as in a dataset's file:
        `{"file": "rois.nii", "name": "V1", "min": 0.5}`.
    labels : path or pattern, optional
        Text files with a line per map that names its stimulus; the names of the maps themselves
        unless given.
    stimuli : iterable of str or DataFrame, optional
        Names of the stimuli that count, or a table with a column `stimulus`, such as that of the
        frames of a film; all that the maps name unless given.
    **settings
        Any other key of `responses:` in a dataset's file: `name`, `blank`, `events`, `within_run`;
        of arrays `variable`, `axes`, `scale`, `order`, `runs`, …

    Returns
    -------
    Dataset
        `response (presentation, unit)` with the coordinates `stimulus`, `repetition`, `unit`,
        `region` and `run`.

    Raises
    ------
    IsomorphError
        When a keyword is unknown or wrong, a file is not there or not what it must be, or files do
        not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import nibabel
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder)
    ...     betas, rois = rng.normal(size=(2, 2, 2, 3)), np.ones((2, 2, 2), dtype=np.uint8)
    ...     nibabel.Nifti1Image(betas, np.eye(4)).to_filename(place / "betas.nii")
    ...     nibabel.Nifti1Image(rois, np.eye(4)).to_filename(place / "rois.nii")
    ...     _ = (place / "labels.txt").write_text("cat\ndog\nhouse\n")
    ...     data = read_betas(
    ...         place / "betas.nii",
    ...         regions={"file": "rois.nii", "name": "V1"},
    ...         labels="labels.txt",
    ...     )
    >>> dict(data.sizes)
    {'presentation': 3, 'unit': 8}
    >>> data["stimulus"].values.tolist()
    ['cat', 'dog', 'house']
    """
    where = "read_betas"
    listed = [regions] if isinstance(regions, Mapping) else regions
    given = (
        given_only(regions=listed, labels=None if labels is None else os.fspath(labels)) | settings
    )
    spec = spec_of(BetaResponses, given, where)
    paths = paths_of(files, where)
    found = read_of(spec, files_around(paths, where), stimuli, where=where)
    assert isinstance(found, xr.Dataset), "betas of a subject are one session"
    return found
