"""The weights of a study's networks, brought here before anything runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError
from isomorph.saying import say

if TYPE_CHECKING:
    from isomorph.layout import Layout
    from isomorph.study import ModelSpec

OFFLINE = ("package/", "untrained/", "baseline/", "python/", "onnx/")
"""Sources that ask no network for weights."""


def needs_network(model: ModelSpec) -> bool:
    """Tell whether the weights of a model may have to be brought over the network."""
    return not model.source.startswith(OFFLINE) and model.takes_images


def bring(layout: Layout, *, optional: bool = False) -> tuple[list[str], dict[str, str]]:
    """Bring the weights of every network of a study, and note which optional ones cannot be had.

    Parameters
    ----------
    layout : Layout
        Of the whole study.
    optional : bool, optional
        Whether optional models alone are looked at, and of these such as have no activations yet.

    Returns
    -------
    brought : list of str
        Models whose weights are here.
    lacking : dict of str to str
        The others, each with the reason.
    """
    from isomorph.left_out import decide
    from isomorph.models.seeing import open_model
    from isomorph.models.source import Request
    from isomorph.models.source_entries import mistakes_of

    study = layout.study
    brought: list[str] = []
    lacking: dict[str, str] = {}
    for name, model in study.models.items():
        if not needs_network(model) or (optional and not model.optional):
            continue
        if optional and _computed(layout, name):
            brought.append(name)
            continue
        beside = study.model_files[name].parent
        try:
            if mistakes := mistakes_of(model):
                raise IsomorphError(mistakes[0])  # noqa: TRY301
            open_model(Request(name, model, None, layout.weights, beside))
        except IsomorphError as error:
            lacking[name] = str(error)
            continue
        brought.append(name)
    decide(layout, {name: why for name, why in lacking.items() if study.models[name].optional})
    return brought, lacking


def _computed(layout: Layout, model: str) -> bool:
    """Tell whether the activations of a model are there for all the stimuli it sees."""
    from isomorph.jobs import models_on, stimulus_sets

    return all(
        layout.activations(owner, instance).is_file()
        for owner in stimulus_sets(layout.study)
        for instance in models_on(layout.study, owner)
        if instance in layout.study.models[model].instances
    )


def weights(parsed: argparse.Namespace) -> None:
    """Bring weights, say which are here, and refuse where one that is not optional is not."""
    from isomorph.cli.tools import whole_layout
    from isomorph.study import load_study

    layout = whole_layout(load_study(parsed.study), parsed.root)
    brought, lacking = bring(layout, optional=parsed.optional)
    for name in brought:
        print(f"{name}: here")
    models = layout.study.models
    for name in (name for name in lacking if models[name].optional):
        say(f"{name} is left out: {lacking[name]}")
    if wanted := [why for name, why in lacking.items() if not models[name].optional]:
        raise IsomorphError("\n".join(wanted))
