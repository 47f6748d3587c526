"""A small study on disk: a local archive of NWB files, arrays or RDMs, and its stimulus table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from isomorph.artefacts import provenance, write_table
from isomorph.layout import Layout
from isomorph.stages.fetch import run as fetch
from isomorph.study import load_study

WINDOW = (0.0, 0.1)


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Layout]:
    """Return a maker of a one-dataset study "toy", its archive `files/` fetched."""

    def make(
        responses: Mapping[str, Any],
        stimuli: Sequence[str],
        subjects: Sequence[str] = ("s1",),
        expected: Mapping[str, Any] | None = None,
    ) -> Layout:
        dataset = {
            "name": "toy",
            "title": "Toy",
            "citation": "none",
            "licence": "BSD-3-Clause",
            "species": "none",
            "subjects": list(subjects),
            "archive": {"kind": "local", "path": "../files"},
            "stimuli": {"kind": "folder", "files": "*.png"},
            "responses": dict(responses),
            "expected": dict(expected or {}),
        }
        model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
        study = {
            "name": "toy",
            "title": "Toy",
            "datasets": ["toy"],
            "models": ["pixels"],
            "distances": ["correlation", "euclidean"],
        }
        for name, content in {
            "datasets/toy.yaml": dataset,
            "models/pixels.yaml": model,
            "study.yaml": study,
        }.items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(yaml.safe_dump(content))
        layout = Layout(load_study(tmp_path / "study.yaml"), tmp_path)
        table = pd.DataFrame({"stimulus": list(stimuli), "file": "", "sha256": ""})
        write_table(layout.stimuli("toy"), table, "stimuli", provenance("stimuli"))
        fetch(layout, "toy")
        return layout

    return make


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return the folder of the toy archive."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def nwb_settings() -> dict[str, Any]:
    return {
        "kind": "nwb",
        "files": "{subject}*.nwb",
        "presentations": {"table": "trials", "onset": "on", "stimulus": "image"},
        "window": list(WINDOW),
        "region": "location",
    }


@pytest.fixture
def write_nwb() -> Callable[..., None]:
    """Return a writer of NWB recordings that uses pynwb's own `add_` methods, row by row."""

    def write(
        file: Path,
        spikes: Sequence[Sequence[float]] | None,
        trials: Mapping[str, Sequence[Any]] | None,
        unit_columns: Mapping[str, Sequence[Any]] | None = None,
        electrodes: Sequence[Sequence[int]] | None = None,
        electrode_locations: Sequence[str] = (),
        session_id: str | None = None,
    ) -> None:
        from pynwb import NWBHDF5IO, NWBFile

        nwb = NWBFile(
            session_description="test",
            identifier=file.stem,
            session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
            session_id=session_id,
        )
        if electrode_locations:
            device = nwb.create_device(name="probe")
            group = nwb.create_electrode_group("g", description="g", location="x", device=device)
            for location in electrode_locations:
                nwb.add_electrode(group=group, location=location)
        if trials is not None:
            own = [name for name in trials if name not in ("start_time", "stop_time")]
            for name in own:
                nwb.add_trial_column(name, description=name)
            for row in range(len(trials[own[0]])):
                nwb.add_trial(
                    start_time=float(row),
                    stop_time=row + 0.5,
                    **{name: trials[name][row] for name in own},
                )
        if spikes is not None:
            columns = unit_columns or {}
            for name in columns:
                nwb.add_unit_column(name, description=name)
            for row, times in enumerate(spikes):
                extra = {name: values[row] for name, values in columns.items()}
                if electrodes is not None:
                    extra["electrodes"] = list(electrodes[row])
                nwb.add_unit(spike_times=np.asarray(times, dtype=float), **extra)
        with NWBHDF5IO(str(file), mode="w") as io:
            io.write(nwb)

    return write
