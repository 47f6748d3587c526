"""Units of NWB recordings: what names their regions, and which of them are well isolated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from isomorph.beginning.recordings import Recording
from isomorph.beginning.setting import ABSENT, Setting, flow


def quality_of(found: Sequence[Recording]) -> tuple[Setting, ...]:
    """Return which units may count by how well they are isolated, nothing where no column says."""
    total: dict[str, Counter[str]] = {}
    for one in found:
        for name, counts in one.quality.items():
            total.setdefault(name, Counter()).update(counts)
    if not total:
        return ()
    name, counted = next(iter(total.items()))
    (most, _), *_ = counted.most_common()
    said = ", ".join(f"{one} {n:,}" for one, n in sorted(counted.items()))
    meaning = f"which units count by {name} ({said}); all of them, unless " \
        f"{flow({name: {'allowed': [most]}})} or the like is given"  # fmt: skip
    return (Setting("quality", ABSENT, meaning),)


def region_of(found: Sequence[Recording], first: Recording) -> Setting:
    """Return what names the regions, with how many units stand in each."""
    if not first.regions:
        return Setting(
            "region", "location" if not first.has_spikes else {"name": "recorded"},
            "" if not first.has_spikes
            else "no column of the units or electrodes names a region, so all units are one; "
            "call it by its name",
        )  # fmt: skip
    name, *others = first.regions
    total = Counter[str]()
    for one in found:
        total.update(one.regions.get(name, {}))
    counted = ", ".join(f"{region} {n:,}" for region, n in sorted(total.items()))
    also = f"the column that names the regions; also there: {', '.join(others)}" if others else ""
    return Setting("region", name, also, f"units: {counted}")
