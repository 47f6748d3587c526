"""What measures and distances declare, in words: pages for the site, lines for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isomorph.catalogue.dictionary import row_of
from isomorph.measures._measure import FEATURES, Measure
from isomorph.measures.family_words import FAMILIES, FamilyWords
from isomorph.rdms.distance import Distance

NOTATION = r"""
$X$ ($n \times p$) and $Y$ ($n \times q$) are the features of the first and of the second
representation of $n$ stimuli, $x_i$ the pattern of stimulus $i$. $\tilde X$ are these features less
their means over stimuli, divided by their Frobenius norm, and $K = \tilde X \tilde X^\top$ and
$L = \tilde Y \tilde Y^\top$ their Gram matrices. $d_{ij}$ is the distance between two stimuli in
the first and $d'_{ij}$ in the second, $\bar d$ the mean over pairs; other letters with a prime are
of the second too. $\langle \cdot, \cdot \rangle$ is the inner product, $\lVert \cdot \rVert$ the
Frobenius norm and $\lVert \cdot \rVert_*$ the sum of the singular values.
"""
"""What letters mean in the definitions, in Markdown."""

OF_FEATURES = ("scale", "translation", "permutation", "orthogonal", "linear")
"""Changes of features, as `Measure` names them."""

IMPLIED: Mapping[str, tuple[str, ...]] = {
    "monotone": ("scale", "offset"),
    "orthogonal": ("permutation",),
    "linear": ("scale", "permutation", "orthogonal"),
}
"""Changes that are special cases of others."""

AS_DISTANCE = ("translation", "orthogonal")
"""Changes of features that a measure of RDMs does not see where the distance does not."""

NEEDED: Mapping[str, str] = {
    "rdm": "RDMs",
    "gram": "Gram matrices, or RDMs that tell them",
    "features": "features, of the brain its single units",
    "repetitions": "repetitions",
    "labels": "labels of the stimuli",
}
OF_RESPONSES: Mapping[str, str] = {
    "gram": "features",
    "folds": "repetitions",
    "noise": "repetitions enough to tell the noise",
}
"""What measures and distances need, in words."""

HEAD = (
    "measure", "changes of features it does not see", "changes of an RDM it does not see", "range",
    "of unrelated representations", "symmetric", "needs", "distances", "cost", "source",
)  # fmt: skip

INTRODUCTION = f"""\
Every measure is a similarity: larger is more alike. The tables are made from what the measures
declare, which is tested for each of them: the changes named here leave the value as it is, and all
others do not.

- Features are changed by one factor (scale), by adding a number to each (translation), in their
  order (permutation), by a rotation or reflection (orthogonal), or by any invertible matrix
  (linear). A measure of RDMs sees of the features what the distance sees of them: *as the distance*
  stands for {" and ".join(AS_DISTANCE)}, which Euclidean and Mahalanobis distances,
  cross-validated or not, do not see, correlation distance does, and cosine distance sees the first
  alone.
- RDMs are changed by one factor (scale), by one number added to all pairs (offset), by a number per
  stimulus added to its pairs (additive), or by any increasing function (monotone).
- Of unrelated representations: 0, or why it is more. The tables of results have the level of chance
  and calibrated values, in which measures can be compared.
- Needs: RDMs or Gram matrices, which each follow from the other; features; repetitions; labels.
- A parameter may stand in the name, as in `mutual_knn(5)`; `isomorph list measures` says which
  measures have one and what it is unless stated.
- Cost: low where all resamples and all orders of the stimuli are sums of products; high where each
  order is computed anew, so that fewer are drawn.

