"""The command that writes a new study."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path


def add_new(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isomorph new`."""
    parser.add_argument("name", metavar="NAME", help="of the study, its dataset and their files")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="PATH",
        help="the recording, a folder or a file: NWB, BIDS, arrays and images, RDMs, betas, "
        "features (default: data that come with isomorph)",
    )  # fmt: skip
    parser.add_argument(
        "--as", dest="kind", metavar="KIND", help="which is meant where there are several"
    )
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER",
        help="where the study is written; nothing is ever overwritten (default: the folder "
        "config beside the recording)",
    )  # fmt: skip
    parser.set_defaults(run=_new)


def _new(parsed: argparse.Namespace) -> None:
    from isomorph.beginning import begin

    begun = begin(parsed.name, parsed.source, kind=parsed.kind, to=parsed.to)
    print(*(f"found: {one}" for one in begun.draft.found), sep="\n")
    print(*(f"wrote: {file}" for file in begun.files), sep="\n")
    print(*(f"to decide: {one}" for one in begun.draft.decide), sep="\n", end="")
    if begun.draft.decide:
        print()
    print(f"next: isomorph check {shlex.quote(str(begun.study))}")
