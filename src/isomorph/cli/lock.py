"""The command that pins every file of a dataset, or compares what is pinned with the archive."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.built_in import named_study
from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    from isomorph.study import DatasetSpec


def add_lock(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isomorph lock`."""
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--study", type=named_study, metavar="FILE", help="study file")
    either.add_argument(
        "--file", action="append", type=Path, metavar="YAML",
        help="a dataset's file, of any study or none; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--dataset", nargs="+", action="extend", metavar="NAME",
        help="datasets of the study (default: every one that takes a lock)",
    )  # fmt: skip
    parser.add_argument(
        "--check", action="store_true",
        help="compare the locks with the archives as they are now and write nothing",
    )  # fmt: skip
    parser.set_defaults(run=_lock)


def _lock(parsed: argparse.Namespace) -> None:
    from isomorph.archives.locking import LockDiffersError, check_lock, lock_dataset

    differing = []
    for dataset, file, command in _to_lock(parsed):
        try:
            lines = (check_lock if parsed.check else lock_dataset)(dataset, file, command)
        except LockDiffersError as error:  # the others are compared too
            differing.append(str(error))
            continue
        print(*lines, sep="\n", flush=True)
    if differing:
        raise IsomorphError("\n".join(differing))


def _to_lock(parsed: argparse.Namespace) -> list[tuple[DatasetSpec, Path, str]]:
    """Return the datasets to lock, each with its file and the command that locks it alone."""
    from isomorph.archives.resolve import RESOLVERS
    from isomorph.study import DatasetSpec, load_study, read_spec

    if parsed.study is None:
        if parsed.dataset:
            raise IsomorphError(
                "--dataset: names datasets of a study; give --study, or only --file"
            )
        return [
            (read_spec(file, DatasetSpec), file, f"isomorph lock --file {file}")
            for file in parsed.file
        ]
    study = load_study(parsed.study)
    named = list(dict.fromkeys(parsed.dataset or ()))
    names = named or [name for name, one in study.datasets.items() if one.archive.kind in RESOLVERS]
    if not names:
        raise IsomorphError(
            f"{study.path}: none of its datasets takes a lock; those of archive.kind dandi or "
            "openneuro do"
        )
    command = f"isomorph lock --study {study.path} --dataset "
    return [(study.dataset(name), study.dataset_files[name], command + name) for name in names]
