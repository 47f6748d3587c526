"""A model, or a family of models that differ only in their seed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from isomorph.study._base import COMMIT, Name, Seed, Sha256, Spec, Unique, with_title
from isomorph.study.film import Clips

Positive = Annotated[float, Field(gt=0)]
Channel = Annotated[float, Field(ge=0, le=1)]
TO_ONE = 2.0
"""A mean or divisor above it is of pixels in [0, 255]."""
Interpolation = Literal["bicubic", "bilinear", "lanczos", "box", "nearest"]


def _layers(value: object) -> object:
    """Refuse a word that is neither `all` nor `blocks`, and what is not a list of patterns."""
    if isinstance(value, str) and value not in ("all", "blocks"):
        raise ValueError(
            f'"{value}" is neither all nor blocks; write patterns as a list, [{value}]'
        )
    if isinstance(value, str):
        return value
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be all, blocks, or a list of patterns of layer names")
    if not value:
        raise ValueError("must name at least one; write all for every layer")
    for place, one in enumerate(value):
        if one in value[:place]:
            raise ValueError(f'"{one}" is named twice; name each once')
    return tuple(value)


class Preprocessing(Spec):
    """What an image goes through before the model sees it."""

    size: int = Field(gt=0)
    """Side of the square input, pixels."""
    crop: float | None = Field(default=None, gt=0, le=1)
    """Which part of the shorter side is kept: the image is resized so that its shorter side is
    `size / crop` and its centre is cut out, as classifiers are tested (0.875: 256 to 224). Unless
    given, the image is resized whole, whatever its shape."""
    interpolation: Interpolation = "bicubic"
    """How pixels are resized; always with antialiasing, `nearest` apart."""
    degrees: float | None = Field(default=None, gt=0)
    """Side of the model's field of view, degrees of visual angle. Where a dataset says how large
    its images were shown (`stimuli.degrees`), an image fills as much of the input as of the field:
    what is beyond the field is cut, what is around the image is background. Datasets that do not
    say are resized as above, which is said."""
    background: tuple[Channel, Channel, Channel] = (128 / 255, 128 / 255, 128 / 255)
    """What is around the image, red, green and blue in [0, 1]; mid grey unless given."""
    aperture: Literal["none", "circle", "gaussian"] = "none"
    """What the input is seen through, fading to the background: `circle` is as wide as the input,
    with an edge of 5 % of its radius; `gaussian` has a standard deviation of a quarter of the
    input's side."""
    grayscale: bool = False
    """Whether colours are replaced by their luma, repeated in all channels."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted per channel from pixels in [0, 1]."""
    std: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    """Divisor per channel, of pixels in [0, 1] too."""
    clip: Clips | None = None
    """For a network that takes time, `(stimulus, channel, time, height, width)`: how many frames of
    a film it sees at once, the stimulus the last of them, and how far apart. The dataset keeps them
    (`stimuli.clips`): as many or more, and as far apart or every second or third of them. None of a
    network that sees single images."""

    @model_validator(mode="after")
    def _of_pixels_to_one(self) -> Preprocessing:
        for key, values in (("mean", self.mean), ("std", self.std)):
            if max(values) > TO_ONE:
                raise ValueError(
                    f"{key}: {max(values):g} is of pixels in [0, 255], expected those in [0, 1]; "
                    f"write {max(values) / 255:.4g}"
                )
        return self


class Weights(Spec):
    """What the weights of a network must be."""

    sha256: Sha256 | None = None
    """Hash of the weights' file, whole; another file is refused."""
    revision: Annotated[str, StringConstraints(pattern=COMMIT)] | None = None
    """Commit of the repository they come from, 40 hexadecimal digits: branches and tags change,
    and with them what a name stands for."""


TABLE_SOURCES = frozenset({"baseline/category", "baseline/columns"})
"""Sources that speak of the stimulus table and see no image."""

GEOMETRY = "geometry/"
"""Begins sources that are shapes made of columns of the stimulus table."""

READ = frozenset({"behaviour", "features", "rdms", "sentence_transformers", "text"})
"""First words of sources that are read from files or told by words, and see no image either."""

RDMS = frozenset({"behaviour", "rdms"})
"""Those of them that give RDMs and nothing else."""


VIDEO = frozenset(
    {"mc3_18", "mvit_v1_b", "mvit_v2_s", "r2plus1d_18", "r3d_18", "s3d"}
    | {"swin3d_b", "swin3d_s", "swin3d_t"}
)
"""Architectures of torchvision that take clips."""


