"""The sources of models, each an entry; heavy libraries are imported when one is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isomorph.errors import IsomorphError, did_you_mean, how_to_install
from isomorph.models.baselines import BASELINES
from isomorph.models.folded import Activations, from_features
from isomorph.models.geometry import GEOMETRIES
from isomorph.models.given.behaviour import TASKS
from isomorph.models.given.files import check as check_file
from isomorph.models.given.ready import ReadyRdms
from isomorph.models.network import Network
from isomorph.models.packages import NETWORKS, check_installed
from isomorph.models.source import Inputs, Request, Source, Sources
from isomorph.own import SEED
from isomorph.registry import lazily
from isomorph.study import ModelSpec, Spec, StudyError, spec_from
from isomorph.study.given import BehaviourOptions, FeatureOptions, RdmOptions, TextOptions
from isomorph.study.model import GEOMETRY, TABLE_SOURCES


def _baseline(inputs: Inputs) -> Activations:
    features, left_out = BASELINES[inputs.name].features(
        inputs.images[:], inputs.stimuli, inputs.spec.options, inputs.instance
    )
    return from_features(
        features, inputs.spec.layers or "all", inputs.instance, left_out, inputs.spec.features
    )


def _geometry(inputs: Inputs) -> Activations:
    one, spec = GEOMETRIES[inputs.name], inputs.spec
    said = spec_from(spec.options, one.settings, f"{inputs.instance}: options")
    features = one.features(inputs.stimuli, said, inputs.instance)
    return from_features(features, spec.layers or "all", inputs.instance, {}, spec.features)


def _library(
    network: Callable[[Request], Network],
    check: Callable[[str], None],
    title: str,
    extra: str = "",
    options: tuple[str, ...] | None = (),
    *,
    runs_code: bool = False,
    clips: bool = False,
) -> Source:
    """Return the source that the two functions of a library's module make."""
    return Source(
        network=network,
        check=lambda name, _beside: check(name),
        says_preprocessing=True,
        library=extra,
        options=options,
        runs_code=runs_code,
        clips=clips,
        title=title,
    )


def _file(
    head: str,
    settings: type[Spec],
    title: str,
    activations: Callable[[Inputs], Activations] | None = None,
    rdms: Callable[[Inputs], ReadyRdms] | None = None,
    look: Callable[[Request], None] | None = None,
) -> Source:
    """Return the source that reads a file beside the model's own."""
    return Source(
        activations=activations,
        rdms=rdms,
        needs_images=False,
        options=tuple(settings.model_fields),
        settings=settings,
        check=lambda name, beside: check_file(head, name, beside),
        look=look,
        title=title,
    )


SOURCES = Sources(
    {
        "features/<file>": _file(
            "features",
            FeatureOptions,
            "features in a file, a layer for every array",
            activations=lazily("isomorph.models.given.features:activations"),
        ),
        "rdms/<file>": _file(
            "rdms",
            RdmOptions,
            "ready RDMs in a file",
            rdms=lazily("isomorph.models.given.rdms:rdms"),
        ),
        "behaviour/<table>": _file(
            "behaviour",
            BehaviourOptions,
            "judgements of people: ratings, triplets, arrangements",
            rdms=lazily("isomorph.models.given.behaviour:rdms"),
            look=lazily("isomorph.models.given.behaviour:look"),
        ),
        "text/<table>": _file(
            "text",
            TextOptions,
            "vectors of words or captions, from a table",
            activations=lazily("isomorph.models.given.text:of_table"),
        ),
        "sentence_transformers/<model>": Source(
            activations=lazily("isomorph.models.given.text:of_library"),
            needs_images=False,
            options=("column",),
            settings=TextOptions,
            library="sentence_transformers",
            title="embeddings of words or captions by a language model",
        ),
        **{
            f"package/{name}": Source(
                lazily("isomorph.models.packages:network"),
                says_preprocessing=True,
                check=lambda name, _beside: check_installed(name),
                title="a trained network whose weights come inside a package",
            )
            for name in NETWORKS
        },
        "onnx/<file>": Source(
            lazily("isomorph.models.onnx:network"),
            library="onnx",
            options=("channels",),
            check=lazily("isomorph.models.onnx:check"),
            title="a graph in a file",
        ),
        "timm/<name>": _library(
            lazily("isomorph.models.libraries.timm:network"),
            lazily("isomorph.models.libraries.timm:check"),
            "trained networks of timm",
            "timm",
        ),
        "torchvision/<name>[.<weights>]": _library(
            lazily("isomorph.models.libraries.torchvision:network"),
            lazily("isomorph.models.libraries.torchvision:check"),
            "trained networks of torchvision, of images and of clips",
            "torchvision",
        ),
        "open_clip/<architecture>[/<pretrained>]": _library(
            lazily("isomorph.models.libraries.open_clip:network"),
            lazily("isomorph.models.libraries.open_clip:check"),
            "image towers of contrastive models",
            "open_clip",
        ),
        "transformers/<owner>/<repository>": _library(
            lazily("isomorph.models.libraries.transformers:network"),
            lazily("isomorph.models.libraries.transformers:check"),
            "models of images and of videos of the Hugging Face Hub",
            "transformers",
            clips=True,
        ),
        "hub/<owner>/<repository>:<commit>/<entry>": _library(
            lazily("isomorph.models.libraries.hub:network"),
            lazily("isomorph.models.libraries.hub:check"),
            "what a repository for torch.hub builds, at a commit",
            options=None,
            runs_code=True,
            clips=True,
        ),
        "python/<module>:<function>": Source(
            lazily("isomorph.models.libraries.python:network"),
            says_preprocessing=True,
            check=lazily("isomorph.models.libraries.python:check"),
            runs_code=True,
            clips=True,
            title="a network that a function of your own returns",
        ),
        "untrained/<architecture>": _library(
            lazily("isomorph.models.libraries.untrained:network"),
            lazily("isomorph.models.libraries.untrained:check"),
            "any architecture of torchvision, timm or the Lites, drawn from its seed",
            options=("like",),
        ),
        **{
            f"baseline/{name}": Source(
                activations=_baseline,
                needs_images=baseline.of_images is not None,
                preprocessing=baseline.preprocessing,
                options=baseline.options,
                title=baseline.title,
            )
            for name, baseline in BASELINES.items()
        },
        **{
            f"{GEOMETRY}{name}": Source(
                activations=_geometry,
                needs_images=False,
                options=tuple(one.settings.model_fields),
                settings=one.settings,
                title=one.title,
            )
            for name, one in GEOMETRIES.items()
        },
    }
)


