"""The study that is written where no recording is named: built-in data that run as they stand."""

from __future__ import annotations

from isomorph.beginning.draft import Draft
from isomorph.beginning.setting import Setting

DATASET = "kriegeskorte92"


def demonstration() -> Draft:
    """Return a study of published RDMs that `isomorph demo` fetches too."""
    return Draft(
        found=("no recording was named, so the study is of 92 images in human and monkey IT",),
        distances=Setting("distances", ["correlation"], note="the published RDMs' own"),
        models=("efficientnet-lite0", "gabor", "pixels", "categories92"),
        dataset=DATASET,
    )
