"""Arguments in, exit status out: mistakes become sentences, never tracebacks."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from isomorph.catalogue import arguments_of
from isomorph.cli.printing import shown_streams
from isomorph.cli.run import split
from isomorph.cli.stages import STAGES, Stage, load
from isomorph.cli.tools import TOOLS, add_root, add_study, open_layout, refuse_nothing
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.saying import say

FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}

INTERRUPTED = 130
"""What a shell reports for a program stopped by Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; that of the process unless given.

    Returns
    -------
    int
        0, 1 after a mistake that was said in a sentence, 130 when interrupted.
    """
    with shown_streams():
        return _run(list(sys.argv[1:] if arguments is None else arguments))


def _run(given: list[str]) -> int:
    try:
        given = given or ["--help"]
        _refuse_unknown_command(given)
        given, passed_on = split(given)
        parsed = _parser().parse_args(given, argparse.Namespace(passed_on=passed_on))
        run: Callable[[argparse.Namespace], None] = parsed.run
        with _termination_interrupts():
            run(parsed)
    except IsomorphError as error:
        return _say(str(error))
    except KeyboardInterrupt:
        _say("interrupted; run the same command again to go on")
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough, as in `isomorph show FILE | head`
        sys.stderr.close()
        return 0
    except OSError as error:
        number = _full(error)
        if number is None:
            raise
        where = f" while writing {error.filename}" if error.filename else ""
        return _say(f"{FULL[number]}{where}; free some space and run again")
    return 0


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Let a termination end a command as Ctrl-C does: what was half written is taken away.

    A workflow engine or a cluster sends it, often right after Ctrl-C; what comes after the first
    of them must not break off the tidying.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _say(text: str) -> int:
    say(f"isomorph: {text}")
    return 1


def _full(error: OSError) -> int | None:
    """Return the number of a disk-full error; HDF5 gives it in words only."""
    words = {"No space left on device": errno.ENOSPC, "Disk quota exceeded": errno.EDQUOT}
    if error.errno in FULL:
        return error.errno
    return next((number for phrase, number in words.items() if phrase in str(error)), None)


def _refuse_unknown_command(given: Sequence[str]) -> None:
    known = (*STAGES, *TOOLS)
    if given and not given[0].startswith("-") and given[0] not in known:
        raise IsomorphError(f'unknown command "{given[0]}", {did_you_mean(given[0], known)}')


# ---------------------------------------------------------------- the parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="isomorph",
        description="Which layer of which model is like which brain region, and how surely.",
        epilog="To begin: isomorph demo, or isomorph new NAME --from RECORDING",
    )
    parser.add_argument("--version", action="version", version=f"isomorph {version('isomorph')}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    for name, (summary, add) in TOOLS.items():
        add(commands.add_parser(name, help=summary, description=summary))
    for name, stage in STAGES.items():
        _add_stage(
            commands.add_parser(name, help=stage.summary, description=stage.summary), name, stage
        )
    return parser


def _add_stage(parser: argparse.ArgumentParser, name: str, stage: Stage) -> None:
    add_study(parser)
    add_root(parser)
    one = parser.add_mutually_exclusive_group() if stage.parts else parser
    for argument in stage.parts:
        one.add_argument(f"--{argument}", metavar="NAME", help=f"of one {argument}, not gathered")
    for argument in arguments_of(name):
        if argument in stage.parts:
            continue
        if argument == "model" and stage.brain_entry:
            either = parser.add_mutually_exclusive_group(required=True)
            either.add_argument("--model", metavar="NAME", help="model instance")
            either.add_argument("--brain", action="store_true", help="the regions of the dataset")
        else:
            parser.add_argument(f"--{argument}", required=True, metavar="NAME")
    parser.set_defaults(run=lambda parsed: run_stage(stage, parsed))


def run_stage(stage: Stage, parsed: argparse.Namespace) -> None:
    """Run a stage with the names it was given, each known to the study."""
    from isomorph.cli.origin import say_who_makes
    from isomorph.runs.alive import at_work
    from isomorph.study import load_study

    # Not `open_study`: each registry refuses what it does not know when the stage asks it, and
    # importing all of them would cost every job more than most jobs take.
    study = load_study(parsed.study)
    brain = stage.brain_entry if getattr(parsed, "brain", False) else None
    part = [one for one in stage.parts if getattr(parsed, one) is not None]
    whole = (one for one in arguments_of(parsed.command) if one not in stage.parts)
    names = {
        argument: getattr(parsed, argument)
        for argument in (*whole, *part)
        if not (brain and argument == "model")
    }
    if "dataset" in names:
        study.dataset(names["dataset"])
    if "model" in names:
        study.instance(names["model"])
    if "subject" in names:
        known = study.dataset(names["dataset"]).subjects
        if names["subject"] not in known:
            raise IsomorphError(
                f'{study.dataset_files[names["dataset"]]}: no subject "{names["subject"]}", '
                f"{did_you_mean(names['subject'], known)}"
            )
    layout = open_layout(study, parsed.root)
    if stage.needs_results:
        refuse_nothing(layout)
    started = time.monotonic()
    with at_work(), say_who_makes(layout):
        load(brain or (stage.parts[part[0]] if part else stage.entry))(layout, *names.values())
    what = " ".join([parsed.command, *names.values(), *(["brain"] if brain else [])])
    say(f"{what}: done in {time.monotonic() - started:.1f} s")
