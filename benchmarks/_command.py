"""The command line every benchmark shares, and the clock."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping

from threadpoolctl import threadpool_limits

Rows = Iterable[tuple[str, float]]
Part = Callable[[bool], Rows | Mapping[str, float]]
"""Whether to be quick, to figures by name. A name says the sizes, and of what was extrapolated by
how much."""


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options every benchmark has.

    Parameters
    ----------
    description : str
        The benchmark's own docstring.
    """
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller cases, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object of name to number")
    return parser


def command(description: str | None, *parts: Part) -> None:
    """Measure part by part, and print every figure as it is known.

    What an interrupted run has found stays, in JSON too. A part whose peer is not installed is a
    line; one that fails does not keep the others from running, but the run then ends with 1.

    Parameters
    ----------
    description : str
        The benchmark's own docstring.
    *parts : callable
        Functions of whether to be quick that return or yield figures by name.
    """
    options = parser_of(description).parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with threadpool_limits(1), _Object() if options.json else _Lines() as said:
        failed = [not _measured(part, options.quick, said) for part in parts]
    sys.exit(any(failed))


def _measured(part: Part, quick: bool, said: _Lines) -> bool:
    """Say the figures of one part; whether nothing failed."""
    try:
        found = part(quick)
        for name, value in found.items() if isinstance(found, Mapping) else found:
            said.add(name, float(value))
    except ModuleNotFoundError as error:
        if (error.name or "isomorph").startswith("isomorph"):
            traceback.print_exc()
            return False
        print(f"{part.__name__}: left out, as {error.name} is not installed, which `pip install -e "
              "'.[dev]'` or its own package brings", file=sys.stderr, flush=True)  # fmt: skip
    except Exception:
        traceback.print_exc()
        return False
    return True


class _Lines:
    """Figures as lines of text."""

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def add(self, name: str, value: float) -> None:
        print(f"{value:10.4g}  {name}", flush=True)


class _Object(_Lines):
    """Figures as one JSON object, which is closed whatever happens."""

    def __enter__(self) -> _Object:
        print("{", end="", flush=True)
        self.comma = ""
        return self

    def __exit__(self, *_: object) -> None:
        print("\n}", flush=True)

    def add(self, name: str, value: float) -> None:
        print(f"{self.comma}\n {json.dumps(name)}: {json.dumps(value)}", end="", flush=True)
        self.comma = ","


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the fewest CPU seconds of several runs: others share the machine.

    Progress bars of others are not shown.
    """
    times = []
    for _ in range(repeats):
        start = time.process_time()
        with contextlib.redirect_stderr(io.StringIO()):
            work()
        times.append(time.process_time() - start)
    return min(times)
