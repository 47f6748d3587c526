"""What a source of activations is, and how one is found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.models.folded import Activations
from isomorph.models.given.ready import ReadyRdms
from isomorph.models.network import Network
from isomorph.registry import Registry
from isomorph.study import ModelSpec, Preprocessing, Spec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Request:
    """A model as it was asked for.

    Attributes
    ----------
    instance : str
        Name of the model instance, for messages.
    spec : ModelSpec
    seed : int or None
    weights : Path
        Folder in which weights are kept, `data/weights`.
    beside : Path
        Folder of the file that names the model, where a user's own files stand.
    """

    instance: str
    spec: ModelSpec
    seed: int | None
    weights: Path
    beside: Path

    @property
    def name(self) -> str:
        """What stands after the first slash of the source."""
        return self.spec.source.partition("/")[2]


@dataclass(frozen=True)
class Inputs(Request):
    """What a source that computes activations itself may use, beside what was asked for.

    Attributes
    ----------
    stimuli : DataFrame
        The stimulus table.
    images : array of shape (stimulus, channel, height, width)
        Preprocessed; empty when the source needs none.
    scratch : Path
        Folder for temporary files.
    """

    stimuli: pd.DataFrame
    images: NDArray[np.float32]
    scratch: Path


@dataclass(frozen=True)
class Source:
    """Where the activations of a model come from: a network that is run, or a computation.

    Attributes
    ----------
    network : callable, optional
        Builds the network; heavy libraries are imported inside.
    activations : callable, optional
        Computes them, for sources that are not torch modules.
    rdms : callable, optional
        Gives RDMs in place of activations, for models of which nothing else is known.
    needs_images : bool
        Whether the stimuli must be images; otherwise the stimulus table is enough.
    clips : bool
        Whether a network of it may take clips, where the model's preprocessing says so.
    options : tuple of str or None
        The `options` of a model it knows; None where any may be given.
    preprocessing : Preprocessing, optional
        How images enter a model whose file does not say.
    says_preprocessing : bool
        Whether the network it builds says how images enter it.
    library : str
        The optional package it needs, which is also the extra that installs it; empty for none.
    check : callable, optional
        Refuses the name of a model that the library does not know, or a file or function that is
        not there, before anything runs. It gets the name and the folder of the model's file.
    look : callable, optional
        Refuses a file that does not hold what the options name, before anything runs.
    runs_code : bool
        Whether the network is built by code of no installed library; what files that opens is
        noted.
    settings : type of Spec, optional
        What its options must be, for sources whose options have one; `options` are its keys.
    title : str
        What it gives, in a line.
    """

    network: Callable[[Request], Network] | None = None
    activations: Callable[[Inputs], Activations] | None = None
    rdms: Callable[[Inputs], ReadyRdms] | None = None
    needs_images: bool = True
    clips: bool = False
    options: tuple[str, ...] | None = ()
    preprocessing: Preprocessing | None = None
    says_preprocessing: bool = False
    library: str = ""
    check: Callable[[str, Path], None] | None = None
    look: Callable[[Request], None] | None = None
    runs_code: bool = False
    settings: type[Spec] | None = None
    title: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether the optional package it needs is there."""
        return not self.library or find_spec(self.library) is not None


class Sources(Registry[Source]):
    """The sources by full name, and whole libraries by their first word.

    Parameters
    ----------
    members : mapping of str to Source
        `baseline/gabor` is that name alone; `timm/<name>` is whatever stands after `timm/`.
    """

    def __init__(self, members: Mapping[str, Source]) -> None:
        super().__init__("model source", members, "isomorph.models", Source)

    def __getitem__(self, name: str) -> Source:
        key = self._key(name)
        if key is None:
            raise IsomorphError(f'unknown model source "{name}": {self.suggestion(name)}')
        return super().__getitem__(key)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._key(name) is not None

    def suggestion(self, name: str) -> str:
        """Return a clause that suggests what an unknown source may have meant."""
        head, _, what = name.partition("/")
        if head in LANGUAGE:
            return "language models are future work; sentence_transformers/<model> embeds texts"
        heads = {key.partition("/")[0] for key in self}
        if head in heads or not what:
            return did_you_mean(name, self)
        near = did_you_mean(head, heads)
        if not near.startswith("did you mean"):
            return did_you_mean(name, self)
        found = near.split('"')[1]
        return f'did you mean "{found}/{what}"?'

    def _key(self, name: str) -> str | None:
        if super().__contains__(name):
            return name
        head, _, what = name.partition("/")
        libraries = {key.partition("/")[0]: key for key in self if "<" in key}
        return libraries.get(head) if what else None


LANGUAGE = ("language", "llm", "vllm", "ollama", "llama_cpp")
"""First words of sources that mean a language model."""