`isomorph list measures` says the same in short.
"""


def unseen(measure: Measure) -> tuple[list[str], list[str]]:
    """Return the changes of features, and of RDMs, that leave a measure as it is.

    Parameters
    ----------
    measure : Measure

    Returns
    -------
    of_features : list of str
        Of a measure that takes features what it declares and what that implies. What is computed
        from RDMs sees no order of features, and no scale if that of the RDM does not matter; see
        `AS_DISTANCE` for the rest.
    of_rdms : list of str
        None of a measure that takes features.
    """
    declared = set(measure.invariances)
    holds = declared.union(*(IMPLIED.get(one, ()) for one in declared))
    if takes_features(measure):
        return [one for one in OF_FEATURES if one in holds], []
    holds |= {"permutation"}
    of_features = [one for one in OF_FEATURES if one in holds]
    return of_features, [one for one in measure.invariances if one != "linear"]


def takes_features(measure: Measure) -> bool:
    """Tell whether a measure compares features, not RDMs."""
    return measure.accepts(FEATURES)


def by_family(measures: Iterable[Measure]) -> list[tuple[FamilyWords, list[Measure]]]:
    """Return families in their order, each with its members among some measures, if any are."""
    found: dict[str, list[Measure]] = {name: [] for name in FAMILIES}
    for measure in measures:
        found.setdefault(measure.family, []).append(measure)
    return [
        (FAMILIES.get(name, FamilyWords(name, "")), members)
        for name, members in found.items()
        if members
    ]


def markdown(measures: Iterable[Measure]) -> str:
    """Return what measures declare as one page, a table per family.

    Parameters
    ----------
    measures : iterable of Measure
    """
    parts = ["# Measures", INTRODUCTION.rstrip()]
    for words, members in by_family(measures):
        parts += [f"## {words.title[0].upper()}{words.title[1:]}", words.asks, _table(members)]
    return "\n\n".join(parts) + "\n"


def family_page(words: FamilyWords, members: Iterable[Measure]) -> str:
    """Return all that the measures of a family declare, a section each.

    Parameters
    ----------
    words : FamilyWords
    members : iterable of Measure
    """
    parts = [f"# {words.title[0].upper()}{words.title[1:]}", words.asks, NOTATION.strip()]
    for one in members:
        parts.append(f"(measure-{one.name})=\n## `{one.name}`: {one.title}")
        parts += [_definition(one.definition), _list(facts(one), one.avoid, one.citation)]
    return "\n\n".join(parts) + "\n"


def distances_page(distances: Iterable[Distance]) -> str:
    """Return all that distances declare, a section each.

    Parameters
    ----------
    distances : iterable of Distance
    """
    parts = ["# Distances", DISTANCES_INTRODUCTION]
    for one in distances:
        parts.append(f"(distance-{one.name})=\n## `{one.name}`: {one.title}")
        parts += [_definition(one.definition), _list(distance_facts(one), one.avoid, one.citation)]
    return "\n\n".join(parts) + "\n"


DISTANCES_INTRODUCTION = """\
A distance says how far two stimuli are apart inside one representation; the RDM holds it for all
pairs. $x_i$ is the pattern of stimulus $i$ over $p$ units or features. Noise makes two patterns
differ that are the same, so that every distance of measured patterns is too large, but for those
that are cross-validated: these multiply differences that were measured apart, whose noise is
independent. `isomorph list distances NAME` says the same of one."""


def facts(measure: Measure) -> list[tuple[str, str]]:
    """Return what a measure declares beside its definition, as name and words."""
    of_features, of_rdms = unseen(measure)
    if takes_features(measure):
        sees = [("changes of features it does not see", ", ".join(of_features) or "none")]
    else:
        sees = [
            ("changes of an RDM it does not see", ", ".join(of_rdms) or "none"),
            (
                "changes of features it does not see",
                f"{', '.join(of_features)}; {' and '.join(AS_DISTANCE)} where the distance does "
                "not see them",
            ),
        ]
    found = [
        *sees,
        ("range", " to ".join(_bound(one) for one in measure.range)),
        ("of unrelated representations", measure.independence),
        ("needs", ", ".join(NEEDED[need] for need in measure.needs)),
        ("distances", distances_of(measure)),
        ("symmetric", "yes" if measure.symmetric else "no, the order of the two matters"),
        ("cost", "high, fewer orders of the stimuli are drawn" if measure.costly else "low"),
    ]
    if measure.holds_out:
        found.append(("held out", measure.holds_out))
    if parameter := _parameter(measure, explained=True):
        found.append(("parameter", parameter))
    found += [(what, why) for what, why in (
        ("no value where", measure.no_value), ("no noise ceiling, since", measure.no_ceiling),
    ) if why]  # fmt: skip
    return found


def distance_facts(distance: Distance) -> list[tuple[str, str]]:
    """Return what a distance declares beside its definition, as name and words."""
    found = [
        ("unit", distance.units),
        ("range", " to ".join(_bound(one) for one in distance.range)),
        ("needs", ", ".join(OF_RESPONSES[need] for need in sorted(distance.needs))),
        ("noise", "raises it" if distance.lifted else "leaves its mean as it is"),
    ]
    if distance.noise_free:
        found.append(("of models", f"{distance.noise_free}, as a layer has no noise"))
    return found


def told(one: Measure | Distance) -> str:
    """Return all that a measure or a distance declares, for the terminal."""
    declared = facts(one) if isinstance(one, Measure) else distance_facts(one)
    _, formula, words = one.definition.split("$$")
    return "\n".join([
        f"{one.name}: {one.title}", "", f"  {formula.strip()}", *([words.strip()] if words else []),
        "", *(f"{what}: {text}" for what, text in declared), "",
        f"when not to use it: {one.avoid}", f"source: {one.citation}",
    ])  # fmt: skip


def _definition(text: str) -> str:
    """Return a definition with its formula in a paragraph of its own."""
    _, formula, words = text.split("$$")
    return "\n\n".join([f"$$\n{formula.strip()}\n$$", *([words.strip()] if words.strip() else [])])


def _list(facts: Iterable[tuple[str, str]], avoid: str, citation: str) -> str:
    rows = [*facts, ("when not to use it", avoid), ("source", linked(citation))]
    return "\n".join(f"- **{what[0].upper()}{what[1:]}**: {text}" for what, text in rows)


def _table(measures: Iterable[Measure]) -> str:
    lines = [HEAD, ["---"] * len(HEAD), *(list(_cells(one)) for one in measures)]
    return "\n".join(map(row_of, lines))


def _cells(measure: Measure) -> Iterator[str]:
    of_features, of_rdms = unseen(measure)
    yield f"`{measure.name}` {_titled(measure)}"
    if not takes_features(measure):
        of_features = [*of_features, "*as the distance*"]
    yield ", ".join(of_features) or "none"
    yield "takes no RDM" if takes_features(measure) else ", ".join(of_rdms) or "none"
    yield " to ".join(_bound(one) for one in measure.range)
    yield measure.independence
    yield "yes" if measure.symmetric else "no"
    yield ", ".join(measure.needs)
    yield distances_of(measure)
    yield "high" if measure.costly else "low"
    yield linked(measure.citation)


def distances_of(measure: Measure) -> str:
    """Return the distances that a measure takes, in words."""
    if takes_features(measure):
        return "none"
    return "any" if measure.distances is None else ", ".join(sorted(measure.distances))


def _bound(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}").replace("inf", "\N{INFINITY}")


def linked(citation: str) -> str:
    """Return a citation with each source that has an address as a link.

    Examples
    --------
    >>> linked("Kendall 1945, https://doi.org/10.1093/biomet/33.3.239; a book of 1948")
    '[Kendall 1945](<https://doi.org/10.1093/biomet/33.3.239>); a book of 1948'
    """
    sources = []
    for source in citation.split("; "):
        found = re.fullmatch(r"(?P<text>.+?),? (?P<address>https?://\S+)", source)
        sources.append(f"[{found['text']}](<{found['address']}>)" if found else source)
    return "; ".join(sources)


def _parameter(measure: Measure, *, explained: bool = False) -> str:
    """Return which parameter may stand in the name of a measure, and its usual value.

    With what it means, if asked; empty where there is none.
    """
    form: Any = measure.form
    name = getattr(form, "parameter", "")
    if not name:
        return ""
    meaning = f", {form.meaning};" if explained else ","
    return (
        f"{measure.name}({name.replace('_', ' ')}){meaning} {getattr(form, name):g} unless stated"
    )


def _titled(measure: Measure) -> str:
    return "; ".join(one for one in (measure.title, _parameter(measure)) if one)


def listed(measures: Iterable[Measure]) -> str:
    """Return a line per measure under the name and the question of its family.

    Parameters
    ----------
    measures : iterable of Measure
    """
    families = by_family(measures)
    width = max((len(one.name) for _, members in families for one in members), default=0)
    lines = []
    for words, members in families:
        lines += ["", f"{words.title}: {words.asks}"]
        for one in members:
            cost = ", high cost" if one.costly else ""
            needs = f"needs {' and '.join(one.needs)}{cost}"
            lines.append(f"  {one.name:<{width}}  {needs}; {_titled(one)}")
    return "\n".join(lines[1:])
