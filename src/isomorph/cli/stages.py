"""The stages by name. Their code is imported when they run, so that asking for help is quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from isomorph.registry import Registry


@dataclass(frozen=True)
class Stage:
    """One command of the pipeline.

    Attributes
    ----------
    summary : str
        What it does, for the help.
    entry : str
        `module:function`, called with the layout and what the stage is made for, in that order.
    brain_entry : str or None
        Called in place of `entry`, with the dataset alone, when `--brain` is given.
    parts : mapping of str to str
        Called in place of `entry` when the argument of this name is given, at most one of them:
        what is made for one subject or one model, and gathered without either.
    needs_results : bool
        Whether it has nothing to say before anything was computed.
    """

    summary: str
    entry: str
    brain_entry: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    needs_results: bool = False


STAGES = Registry(
    "stage",
    {
        "fetch": Stage("bring a dataset's bytes here, verified", "isomorph.stages.fetch:run"),
        "stimuli": Stage("images and the stimulus table of a dataset",
                         "isomorph.stages.stimuli:run"),
        "responses": Stage("responses of one subject, aligned to the stimuli",
                           "isomorph.stages.responses:run"),
        "population": Stage("what the units of one subject did over time",
                            "isomorph.stages.population:run"),
        "reliability": Stage("split-half reliability of every unit",
                             "isomorph.stages.reliability:run"),
        "tuning": Stage("how units are tuned to a variable, tested by shifts in time",
                        "isomorph.stages.tuning:run"),
        "activations": Stage("activations of one model, every layer in one pass",
                             "isomorph.stages.activations:run"),
        "rdms": Stage("RDMs of a model's layers, or of a dataset's regions with --brain",
                      "isomorph.stages.rdms:run_model",
                      "isomorph.stages.rdms:run_brain"),
        "compare": Stage("regions against layers: estimates, intervals, ceilings, tests",
                         "isomorph.stages.compare:run"),
        "explain": Stage("what else explains a similarity: controls, combinations, shared variance",
                         "isomorph.stages.explain:run"),
        "predict": Stage("what layers predict of single units, and regions of layers",
                         "isomorph.stages.predict:run"),
        "topology": Stage("loops, tori and voids in the activity of regions and layers",
                          "isomorph.stages.topology:run",
                          parts={"subject": "isomorph.stages.topology:run_subject",
                                 "model": "isomorph.stages.topology:run_model"}),
        "dynamics": Stage("regions by the laws their responses follow in time",
                          "isomorph.stages.dynamics:run"),
        "recover": Stage("which layers are found again in data simulated from them",
                         "isomorph.stages.recover:run"),
        "figures": Stage("the figures of a dataset", "isomorph.stages.figures:run"),
        "summarise": Stage("all datasets in one table, and areas averaged over datasets",
                           "isomorph.report:summarise"),
        "report": Stage("the report of the study", "isomorph.report:run",
                        needs_results=True),
    },
)  # fmt: skip
"""Stages in the order in which the data passes them."""


def load(entry: str) -> Callable[..., Any]:
    """Import the function an entry point names."""
    module, name = entry.split(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
