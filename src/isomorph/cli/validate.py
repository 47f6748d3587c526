"""The command that does published results again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from isomorph.errors import IsomorphError


def add_validate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="claims to do again (default: all, minutes)"
    )
    parser.add_argument("--list", action="store_true", help="only say which claims there are")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write a page for the documentation into it"
    )
    parser.set_defaults(run=_validate)


def _validate(parsed: argparse.Namespace) -> None:
    from isomorph.validation import CLAIMS
    from isomorph.validation.told import lines, listed, page, rows

    claims = [CLAIMS[name] for name in dict.fromkeys(parsed.names or CLAIMS)]
    if parsed.list:
        print(*map(listed, claims), sep="\n")
        return
    if parsed.page is not None and not parsed.page.absolute().parent.is_dir():
        raise IsomorphError(f"--page {parsed.page}: no such folder; make it first")
    outcomes = []
    for claim in claims:
        outcomes.append(claim.outcome())
        if not parsed.json:
            print(*lines(outcomes[-1]), "", sep="\n", flush=True)
    if parsed.json:
        found = [row for outcome in outcomes for row in rows(outcome)]
        print(json.dumps(found, indent=2, ensure_ascii=False))
    if parsed.page is not None:
        parsed.page.write_text(page(outcomes), encoding="utf-8")
    failed = [
        f"{outcome.claim.name}: {figure.what} is {outcome.values[figure.name]:.3g}, "
        f"expected {figure.expected}"
        for outcome in outcomes
        for figure in outcome.failed
    ]
    if failed:
        raise IsomorphError("\n".join(failed))
