"""The commands that run whole studies: Snakemake with the right arguments, from any folder."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from isomorph import built_in
from isomorph.errors import IsomorphError, how_to_install

PASSES_ON = ("run", "demo")
"""Commands that hand on to Snakemake what stands after `--`."""


def split(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a command line without what it hands on to Snakemake, and that.

    Examples
    --------
    >>> split(["run", "demo", "--", "--until", "compare"])
    (['run', 'demo'], ['--until', 'compare'])
    """
    words = list(given)
    if not words or words[0] not in PASSES_ON or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isomorph run`."""
    _add_study(parser)
    _add_options(parser)
    parser.set_defaults(run=lambda parsed: _start(_study(parsed), parsed))


def add_demo(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isomorph demo`."""
    _add_options(parser)
    parser.set_defaults(run=lambda parsed: _start(built_in.named_study("demo"), parsed))


def add_unlock(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isomorph unlock`."""
    _add_study(parser)
    _add_root(parser)
    parser.set_defaults(run=_unlock)


def command(
    study: Path,
    *,
    root: Path = Path(),
    cores: str | None = None,
    profile: str | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    passed_on: Sequence[str] = (),
) -> list[str]:
    """Return the command line that runs a study: that of this environment's own Snakemake.

    Parameters
    ----------
    study : path
        The study's file, counted from the current folder.
    root : path
        The folder of `data/` and `results/`.
    cores : str, optional
        How many, or `all`, which is what a run on this machine takes unless told otherwise; a
        profile says itself how many jobs there may be.
    profile : str, optional
        A folder, or the name of a built-in profile.
    dry_run, verbose : bool
        Whether to say only what would run; whether Snakemake says what it does in its own words.
    passed_on : sequence of str
        More of Snakemake's options.

    Examples
    --------
    >>> command(Path("mine.yaml"), cores="4")[3:5] + command(Path("mine.yaml"))[-4:]
    ['--snakefile', ... '--cores', 'all', '--config', 'study=mine.yaml']
    """
    elsewhere = root.absolute() != Path.cwd()
    file = study.absolute() if elsewhere else study
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(built_in.place() / "Snakefile")]
    if elsewhere:
        words += ["--directory", str(root)]
    if profile is not None:
        words += ["--profile", built_in.profile(profile)]
    elif not Path("profiles", "default").is_dir() or built_in.is_here():
        asked = _options_of(built_in.profile("default"), without="quiet" if verbose else "")
        words += ["--workflow-profile", "none", *asked]
    if cores is not None or profile is None:
        words += ["--cores", cores or "all"]
    if dry_run:
        words.append("--dry-run")
    if verbose:
        words += ["--quiet", "host"]  # and no longer "rules", which is what a calm run asks for
    others, keys = _without_keys(passed_on)
    return [*words, *others, "--config", f"study={file}", *keys]


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "study", nargs="?", metavar="STUDY",
        help="study file, or the name of one that comes with isomorph (default: "
        "config/config.yaml, or the only study here)",
    )  # fmt: skip


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root", default=Path(), type=Path, metavar="FOLDER",
        help="folder that holds data/ and results/ (default: the current one)",
    )  # fmt: skip


def _add_options(parser: argparse.ArgumentParser) -> None:
    _add_root(parser)
    parser.add_argument("--cores", type=_number, metavar="N", help="processors (default: all)")
    parser.add_argument(
        "--profile", metavar="NAME", help="where jobs run: slurm, or a folder with a config.yaml"
    )
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say what would run")
    parser.add_argument("--verbose", action="store_true", help="let Snakemake say what it does")
    parser.usage = f"{parser.prog} {_usage(parser)} [-- MORE OF SNAKEMAKE'S OPTIONS]"


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return the arguments of a command as its help shows them."""
    return " ".join(parser.format_usage().split()).removeprefix(f"usage: {parser.prog} ")


def _number(text: str) -> str:
    """Return a number of processors as Snakemake takes it."""
    if text != "all" and not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise IsomorphError(f"--cores {text}: expected a number from 1 up, or all")
    return text


def _study(parsed: argparse.Namespace) -> Path:
    if parsed.study is None:
        return built_in.only_study()
    return built_in.named_study(parsed.study)


def _options_of(folder: str, without: str) -> list[str]:
    """Return what a profile asks for as options: of a profile Snakemake would say where it is.

    One setting may be left out.
    """
    import yaml

    words = []
    settings = yaml.safe_load(Path(folder, "config.yaml").read_text(encoding="utf-8"))
    settings.pop(without, None)
    for key, value in settings.items():
        values = value if isinstance(value, list) else [] if value is True else [value]
        words += [f"--{key}", *map(str, values)] if value is not False else []
    return words


def _without_keys(passed_on: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split options into those that are no `--config`, and the keys behind it.

    Of several `--config` Snakemake would heed the last alone, and run another study.
    """
    others: list[str] = []
    keys: list[str] = []
    inside = False
    for word in passed_on:
        if word.startswith("-"):
            inside = word in {"--config", "-C"}
            if inside:
                continue
        (keys if inside else others).append(word)
    return others, keys


def _start(study: Path, parsed: argparse.Namespace) -> NoReturn:
    if parsed.profile is not None:
        _need_executor(parsed.profile)
    words = command(
        study,
        root=parsed.root,
        cores=parsed.cores,
        profile=parsed.profile,
        dry_run=parsed.dry_run,
        verbose=parsed.verbose,
        passed_on=parsed.passed_on,
    )
    _become(words, study, parsed.root)


def _need_executor(profile: str) -> None:
    """Refuse a profile for SLURM where Snakemake has no executor for it: it would say its usage."""
    asked = _options_of(built_in.profile(profile), without="quiet")
    if "slurm" in asked and find_spec("snakemake_executor_plugin_slurm") is None:
        raise IsomorphError(
            f"--profile {profile}: has no executor here; {how_to_install('cluster')}"
        )


def _unlock(parsed: argparse.Namespace) -> NoReturn:
    study = _study(parsed)
    words = command(study, root=parsed.root, cores="1", passed_on=["--unlock"])
    _become(words, study, parsed.root)


def _become(words: list[str], study: Path, root: Path) -> NoReturn:
    """Let Snakemake take the place of this process: its status and its signals are ours.

    Raises
    ------
    IsomorphError
        When there is no such study, or the folder is a file.
    """
    if not study.is_file():
        raise IsomorphError(f"{study}: no such file; name a study, such as isomorph run demo")
    if root.exists() and not root.is_dir():
        raise IsomorphError(f"--root {root}: is a file; give the folder of data/ and results/")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(words[0], words)
