"""The command line every benchmark shares."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable


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


def command(description: str | None, measure: Callable[[bool], dict[str, float]]) -> None:
    """Measure and print ratios.

    Parameters
    ----------
    description : str
        The benchmark's own docstring.
    measure : callable
        Whether to be quick, to ratios by name.
    """
    options = parser_of(description).parse_args()
    report(measure(options.quick), options.json)


def report(ratios: dict[str, float], as_json: bool) -> None:
    """Print ratios by name, as a table or as JSON."""
    if as_json:
        print(json.dumps(ratios, indent=1))
        return
    width = max(map(len, ratios))
    for name, ratio in ratios.items():
        print(f"{name:{width}} {ratio:8.2f}")
