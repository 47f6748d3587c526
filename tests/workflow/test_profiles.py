"""The profile of a cluster, with everything in it that is there to be uncommented."""

import importlib.util
import re

import pytest
import tiny_study as tiny
import yaml

PROFILE = tiny.ROOT / "profiles" / "slurm" / "config.yaml"


def uncommented():
    shipped, _, offered = PROFILE.read_text(encoding="utf-8").partition("# What your cluster")
    assert yaml.safe_load(shipped)["executor"] == "slurm"
    lines = offered.splitlines()[1:]
    return shipped + "\n".join(re.sub(r"^# ", "", line) for line in lines) + "\n"


def test_nothing_of_a_cluster_is_asked_for_unless_it_is_set():
    shipped = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))
    assert "default-resources" not in shipped
    assert {"default-resources", "set-resources"} <= set(yaml.safe_load(uncommented()))


@pytest.mark.skipif(
    importlib.util.find_spec("snakemake_executor_plugin_slurm") is None,
    reason="no snakemake-executor-plugin-slurm: pip install -e .[cluster]",
)
def test_everything_it_offers_is_understood(tmp_path):
    tiny.write(tmp_path / "study")
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "config.yaml").write_text(uncommented(), encoding="utf-8")
    arguments = ("--profile", str(tmp_path / "profile"), "--dry-run", "--until", "activations")
    done = tiny.snakemake(tmp_path / "study", *arguments, "--quiet", "progress")
    assert done.returncode == 0, done.stdout
    (asked,) = [line for line in done.stdout.splitlines() if "gpu=1" in line]
    assert "slurm_account=mine" in asked
    assert "slurm_partition=gpus" in asked


def test_a_job_that_is_tried_again_asks_for_more_memory(tmp_path):
    tiny.write(tmp_path)
    arguments = ("--dry-run", "--until", "fetch", "--quiet", "progress")
    asked = [
        int(re.search(r"mem_mb=(\d+)", tiny.snakemake(tmp_path, *arguments, *more).stdout)[1])
        for more in ((), ("--attempt", "3"))
    ]
    assert asked[1] >= 2 * asked[0] > 0
