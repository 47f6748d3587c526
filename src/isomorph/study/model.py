"""A model, or a family of models that differ only in their seed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from isomorph.study._base import Name, Seed, Spec, Unique

Positive = Annotated[float, Field(gt=0)]


class Preprocessing(Spec):
    """What an image goes through before the model sees it."""

    size: int = Field(gt=0)
    """Side of the square input, pixels; images are resized to it whole, with antialiasing."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted per channel from pixels in [0, 1]."""
    std: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    """Divisor per channel."""


class ModelSpec(Spec):
    """One model family: where it comes from, which layers are read, how images enter."""

    name: Name
    title: str
    source: str
    """`<source>/<what>`: `package/efficientnet-lite0`, `untrained/efficientnet-lite0`,
    `baseline/pixels`."""
    citation: str = ""
    licence: str = ""
    trained_on: str | None = None
    """What the weights were trained on; null for anything untrained."""
    twin_of: Name | None = None
    """The trained model this one is the untrained twin of."""
    seeds: Unique[Seed] = ()
    """One instance per seed, named `<name>-seed<seed>`."""
    datasets: Unique[Name] = ()
    """Datasets the model speaks of; empty for every dataset. A model that takes pixels is passed
    over for datasets without images anyway."""
    layers: Unique[str] = ("**",)
    """Patterns of layer names, in which `*` stops at a dot and `**` does not."""
    preprocessing: Preprocessing | None = None
    """Null for models that take no pixels."""
    options: dict[str, Any] = {}
    """What the source itself needs: columns, orientations, frequencies."""
    batch_size: int = Field(default=128, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        if "/" not in self.source:
            raise ValueError('source must read "<source>/<what>"')
        if self.source.startswith("untrained/") and not self.seeds:
            raise ValueError("an untrained model needs seeds")
        if self.twin_of == self.name:
            raise ValueError(
                f'twin_of: "{self.name}" is the model itself; name the trained model it is the '
                "twin of, or leave twin_of out"
            )
        return self

    @property
    def instances(self) -> dict[str, int | None]:
        """Instance names and their seeds; a model without seeds is its own one instance."""
        if not self.seeds:
            return {self.name: None}
        return {f"{self.name}-seed{seed}": seed for seed in self.seeds}
