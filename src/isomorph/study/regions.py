"""The regions of a dataset, where its settings name them."""

from __future__ import annotations

from collections.abc import Mapping

from isomorph.study.archive import SimulatedArchive
from isomorph.study.betas import BetaResponses
from isomorph.study.dataset import DatasetSpec
from isomorph.study.recorded import RegionName
from isomorph.study.responses import ArrayResponses, RdmResponses


def regions_named(dataset: DatasetSpec) -> tuple[str, ...]:
    """Return all regions that a dataset can have; none where its files, and no settings, name them.

    Parameters
    ----------
    dataset : DatasetSpec
    """
    spec = dataset.responses
    if isinstance(dataset.archive, SimulatedArchive):
        return tuple(dataset.archive.regions)
    if isinstance(spec, RdmResponses):
        return tuple(dict.fromkeys(source.region for source in spec.sources))
    if isinstance(spec, ArrayResponses | BetaResponses):
        marked = {one.name: None for one in spec.regions}
        return () if None in marked else tuple(name for name in marked if name)
    if isinstance(one := getattr(spec, "region", None), RegionName):
        return (one.name,)
    named = getattr(spec, "regions", None)
    if isinstance(named, Mapping) and getattr(spec, "others", "drop") != "keep":
        return tuple(named)
    return ()