class ModelSpec(Spec):
    """One model family: where it comes from, which layers are read, how images enter."""

    name: Name
    title: str = ""
    """Made of the name unless given."""
    source: str
    """`<source>/<what>`: `package/efficientnet-lite0`, `torchvision/resnet50`,
    `timm/vit_base_patch16_224.augreg_in21k`, `untrained/resnet50`, `baseline/pixels`. A study may
    name a source in place of this file. Files stand beside this one: `features/alexnet.npz`,
    `rdms/published.mat`, `behaviour/triplets.csv`; `{seed}` in their name stands for the seed."""
    citation: str = ""
    licence: str = ""
    trained_on: str | None = None
    """What the weights were trained on; null for anything untrained."""
    control_of: Name | None = None
    """The trained model of which this one is the untrained control."""
    seeds: Unique[Seed] = ()
    """One instance per seed, named `<name>-seed<seed>`."""
    datasets: Unique[Name] = ()
    """Datasets the model speaks of; empty for every dataset. A model that takes pixels is passed
    over for datasets without images anyway, one that takes clips for those without films."""
    layers: Annotated[Literal["all", "blocks"] | Unique[str], BeforeValidator(_layers)] | None = (
        None
    )
    """`all`; `blocks`, the repeated stages of a network and what stands before and after them; or
    patterns of layer names, in which `*` stops at a dot and `**` does not. Unless given, all layers
    where all stimuli pass in one batch or `spool_gb` holds them, else the blocks."""
    tokens: Literal["all", "class", "patches", "mean"] = "all"
    """What is read of a layer of a transformer, `(stimulus, token, feature)`: every token, the
    class token (where the model has one), every patch, or the mean over patches."""
    pooling: Literal["none", "mean", "max", "centre"] = "none"
    """What is read of a feature map: every position, the mean or the maximum over positions, or
    the positions in the centre."""
    centre: float = Field(default=0.25, gt=0, le=1)
    """Side of the central patch of `pooling: centre`, as a share of the side of the map."""
    spool: Literal["float32", "float16", "sketch"] = "float32"
    """How features wait on disk when not all images fit one batch: exact, rounded to half
    precision (relative error 4e-4, half the room), or as a seeded random projection of each layer
    wider than `sketch_width` to that many numbers. A sketch is not exact: the artefact keeps, of
    each layer, the correlation of its RDM with the exact one on a sample of stimuli."""
    sketch_width: int = Field(default=8192, gt=0)
    """Numbers k that a sketch keeps of a layer: the standard error of a squared distance is at most
    sqrt(2 / k) of it, 1.6 % unless given."""
    spool_gb: float = Field(default=20, gt=0)
    """Room on disk, GB, that features may take while a model runs. `isomorph check` says how much
    they need; more is refused, with what would help."""
    features: Literal["all"] | Annotated[int, Field(gt=0)] | None = None
    """How many features of every layer are kept beside its Gram matrix, for measures that compare
    features one by one: `all`, or a number of them, drawn once for all instances of a layer; of a
    narrower layer all. None unless given."""
    preprocessing: Preprocessing | None = None
    """Left out for models that take no pixels, and for those of a library to take what the
    library says of the model."""
    weights: Weights | None = None
    """What the weights must be; left out, they are what the source gives, and their hash is noted
    in the activations."""
    optional: bool = False
    """Whether a study goes on without the model, and without its untrained controls, where its
    library is not installed or its weights cannot be had; which are left out, and why, stands in
    the report. The next run tries again."""
    options: dict[str, Any] = {}
    """What the source itself needs: columns, orientations, frequencies."""
    batch_size: int = Field(default=128, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, content: Any) -> Any:
        return with_title(content)

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        if "/" not in self.source:
            raise ValueError('source must read "<source>/<what>"')
        if self.source.startswith("untrained/") and not self.seeds:
            raise ValueError("an untrained model needs seeds")
        if self.features is not None and self.spool == "sketch":
            raise ValueError(
                "features: a sketch keeps projections, which are no features; set spool to "
                "float32 or float16, or leave features out"
            )
        if self.control_of == self.name:
            raise ValueError(
                f'control_of: "{self.name}" is the model itself; name the trained model that it '
                "controls for, or leave control_of out"
            )
        return self

    @property
    def takes_images(self) -> bool:
        """Whether the model needs the images of the stimuli, not the stimulus table alone."""
        return not self.is_of_table and not self.is_read

    @property
    def is_of_table(self) -> bool:
        """Whether it is computed from columns of the stimulus table, and from nothing else."""
        return self.source in TABLE_SOURCES or self.source.startswith(GEOMETRY)

    @property
    def is_baseline(self) -> bool:
        """Whether it is a computation that everybody knows, no network and nobody's data."""
        return self.source.startswith(("baseline/", GEOMETRY))

    @property
    def columns(self) -> dict[str, str]:
        """Columns of the stimulus table that its options name, each with the option."""
        if not self.is_of_table:
            return {}
        one, several = self.options.get("column"), self.options.get("columns")
        named = {one: "column"} if isinstance(one, str) else {}
        listed = several if isinstance(several, list | tuple) else ()
        return {**named, **dict.fromkeys(map(str, listed), "columns")}

    @property
    def takes_clips(self) -> bool:
        """Whether the model takes time, as far as settings tell: the frames before each stimulus.

        A network of one's own may say so itself, once it is built.
        """
        return self.is_video or (self.preprocessing is not None and bool(self.preprocessing.clip))

    @property
    def is_video(self) -> bool:
        """Whether it is one of the architectures of torchvision that take clips."""
        head = self.source.partition("/")[0]
        return head in ("torchvision", "untrained") and architecture(self.source) in VIDEO

    @property
    def is_read(self) -> bool:
        """Whether it is read from files, or told by words, in place of being computed."""
        return self.source.partition("/")[0] in READ

    @property
    def comes_as_rdms(self) -> bool:
        """Whether nothing is known of it but its RDMs."""
        return self.source.partition("/")[0] in RDMS

    @property
    def is_told(self) -> bool:
        """Whether it is no network, as far as settings tell: words, judgements, RDMs of anything.

        Features are mostly those of a network that ran elsewhere.
        """
        return self.is_read and not self.source.startswith("features/") and not self.trained_on

    @property
    def instances(self) -> dict[str, int | None]:
        """Instance names and their seeds; a model without seeds is its own one instance."""
        if not self.seeds:
            return {self.name: None}
        return {f"{self.name}-seed{seed}": seed for seed in self.seeds}


