"""Every dataset of the configuration on small files of its layout, behind loopback archives."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from isomorph.catalogue import made_for, stage_command
from isomorph.jobs import Job
from isomorph.making import DECLARED

ROOT = Path(__file__).parents[2]
for folder in ("servers", "replicas"):
    sys.path.insert(0, str(ROOT / "tests" / folder))

import dandi_archive  # noqa: E402
import objects  # noqa: E402
import repositories  # noqa: E402

DERIVATIVES = re.compile(r"ds\d{6}-(\w+)")


def replicas(group: str = "whole") -> dict[str, ModuleType]:
    """Return the modules that write the replica of a dataset, by the dataset's name.

    Those of the group `whole`, to which belongs what says nothing else by `GROUP`, go from nothing
    to the report together; those of `compared` end in their comparisons with models; those of
    `arriving` differ from others in their files alone, and go no further than to their responses;
    `published` has scores that a paper reports.
    """
    found = {}
    for file in sorted((ROOT / "tests" / "replicas").glob("*.py")):
        if not (ROOT / "config" / "datasets" / file.name).with_suffix(".yaml").is_file():
            continue
        spec = importlib.util.spec_from_file_location(f"replica_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if getattr(module, "GROUP", "whole") == group:
            found[file.stem] = module
    return found


def of_tables(known: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the models of the configuration that speak of columns of some datasets' stimuli."""
    found = {}
    for file in sorted((ROOT / "config" / "models").glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        speaks = set(content.get("datasets", ())) & set(known)
        if content["source"].startswith(("baseline/category", "geometry/")) and speaks:
            found[file.stem] = content
    return found


def write_config(
    folder: Path,
    study: dict[str, Any],
    models: dict[str, dict[str, Any]],
    known: dict[str, ModuleType],
) -> None:
    """Write a study of replicas: the real dataset files, but for subjects and figures."""
    datasets = folder / "config" / "datasets"
    datasets.mkdir(parents=True)
    for name, replica in known.items():
        source = ROOT / "config" / "datasets" / f"{name}.yaml"
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        content |= {"subjects": replica.SUBJECTS, "expected": replica.EXPECTED}
        content |= getattr(replica, "EDITS", {})
        _write(datasets / f"{name}.yaml", content)
    for beside in (ROOT / "config" / "datasets").glob("*.csv"):
        shutil.copy(beside, datasets / beside.name)
    (folder / "config" / "models").mkdir()
    for name, content in models.items():
        _write(folder / "config" / "models" / f"{name}.yaml", content)
    _write(
        folder / "config" / "study.yaml",
        {**study, "datasets": list(known), "models": list(models)},
    )


def write_files(folder: Path, known: dict[str, ModuleType]) -> Path:
    """Write the files of replicas and return the folder of all archives."""
    archives = folder / "archives"
    for replica in known.values():
        replica.write(archives)
    for requested in sorted((archives / "requested").glob("*")):
        shutil.copytree(requested, folder / "data" / "requested" / requested.name)
    return archives


@dataclass
class Servers:
    """Loopback archives: what each was asked, and what makes clients ask them."""

    mirrors: str
    running: tuple[Any, ...]

    @property
    def asked(self) -> int:
        """How many requests came in, over all of them."""
        return sum(len(server.log) for server in self.running)


@contextmanager
def servers(archives: Path, scratch: Path) -> Iterator[Servers]:
    """Serve the replicas as DANDI, S3 and GitHub while the block runs."""
    _arrange_objects(archives, scratch)
    with ExitStack() as stack:
        dandi = stack.enter_context(dandi_archive.serve(archives))
        buckets = stack.enter_context(objects.serve(scratch))
        git = stack.enter_context(repositories.serve(archives))
        pairs = {
            "https://api.dandiarchive.org": dandi.url,
            "https://s3.amazonaws.com": buckets.url,
            "https://github.com": git.url,
        }
        for bucket in sorted(scratch.iterdir()):
            pairs[f"https://{bucket.name}.s3.amazonaws.com"] = f"{buckets.url}/{bucket.name}"
        mirrors = " ".join(f"{original}={mirror}" for original, mirror in pairs.items())
        yield Servers(mirrors, (dandi, buckets, git))


def _arrange_objects(archives: Path, scratch: Path) -> None:
    """Link the files of OpenNeuro and of the buckets as `<bucket>/<key>`."""
    for repository in sorted(archives.iterdir()):
        if re.match(r"ds\d{6}", repository.name):
            version = max(repository.iterdir())
            found = DERIVATIVES.fullmatch(repository.name)
            place = f"openneuro-derivatives/{found[1]}" if found else "openneuro.org"
            shutil.copytree(version, scratch / place / repository.name)
    for bucket in sorted((archives / "bucket").glob("*")):
        shutil.copytree(bucket, scratch / bucket.name)


BY_HAND = (
    "import json, sys\nfrom isomorph.cli import main\n"
    "for command in json.loads(sys.argv[1]):\n"
    "    if status := main(command):\n"
    "        sys.exit(status)\n"
)
"""Runs commands one after another in one process, up to the first that fails."""


def commands(chosen: Sequence[Job]) -> list[list[str]]:
    """Return some jobs as the commands a person would type, in an order that works."""
    order = list(DECLARED)
    return [_command(job) for job in sorted(chosen, key=lambda job: order.index(job.stage))]


def _command(job: Job) -> list[str]:
    names = zip(made_for(job.stage), job.names, strict=True)
    options = [word for argument, name in names for word in (f"--{argument}", name)]
    return [*stage_command(job.stage).split(), "--study", "config/study.yaml", *options]


def by_hand(folder: Path, mirrors: str, chosen: Sequence[Job]) -> subprocess.CompletedProcess[str]:
    """Run some jobs without the workflow."""
    return run(folder, mirrors, BY_HAND, json.dumps(commands(chosen)), flag="-c")


def run(
    folder: Path, mirrors: str, *command: str, flag: str = "-m"
) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in the study's folder, with the loopback archives as mirrors."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1",
        "ISOMORPH_MIRRORS": mirrors,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, flag, *command], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def snakemake(folder: Path, mirrors: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow of the repository on the study of replicas."""
    return run(
        folder, mirrors, "snakemake", "--snakefile", str(ROOT / "Snakefile"),
        "--workflow-profile", str(ROOT / "profiles" / "default"), "--directory", str(folder),
        "--cores", "2", *arguments, "--config", "study=config/study.yaml",
    )  # fmt: skip


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
