"""Whether p-values, intervals, ceilings and sets are what they say, by simulation.

Every row of the table is a claim that was once wrong: what was found then, what must be, and what
simulated data give now, with the error of the simulation. Rates are of data sets in which nothing
is there to be found, coverages of the mean over all data sets of a kind.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from math import isfinite

from _command import parser_of
from calibrated.rows import WORLDS
from calibrated.table import HEAD, Finding, World, findings, said_of


def options_of(arguments: list[str] | None = None) -> Namespace:
    """Return what the command line asks for."""
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=lambda text: text.split(","), metavar="1,3,spread",
                        help="these rows alone")  # fmt: skip
    parser.add_argument("--simulations", type=int, metavar="N", help="data sets of every kind")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args(arguments)
    known = list(dict.fromkeys(world.row for world in WORLDS))
    if unknown := [row for row in options.rows or [] if row not in known]:
        parser.error(f"--rows: no row {', '.join(unknown)}; there are {', '.join(known)}")
    if options.simulations is not None and options.simulations < 2:
        parser.error("--simulations: at least 2, or nothing is known of their error")
    if options.processes < 1:
        parser.error("--processes: at least 1")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Simulate and print the table, or one JSON object of name to number."""
    options = options_of(arguments)
    worlds = [world for world in WORLDS if options.rows is None or world.row in options.rows]

    def how_many(world: World) -> int:
        return options.simulations or (world.quick if options.quick else world.n)

    # Processes started from here load numpy with one thread each.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    every: list[Finding] = []
    if not options.json:
        print(HEAD)
    for found in findings(worlds, how_many, options.processes):
        every += found
        if options.json:
            world = found[0].world
            print(f"{world.row}. {world.said}", file=sys.stderr, flush=True)
        else:
            print(said_of(found), flush=True)
    if options.json:
        numbers = {one.name: one.value if isfinite(one.value) else None for one in every}
        print(json.dumps(numbers, indent=1))
    wrong = sum(finding.holds == "no" for finding in every)
    unsure = sum(finding.holds == "unsure" for finding in every)
    print(f"{len(every)} figures, {wrong} not as they must be, {unsure} within the error of the "
          "simulation", file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    main()