CONTROL_SEEDS = (0, 1, 2, 3, 4)
"""Seeds of an untrained model that a study names without one."""

UNTRAINED = "untrained/"
SOURCE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*/.")


def is_source(entry: str) -> bool:
    """Tell whether an entry of a study's models is the source of one, not a file."""
    return bool(SOURCE.match(entry)) and not entry.endswith((".yaml", ".yml"))


def named_by_source(entries: Sequence[str], others: Sequence[ModelSpec]) -> dict[str, ModelSpec]:
    """Make the models that a study names by their sources alone.

    `untrained/resnet50#3` is one seed of an untrained network, without `#` there are five; seeds
    of one architecture make one family. It is the untrained control of the first trained model of
    the same architecture, and sees the images as that one does.

    Parameters
    ----------
    entries : sequence of str
        Entries for which `is_source` holds.
    others : sequence of ModelSpec
        The models of the study that have files.

    Returns
    -------
    dict of str to ModelSpec
        By entry, in order; entries of one untrained architecture share theirs.

    Raises
    ------
    ValueError
        When a seed is not a number, or stands twice.
    """
    made = {entry: _trained(entry) for entry in entries if not entry.startswith(UNTRAINED)}
    seeds: dict[str, list[int]] = {}
    for entry in entries:
        if entry.startswith(UNTRAINED):
            source, seed = _seed_of(entry)
            seeds.setdefault(source, []).extend(CONTROL_SEEDS if seed is None else [seed])
    trained = [spec for spec in (*others, *made.values()) if not _is_untrained(spec.source)]
    for source, drawn in seeds.items():
        if len(set(drawn)) < len(drawn):
            twice = next(seed for place, seed in enumerate(drawn) if seed in drawn[:place])
            raise ValueError(f'"{source}#{twice}" is named twice; name each seed once')
    families = {source: _untrained(source, drawn, trained) for source, drawn in seeds.items()}
    return {entry: made.get(entry) or families[_seed_of(entry)[0]] for entry in entries}


def architecture(source: str) -> str:
    """Return what the untrained control of a model is called after `untrained/`."""
    head, _, what = source.partition("/")
    name = what.partition("#")[0] if head == "untrained" else what
    return {"timm": f"timm/{name.partition('.')[0]}", "torchvision": name.partition(".")[0]}.get(
        head, name
    )


def _is_untrained(source: str) -> bool:
    return source.startswith(UNTRAINED)


def _trained(entry: str) -> ModelSpec:
    head, _, what = entry.partition("/")
    title = f"{what} ({head})"
    return ModelSpec(name=_slug(entry), title=title, source=entry)


def _untrained(source: str, seeds: Sequence[int], trained: Sequence[ModelSpec]) -> ModelSpec:
    name = architecture(source)
    like = next((spec for spec in trained if architecture(spec.source) == name), None)
    options = {"like": like.source} if like and like.preprocessing is None else {}
    return ModelSpec(
        name=_slug(source),
        title=f"{name}, never trained",
        source=source,
        seeds=tuple(seeds),
        control_of=like.name if like else None,
        preprocessing=like.preprocessing if like else None,
        layers=like.layers if like else None,
        options=options,
    )


def _seed_of(entry: str) -> tuple[str, int | None]:
    """Split `untrained/resnet50#3` into its source and its seed, None where there is none."""
    source, hash_, text = entry.partition("#")
    if not hash_:
        return source, None
    if not text.isdecimal() or int(text) >= 2**32:
        raise ValueError(f'"{entry}": after # comes a seed, a whole number, such as {source}#3')
    return source, int(text)


def _slug(entry: str) -> str:
    """Return an entry as a name: every run of other characters becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", entry).strip("-._")
