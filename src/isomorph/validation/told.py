"""Outcomes of claims as lines, as rows, and as the page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isomorph.validation._claim import Claim, Figure, Outcome

OPENING = """\
# Published results, done again

Does a measure here do what the literature says that it does? Unit tests hold each measure against
its formula and against other packages; this page holds it against what publications found with it.
Each section does one publication's experiment again, small enough to run in seconds: data are
drawn and networks are trained in the run, with fixed seeds.

- *Published* is what the publication has: a number, or what it says in words.
- *Expected* is the range in which the value must lie for the claim to count as found again: a
  tolerance, not the value that came out.
- *Ours* is what came out when this page was written, by `isomorph validate --page`.

The networks of the sources are larger, and learned from more than 1,000 digits of 64 pixels: width,
depth, ranks and weight decay were chosen here so that their conditions hold. So numbers are not
those of the papers; what must agree is which of two things is larger, and what is near 0 or 1.
Where the outcome hinges on such a choice, it is said below the table. To do one again on your
machine: `isomorph validate ding2021`.
"""


def rows(outcome: Outcome) -> list[dict[str, Any]]:
    """Return what came out, one mapping for each figure."""
    return [
        {
            "claim": outcome.claim.name,
            "source": outcome.claim.source,
            "figure": figure.name,
            "what": figure.what,
            "published": figure.published,
            "expected": figure.expected,
            "ours": outcome.values[figure.name],
            "holds": figure.holds(outcome.values[figure.name]),
            "seconds": round(outcome.seconds, 2),
        }
        for figure in outcome.claim.figures
    ]


def lines(outcome: Outcome) -> list[str]:
    """Return what came out, as a terminal shows it."""
    claim = outcome.claim
    head = [
        f"{claim.name}: {outcome.verdict} ({outcome.seconds:.1f} s)",
        f"  {claim.source}",
        f"  {claim.what}",
    ]
    cells = [_cells(outcome, figure) for figure in claim.figures]
    widths = [max(len(row[at]) for row in (*cells, _TITLES)) for at in range(len(_TITLES))]
    table = [
        "    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (_TITLES, *cells)
    ]
    remark = [f"  {claim.remark}"] if claim.remark else []
    return [*head, *(line.rstrip() for line in table), *remark]


def listed(claim: Claim) -> str:
    """Return a claim in a line."""
    return f"{claim.name}: {claim.what} ({claim.source})"


def page(outcomes: Sequence[Outcome]) -> str:
    """Return outcomes as a page in Markdown."""
    parts = [OPENING]
    held = sum(not one.failed for one in outcomes)
    seconds = sum(one.seconds for one in outcomes)
    parts.append(f"{held} of {len(outcomes)} hold, in {seconds:.0f} seconds.\n")
    for outcome in outcomes:
        claim = outcome.claim
        table = [_row(_TITLES), _row(["---"] * len(_TITLES))]
        table += [_row(_cells(outcome, figure)) for figure in claim.figures]
        what = claim.what[0].upper() + claim.what[1:]
        parts.append(f"## {claim.name}\n\n{claim.says} ({_linked(claim.source)})\n")
        parts.append(f"*Done again*: {what}. {outcome.seconds:.0f} s.\n")
        parts.append("\n".join(table) + "\n")
        if claim.remark:
            parts.append(claim.remark + "\n")
    return "\n".join(parts)


_TITLES = ("figure", "published", "expected", "ours", "verdict")


def _cells(outcome: Outcome, figure: Figure) -> list[str]:
    value = outcome.values[figure.name]
    verdict = "holds" if figure.holds(value) else "differs"
    return [figure.what, figure.published, figure.expected, f"{value:.3g}", verdict]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _linked(source: str) -> str:
    """Return a source whose addresses are links."""
    return " ".join(_link(word) for word in source.split(" "))


def _link(word: str) -> str:
    address = word.rstrip(",;")
    if not address.startswith("https://"):
        return word
    return f"<{address}>{word[len(address) :]}"
