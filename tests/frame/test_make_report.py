"""`make report` with a workflow that succeeds or fails, and no installation."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def make_report(root, snakemake_status):
    """Run `make report` with stand-ins that say how they were called; return status and lines."""
    shutil.copy(MAKEFILE, root)
    (root / ".venv" / "bin").mkdir(parents=True)
    scripts = {"python": "exit 0", "isomorph": 'echo "isomorph $1"',
               "snakemake": f"exit {snakemake_status}"}  # fmt: skip
    for name, text in scripts.items():
        file = root / ".venv" / "bin" / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    for name in ("pyproject.toml", "constraints.txt", ".venv/installed"):
        (root / name).touch()
    # the suite itself may run under make, whose flags would be handed on
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-o", ".venv/installed", "report"], cwd=root, capture_output=True, text=True,
        check=False, env=environment,
    )  # fmt: skip
    return done.returncode, [line for line in done.stdout.splitlines() if line]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("snakemake_status", "said"),
    [(0, []), (1, ["isomorph report", "isomorph headline"])],
)
def test_a_failed_dataset_leaves_a_partial_page_and_its_headline(tmp_path, snakemake_status, said):
    status, lines = make_report(tmp_path, snakemake_status)
    assert lines == said
    assert (status != 0) == (snakemake_status != 0)
