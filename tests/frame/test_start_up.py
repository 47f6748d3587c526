"""What a command loads before it does anything: a study is many jobs, and each starts anew."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from isomorph.catalogue import stage_command
from isomorph.cli.stages import STAGES
from isomorph.inference.families import CORRECTIONS
from isomorph.making import DECLARED
from isomorph.measures.tied import rankdata

NETWORKS = {"torch", "torchvision", "timm", "transformers", "open_clip", "onnxruntime"}
LARGE = NETWORKS | {
    "dandi", "IPython", "jinja2", "matplotlib", "mne", "nibabel", "nilearn", "pynwb", "requests",
    "ripser", "rsatoolbox", "scipy.cluster", "scipy.optimize", "scipy.spatial", "scipy.stats",
    "skimage", "sklearn", "snakemake",
}  # fmt: skip
TABLES = {"h5netcdf", "pandas", "pyarrow", "scipy", "xarray"}
"""What a stage needs that reads numbers of its own."""


def loaded_by(statement):
    """Return the modules a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stderr.split())


def test_asking_for_help_loads_no_package_but_its_own():
    loaded = loaded_by(
        "from isomorph.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    )
    assert "isomorph.cli.command" in loaded
    assert not loaded & (LARGE | TABLES | {"numpy", "h5py", "pydantic", "yaml"})


def test_settings_are_read_without_tables(tmp_path):
    loaded = loaded_by(
        "from pathlib import Path\nfrom isomorph.study import load_study\n"
        "load_study(Path('config/demo.yaml'))"
    )
    assert not loaded & (LARGE | TABLES | {"numpy", "h5py"})


def test_a_fetch_loads_nothing_to_compute_with():
    loaded = loaded_by("import isomorph.stages.fetch, isomorph.making, isomorph.runs.alive")
    assert not loaded & (LARGE | TABLES)


def test_every_stage_has_a_command():
    assert {stage_command(stage).split()[0] for stage in DECLARED} == set(STAGES)


def test_a_stage_loads_a_large_package_only_where_it_uses_it():
    modules = [STAGES[stage].entry.partition(":")[0] for stage in STAGES]
    assert not loaded_by(f"import {', '.join(modules)}") & LARGE


# ---------------------------------------------------------------- what stands in for large packages


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).standard_normal((4, 7)),
        np.random.default_rng(1).integers(0, 3, (4, 7)),
        np.random.default_rng(2).integers(0, 3, (2, 4, 7)).astype(np.float32),
        np.array([[1.0, np.nan, 1.0], [2.0, 2.0, 2.0]]),
        np.array([[np.inf, -np.inf, np.inf], [0.0, -0.0, 1.0]]),
        np.array([[5.0]]),
        np.ones((3, 0)),
        np.ones((0, 3)),
    ],
)
def test_ranks_are_those_of_scipy(values, axis):
    found, expected = rankdata(values, axis), stats.rankdata(values, axis=axis)
    assert found.shape == expected.shape
    assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize("method", ["bh", "by"])
@pytest.mark.parametrize("n", [1, 2, 30])
def test_false_discovery_is_that_of_scipy(method, n):
    p = np.random.default_rng(n).random(n) ** 3
    p[: n // 3] = p[0]
    expected = stats.false_discovery_control(p, method=method)
    assert np.allclose(CORRECTIONS[f"fdr_{method}"](p), expected, rtol=1e-14)
