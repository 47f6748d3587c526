"""A model with its weights, ready to see images, whoever asks: a notebook or a stage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.models import extraction
from isomorph.models.clips import begun_before
from isomorph.models.folded import Activations
from isomorph.models.given.ready import ReadyRdms
from isomorph.models.network import Network
from isomorph.models.preprocessing import Shown, field_of_view
from isomorph.models.readout import Reading
from isomorph.models.room import Room
from isomorph.models.source import Inputs, Request
from isomorph.models.source_entries import SOURCES
from isomorph.models.views import Listed, View, Views, by_settings
from isomorph.saying import say
from isomorph.study import Preprocessing
from isomorph.study.film import Clips


@dataclass(frozen=True)
class OpenModel:
    """A model ready to see images.

    Attributes
    ----------
    request : Request
    network : Network or None
        None for a source that computes without one.
    preprocessing : Preprocessing, View or None
        How images enter; None where the stimulus table is enough.
    """

    request: Request
    network: Network | None
    preprocessing: Preprocessing | View | None

    @property
    def settings(self) -> dict[str, Any]:
        """How images enter, as in a model's file; empty where a function of the caller's says."""
        said = self.preprocessing
        return said.model_dump(mode="json") if isinstance(said, Preprocessing) else {}

    @property
    def clip(self) -> Clips | None:
        """The frames that it takes at once; None where it sees single images or none."""
        said = self.preprocessing
        return said.clip if isinstance(said, Preprocessing) else None

    @property
    def classifies(self) -> bool:
        """Whether the output means the thousand classes of ImageNet."""
        return self.trained_on.startswith("ImageNet-1k")

    @property
    def trained_on(self) -> str:
        """What the study says, else the library."""
        return self.request.spec.trained_on or (self.network.trained_on if self.network else "")

    def see(
        self,
        table: pd.DataFrame,
        listed: Listed | None,
        *,
        shown: Shown | None = None,
        where: str = "",
        scratch: Path,
    ) -> tuple[Activations | ReadyRdms, dict[str, str | int]]:
        """Return the activations for some stimuli, and what must be known of them.

        Parameters
        ----------
        table : DataFrame
            A row per stimulus, named in the column `stimulus`.
        listed : sequence of (str, callable) or None
            The images in the same order, where the model takes them, or the clips.
        shown : tuple (float, float or None), optional
            Width and height of the images as shown, degrees of visual angle.
        where : str
            The stimuli and the model, for messages.
        scratch : Path
            Folder for temporary files.

        Returns
        -------
        activations : Activations or ReadyRdms
            To be discarded at the end.
        attributes : dict
            Of the artefact.

        Raises
        ------
        IsomorphError
            When an image cannot be read, or no layer can be used.
        """
        images, seen = None, ""
        if self.preprocessing is not None:
            if listed is None:
                raise IsomorphError(f"{where}: images are needed, {self.request.spec.source} "
                                    "takes pixels")  # fmt: skip
            if isinstance(said := self.preprocessing, Preprocessing):
                seen = field_of_view(said, shown, where) + _clipped(said.clip, table, where)
                images = Views(listed, by_settings(said, shown))
            else:
                seen = "by a function of the caller"
                images = Views(listed, said)
        names = [str(stimulus) for stimulus in table["stimulus"]]
        found = self._activations(images, table, names, scratch)
        spec, network = self.request.spec, self.network
        return found, {
            "model": self.request.instance,
            "title": spec.title,
            "source": spec.source,
            "trained_on": self.trained_on,
            "seed": "" if self.request.seed is None else self.request.seed,
            "weights_sha256": "",
            "weights_from": network.weights_from if network else "",
            "preprocessing": json.dumps(self.settings),
            "seen": seen,
            "input_sha256": images.sha256() if images is not None else "",
        }

    def _activations(
        self, images: Views | None, table: pd.DataFrame, names: Sequence[str], scratch: Path
    ) -> Activations | ReadyRdms:
        request, spec = self.request, self.request.spec
        if self.network is not None:
            assert images is not None, "a network takes images"
            return extraction.extract(
                self.network,
                images,
                spec.layers,
                where=request.instance,
                scratch=scratch,
                batch_size=spec.batch_size,
                reading=Reading(spec.tokens, spec.pooling, spec.centre),
                stimuli=names,
                room=Room.of(spec),
            )
        source = SOURCES[spec.source]
        compute = source.activations or source.rdms
        assert compute is not None, "a source runs a network or computes"
        pixels = np.zeros((len(table), 3, 0, 0), np.float32) if images is None else images[:]
        return compute(Inputs(**vars(request), stimuli=table, images=pixels, scratch=scratch))


def _clipped(clip: Clips | None, table: pd.DataFrame, where: str) -> str:
    """Say in words which clips are seen, on stderr too where films begin in the midst of them."""
    if clip is None:
        return ""
    text = f"; clips of {clip.frames} frames, {clip.spacing:.6g} s apart"
    if early := begun_before(table, clip):
        before = (
            f"{early} of {len(table)} begin before their film, whose first frame stands for what "
            "is missing"
        )
        say(f"{where}{text}; {before}")
        text += f", of which {before}"
    return text


def open_model(request: Request) -> OpenModel:
    """Build a model with its weights, and decide how images enter it.

    What the settings say goes before what the network says of itself, and this before what the
    source says.

    Raises
    ------
    IsomorphError
        When weights cannot be had or are not those that were asked for, or it is not said how
        images enter.
    """
    spec, source = request.spec, SOURCES[request.spec.source]
    network = source.network(request) if source.network else None
    if not source.needs_images:
        return OpenModel(request, network, None)
    said = spec.preprocessing or (network.preprocessing if network else None)
    if found := said or source.preprocessing:
        return OpenModel(request, network, found)
    raise IsomorphError(
        f"{spec.name}: {spec.source} does not say how images enter; write preprocessing (size, "
        "mean, std) into a file of the model"
    )
