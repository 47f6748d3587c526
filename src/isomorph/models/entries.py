"""The sources of models, each an entry; heavy libraries are imported when one is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from isomorph.models.baselines import BASELINES
from isomorph.models.packages import NETWORKS, check_installed
from isomorph.models.source import Inputs, Source, Sources, Wanted

if TYPE_CHECKING:
    from isomorph.models.activations import Activations
    from isomorph.models.network import Network


def _packaged(wanted: Wanted) -> Network:
    from isomorph.models.packages import load

    return load(wanted.name, wanted.weights)


def _check_package(name: str, _beside: Path) -> None:
    check_installed(name)


def _baseline(inputs: Inputs) -> Activations:
    from isomorph.models.activations import from_features

    baseline = BASELINES[inputs.name]
    features, left_out = baseline.features(
        inputs.images[:], inputs.stimuli, inputs.spec.options, inputs.instance
    )
    return from_features(features, inputs.spec.layers, inputs.instance, left_out)


def _onnx(wanted: Wanted) -> Network:
    from isomorph.models import onnx

    return onnx.network(wanted)


def _check_onnx(name: str, beside: Path) -> None:
    from isomorph.models import onnx

    onnx.check(name, beside)


def _check_python(name: str, beside: Path) -> None:
    from isomorph.models.libraries import python

    python.check(name, beside)


class Library(Protocol):
    """A module that knows the models of one library."""

    def network(self, wanted: Wanted) -> Network:
        """Build a network with its weights."""

    def check(self, name: str) -> None:
        """Refuse a name the library does not know."""


def _timm() -> Library:
    from isomorph.models.libraries import timm

    return timm


def _torchvision() -> Library:
    from isomorph.models.libraries import torchvision

    return torchvision


def _open_clip() -> Library:
    from isomorph.models.libraries import open_clip

    return open_clip


def _transformers() -> Library:
    from isomorph.models.libraries import transformers

    return transformers


def _hub() -> Library:
    from isomorph.models.libraries import hub

    return hub


def _python(wanted: Wanted) -> Network:
    from isomorph.models.libraries import python

    return python.network(wanted)


def _untrained() -> Library:
    from isomorph.models.libraries import untrained

    return untrained


def _library(
    module: Callable[[], Library],
    extra: str = "",
    options: tuple[str, ...] | None = (),
    *,
    runs_code: bool = False,
) -> Source:
    """Return the source that a module's two functions make."""
    return Source(
        network=lambda wanted: module().network(wanted),
        check=lambda name, _beside: module().check(name),
        says_preprocessing=True,
        library=extra,
        options=options,
        runs_code=runs_code,
    )


SOURCES = Sources(
    {
        **{
            f"package/{name}": Source(_packaged, says_preprocessing=True, check=_check_package)
            for name in NETWORKS
        },
        "onnx/<file>": Source(_onnx, library="onnx", options=("channels",), check=_check_onnx),
        "timm/<name>": _library(_timm, "timm"),
        "torchvision/<name>[.<weights>]": _library(_torchvision, "torchvision"),
        "open_clip/<architecture>[/<pretrained>]": _library(_open_clip, "open_clip"),
        "transformers/<owner>/<repository>": _library(_transformers, "transformers"),
        "hub/<owner>/<repository>:<commit>/<entry>": _library(_hub, options=None, runs_code=True),
        "python/<module>:<function>": Source(
            _python, says_preprocessing=True, check=_check_python, runs_code=True
        ),
        "untrained/<architecture>": _library(_untrained, options=("like",)),
        **{
            f"baseline/{name}": Source(
                activations=_baseline,
                needs_images=baseline.of_images is not None,
                preprocessing=baseline.preprocessing,
                options=baseline.options,
            )
            for name, baseline in BASELINES.items()
        },
    }
)
