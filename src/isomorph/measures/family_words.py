"""Families of measures: what each is called, and what its members ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "rsa", "kernel", "shape", "cca", "dependence", "topology", "neighbours", "relative",
    "identifiability", "prediction",
]  # fmt: skip


@dataclass(frozen=True)
class FamilyWords:
    """What a family of measures is called, and the question that its members ask."""

    title: str
    asks: str


FAMILIES: Mapping[str, FamilyWords] = {
    "rsa": FamilyWords(
        "RSA", "Are the distances between stimuli in proportion, or in the same order?"
    ),
    "kernel": FamilyWords(
        "kernels", "Do the similarities of stimuli, as a kernel has them, covary?"
    ),
    "shape": FamilyWords(
        "shape", "How near do the points of two representations come when one is moved onto the "
        "other?"
    ),
    "cca": FamilyWords(
        "canonical correlation", "Which directions of the two are linear functions of each other?"
    ),
    "dependence": FamilyWords(
        "dependence", "Does one representation say anything of the other, in whatever form?"
    ),
    "topology": FamilyWords(
        "topology", "Do clusters and loops of stimuli appear at the same scales?"
    ),
    "neighbours": FamilyWords(
        "neighbours", "Are the same stimuli near each other, whatever the far distances?"
    ),
    "relative": FamilyWords(
        "relative representations", "Are stimuli alike in how near they are to the same anchors?"
    ),
    "identifiability": FamilyWords(
        "identifiability", "Do the two find the same features, or serve the same read-outs?"
    ),
    "prediction": FamilyWords(
        "prediction", "How well is one predicted from the other on stimuli that were held out?"
    ),
}  # fmt: skip
"""Every family of measures, in the order in which tables and figures have them."""
