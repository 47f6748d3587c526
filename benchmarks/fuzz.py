"""Damaged files over all readers: tracebacks, crashes, readings beyond ten seconds or the budget.

Each input is a valid small file with a few changes by a seed. It is read in a process of its own
kind, which is started again where it dies, so that a crash is counted and not suffered.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import selectors
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _command import parser_of

FUZZ = Path(__file__).parents[1] / "tests/fuzz"
sys.path.insert(0, str(FUZZ))

from mutations import mutated  # noqa: E402
from readers import READERS, valid  # noqa: E402

SLOW, GIVEN_UP = 10.0, 60.0
"""Seconds of the processor after which a reading is too slow, and of the clock after which its
process is ended."""
MEMORY_MB = 256
"""ISOMORPH_MEMORY_MB of the readings, small so that the machine is not filled to find out."""
OUTCOMES = ("read", "sentence", "traceback", "crash", "slow", "over budget")
BAD = OUTCOMES[2:]


def read_some(name: str, numbers: range) -> None:
    """Read some inputs and print a line for each: its number before, what came of it after."""
    from isomorph.errors import IsomorphError

    reader = READERS[name]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    with tempfile.TemporaryDirectory() as top:
        file = Path(top) / "files" / reader.file
        content = valid(name, file.parent)
        reader.read(file)  # imports, and that it is valid
        for number in numbers:
            print(f"begin {number}", file=out)
            file.unlink(missing_ok=True)
            file.write_bytes(mutated(content, number, text=reader.text, packed=reader.packed))
            what, began, before = "read", sum(os.times()[:4]), _reset_peak()
            try:
                reader.read(file)
            except IsomorphError:
                what = "sentence"
            except BaseException as error:
                what = f"traceback {type(error).__name__} in {_place(error)}: {str(error)[:100]!r}"
            else:
                what = "read"
            if what in ("read", "sentence") and sum(os.times()[:4]) - began > SLOW:
                what = "slow"
            elif what in ("read", "sentence") and _peak() - before > MEMORY_MB * 1_000_000:
                what = f"over budget {(_peak() - before) / 1e6:.0f} MB"
            print(f"end {number} {what}", file=out)


def _place(error: BaseException) -> str:
    """Return the last line of isomorph's own that an error passed."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [one for one in steps if f"{os.sep}isomorph{os.sep}" in one.filename] or steps
    return f"{own[-1].filename.rpartition(f'{os.sep}isomorph{os.sep}')[2]}:{own[-1].lineno}"


def _reset_peak() -> int:
    """Let the system count the most memory again, and return what is taken now; 0 elsewhere."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 0
    return _peak()


def _peak() -> int:
    """Return the most memory taken since the count began, bytes; 0 where no system tells."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def outcomes(name: str, count: int, first: int) -> Iterator[tuple[int, str]]:
    """Yield the number and the outcome of each input of one reader."""
    at, last = first, first + count
    while at < last:
        arguments = [sys.executable, "-W", "ignore", __file__, "--inputs", name, str(at), str(last)]
        environment = {**os.environ, "ISOMORPH_MEMORY_MB": str(MEMORY_MB)}
        with subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            began = None
            for line in _lines(process):
                if line is None:
                    process.kill()
                    break
                kind, number, *what = line.split(" ", 2)
                if kind == "begin":
                    began = int(number)
                else:
                    began, at = None, int(number) + 1
                    yield int(number), what[0]
            else:
                process.wait()
                if process.returncode and began is None:
                    said = process.stderr.read().decode() if process.stderr else ""
                    raise RuntimeError(f"{name}: cannot be fuzzed: {said[-2000:]}")
            if began is not None:
                slow = process.returncode is None
                process.wait()
                yield began, "slow" if slow else f"crash {process.returncode}"
                at = began + 1


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str | None]:
    """Yield the lines a process prints, None once it stays silent for too long."""
    assert process.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(GIVEN_UP + (60 if not rest else 0)):
                yield None
                return
            block = os.read(process.stdout.fileno(), 1 << 16)
            if not block:
                return
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line.decode()


def shares(total: int) -> dict[str, int]:
    """Return how many inputs each reader gets: fewer where a reading is dear."""
    weights = {name: reader.cost ** (-1 / 3) for name, reader in READERS.items()}
    whole = sum(weights.values())
    return {name: max(4, math.ceil(total * one / whole)) for name, one in weights.items()}


def _counted(name: str, count: int, first: int) -> tuple[str, Counter[str], list[str]]:
    found: Counter[str] = Counter()
    said = []
    for number, what in outcomes(name, count, first):
        kind = next(one for one in OUTCOMES if what.startswith(one))
        found[kind] += 1
        if kind in BAD:
            said.append(f"{name}, input {number}: {what}")
    return name, found, said


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="inputs in all")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--reader", action="append", help="only this one, may be repeated")
    parser.add_argument("--inputs", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inputs:
        name, start, stop = options.inputs
        read_some(name, range(int(start), int(stop)))
        return
    counts = shares(400 if options.quick else options.count)
    names = options.reader or list(READERS)
    began = time.monotonic()
    whole: Counter[str] = Counter()
    results = {}
    bad: list[str] = []
    with ThreadPoolExecutor(options.processes) as pool:
        runs = [pool.submit(_counted, name, counts[name], options.first) for name in names]
        for run in runs:
            name, found, said = run.result()
            whole += found
            results[name] = dict(found)
            bad += said
            if not options.json:
                print(f"{name:24} " + _row(found), flush=True)
    if options.json:
        print(json.dumps({f"{what}s" if what in BAD[:2] else what: whole[what] for what in OUTCOMES}
                         | {"inputs": whole.total(), "readers": results}, indent=1))  # fmt: skip
    else:
        print(f"{'all':24} {_row(whole)}  in {time.monotonic() - began:.0f} s")
        print(*bad[:200], sep="\n")
    raise SystemExit(1 if bad else 0)


def _row(found: Counter[str]) -> str:
    return f"{found.total():7,} inputs: " + ", ".join(
        f"{found[what]:,} {what}" for what in OUTCOMES
    )


if __name__ == "__main__":
    main()