def mistakes_of(spec: ModelSpec, *, beside: Path | None = None) -> list[str]:
    """Return a sentence for each setting of a model that its source cannot use.

    Parameters
    ----------
    spec : ModelSpec
    beside : Path, optional
        Folder of the model's file. When given, the library itself is asked if it knows the model,
        which imports it, and files and functions of the user's own are looked for.

    Raises
    ------
    IsomorphError
        When the source itself is unknown.
    """
    source = SOURCES[spec.source]
    mistakes = list(_mistakes_of_options(spec, source))
    if not source.is_installed:
        mistakes.append(
            f"source: {spec.source} needs {source.library}, which is not installed; "
            f"{how_to_install(source.library)}"
        )
    elif beside is not None and source.check is not None:
        try:
            source.check(spec.source.partition("/")[2], beside)
            if source.look is not None and SEED not in spec.source and not mistakes:
                source.look(Request(spec.name, spec, None, beside, beside))
        except IsomorphError as error:
            mistakes.append(f"source: {error}")
    return mistakes


def _mistakes_of_options(spec: ModelSpec, source: Source) -> list[str]:
    known = source.options
    says = source.preprocessing is not None or source.says_preprocessing
    if source.needs_images and spec.preprocessing is None and not says:
        return [f"preprocessing: is required, {spec.source} takes images"]
    if not source.needs_images and spec.preprocessing is not None:
        return [f"preprocessing: {spec.source} takes no images, leave it out"]
    if spec.preprocessing is not None and (said := _mistake_of_clips(spec, source)):
        return [said]
    if spec.source in TABLE_SOURCES and not spec.options.get("columns"):
        return [f"options.columns: {spec.source} needs columns of the stimulus table, a list"]
    if mistakes := _mistakes_of_files(spec, source):
        return mistakes
    if known is None:
        return []
    if not known and spec.options:
        names = ", ".join(map(str, spec.options))
        return [f"options: {spec.source} takes none, leave {names} out"]
    return [
        f"options.{name}: unknown key, {did_you_mean(str(name), known)}"
        for name in spec.options
        if name not in known
    ]


def _mistake_of_clips(spec: ModelSpec, source: Source) -> str:
    """Say that a model takes clips and its preprocessing does not, or that it takes none."""
    assert spec.preprocessing is not None, "only what is said can be wrong"
    if spec.is_video and spec.preprocessing.clip is None:
        return (
            f"preprocessing.clip: is required, {spec.source} takes clips; add how many frames and "
            "how far apart, clip: {frames: 16, spacing: 0.0667}"
        )
    if spec.preprocessing.clip is not None and not (spec.is_video or source.clips):
        return f"preprocessing.clip: {spec.source} sees single images, leave clip out"
    return ""


def _mistakes_of_files(spec: ModelSpec, source: Source) -> list[str]:
    """Return what is wrong with options that have a spec of their own, and with seeds of files."""
    if source.settings is None:
        return []
    if source.rdms is not None and spec.features is not None:
        return [f"features: {spec.source} gives RDMs, which hold none; leave it out"]
    wrong = [name for name in spec.options if name not in (source.options or ())]
    if wrong:
        return [f"options.{wrong[0]}: unknown key, {did_you_mean(wrong[0], source.options or ())}"]
    try:
        said = spec_from(spec.options, source.settings, "options")
    except StudyError as error:
        return [f"options.{mistake}" for mistake in error.mistakes]
    if isinstance(said, BehaviourOptions) and said.task not in TASKS:
        return [f'options.task: unknown "{said.task}", {did_you_mean(said.task, TASKS)}']
    each = getattr(said, "by_seed", False)
    if (SEED in spec.source or each) and not spec.seeds:
        return [f"seeds: {spec.source} is read by seed, and there are none; list them"]
    if spec.seeds and SEED not in spec.source and not each:
        into = "" if spec.is_of_table else f"write {SEED} into the file's name, or "
        return [f"seeds: nothing in {spec.source} differs by seed; {into}leave seeds out"]
    return []
