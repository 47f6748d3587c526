"""What a study cannot say, and why: said once, so that the answers need not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from isomorph.figures.dataset_results import DatasetResults
from isomorph.numerals import listed
from isomorph.report.cells import of_models
from isomorph.report.contests import main_recovery
from isomorph.report.summary import Row, named, rows_of
from isomorph.study import Study


def unsaid(study: Study, found: Sequence[DatasetResults]) -> list[str]:
    """Return sentences about questions to which the study has no answer, each with the reason."""
    rows = [row for results in found for row in rows_of(results)]
    kinds = {one.family.kind for row in rows for one in row.cells.values()}
    said = [f"{name} was left out: {why}." for name, why in study.left_out.items()]
    said += _of_models(kinds) if rows else []
    if not any(spec.simulated for spec in study.datasets.values()):
        said.append(
            "Whether planted layers would be found again is not tested: the study has no simulated "
            "recording."
        )
    elif not any(len(main_recovery(one)) for one in found if one.simulated):
        said.append("Whether planted layers are found again has not been computed yet.")
    return [*said, *_of_regions(rows)]


def _of_models(kinds: Set[str]) -> Iterator[str]:
    if "trained" not in kinds:
        yield "No trained network was compared, so the scores are those of other models."
    elif "untrained" not in kinds:
        yield "The effect of training is not tested: the study has no untrained controls."
    if kinds and "baseline" not in kinds:
        yield "Networks are not compared with other models: the study has networks only."


def _of_regions(rows: Sequence[Row]) -> Iterator[str]:
    names = named(rows)
    for words, why in (
        ("The noise ceiling is undefined in", _ceiling),
        ("The effect of training is not known in", _training),
        ("Some model has no score, or no interval, in", _score),
    ):
        reasons: dict[str, list[str]] = {}
        for name, row in zip(names, rows, strict=True):
            if reason := why(row):
                reasons.setdefault(reason, []).append(name)
        yield from (f"{words} {listed(where)}: {reason}." for reason, where in reasons.items())


def _ceiling(row: Row) -> str:
    return row.ceiling if isinstance(row.ceiling, str) else ""


def _score(row: Row) -> str:
    return next((cell.reason for cell in row.cells.values() if cell.reason), "")


def _training(row: Row) -> str:
    """Return why a trained network with controls was not compared with them."""
    controlled = {cell.family.control_of for cell in row.cells.values()}
    for cell in row.cells.values():
        if cell.family.name in controlled and not cell.above_control:
            own = of_models(row.tables["contrasts"], cell.family)
            told = [] if own.empty else [str(why) for why in own["reason"].dropna() if why]
            return next(iter(told), "not computed" if own.empty else "not tested")
    return ""
