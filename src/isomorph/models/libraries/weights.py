"""Weights over the network: fetched once, compared with their pin, kept under `data/weights`.

Of a file of weights only tensors are read: a pickle runs whatever code it holds.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import requests

from isomorph.archives.held import alone
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import session
from isomorph.archives.patience import TIMEOUT, without_secrets
from isomorph.artefacts import disk_errors, replace_synced, sha256
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.guard import first_line
from isomorph.models.source import Wanted

if TYPE_CHECKING:
    import torch

HUB = "https://huggingface.co"
FORCED, FORBIDDEN = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
"""Variables with which torch reads nothing but tensors, even where a library asks for more."""
BLOCK = 1 << 20
LOCK = ".lock"
"""Held, under `data/weights`, while something is brought there."""
HASH_IN_NAME = re.compile(r"-([a-f0-9]{8,64})\.")
"""The first digits of a file's sha256 in its name, as torchvision and timm write them.

They tell a transfer that went wrong, and nothing more: another file with the same digits is quickly
made. Who wants one file and no other pins its whole hash, `weights.sha256`.
"""
IN_WORDS = re.compile(r"\(os error (\d+)\)")
"""How the part of the hub's client that is no Python tells what the system said."""
NOT_ALLOWED = re.compile(r"GLOBAL ([\w.]+)")
"""How torch names what a pickle would run."""


@dataclass(frozen=True)
class Weights:
    """A file of weights that is the right one.

    Attributes
    ----------
    file : Path
    sha256 : str
    source : str
        Where it is from: an address, or a repository with its revision.
    """

    file: Path
    sha256: str
    source: str


def from_url(wanted: Wanted, url: str, place: Path) -> Weights:
    """Return weights that lie at an address.

    Parameters
    ----------
    wanted : Wanted
    url : str
        Digits of a hash in the file's name are compared with what was fetched.
    place : Path
        Where the file is kept; one put there by hand is taken.

    Raises
    ------
    IsomorphError
        When the address cannot be reached, or the file is another one than was pinned.
    """
    found = HASH_IN_NAME.search(url.rpartition("/")[2])

    def download(folder: Path) -> Path:
        return fetched(wanted, url, folder / place.name, place)

    return _kept(wanted, place, found[1] if found else "", download, url)


def fetched(wanted: Wanted, url: str, file: Path, place: Path) -> Path:
    """Fetch what lies at an address.

    Parameters
    ----------
    wanted : Wanted
    url : str
        Asked at its mirror where there is one.
    file : Path
        Where it is written.
    place : Path
        Where it will stand in the end, for errors.

    Raises
    ------
    IsomorphError
        When the address cannot be reached or answers with an error, or the disk is full.
    """
    try:
        with (
            session() as http,
            http.get(mirrored(url), stream=True, timeout=TIMEOUT) as response,
        ):
            if response.status_code != requests.codes.ok:
                raise IsomorphError(  # noqa: TRY301
                    f"{wanted.instance}: {url} answers {response.status_code} {response.reason}; "
                    f"put the file at {place} by hand"
                )
            with disk_errors(place), open(file, "wb") as kept:
                for block in response.iter_content(BLOCK):
                    kept.write(block)
    except IsomorphError:
        raise
    except Exception as error:  # of requests, or of what it is made of
        raise _unreachable(wanted, url, place, without_secrets(first_line(error))) from error
    return file


def from_hub(wanted: Wanted, library: str, repository: str, names: Sequence[str]) -> Weights:
    """Return weights of a Hugging Face repository, fetched by its own client.

    Parameters
    ----------
    wanted : Wanted
        `weights.revision` says which revision; else it is the newest.
    library : str
        Whose folder under `data/weights` keeps it; a file put there by hand is taken.
    repository : str
        Such as `timm/vit_base_patch16_224.augreg_in21k`.
    names : sequence of str
        Files that would do, best first.

    Raises
    ------
    IsomorphError
        When the hub cannot be reached, has no such file, or it is another one than was pinned.
    """
    revision = wanted.spec.weights.revision if wanted.spec.weights else None
    source = f"{HUB}/{repository}" + (f"@{revision}" if revision else "")
    folder = hub_folder(wanted, library, repository)
    standing = next((folder / name for name in names if (folder / name).is_file()), None)

    def download(into: Path) -> Path:
        for name in names:
            if found := hub_file(wanted, repository, name, into, standing or folder / names[0]):
                return found
        raise IsomorphError(f"{wanted.instance}: {source} holds no {' and no '.join(names)}")

    return _kept(wanted, standing or folder / names[0], "", download, source)


def hub_folder(wanted: Wanted, library: str, repository: str) -> Path:
    """Return where the files of a repository, at the pinned revision, are kept."""
    revision = wanted.spec.weights.revision if wanted.spec.weights else None
    name = repository.replace("/", "--") + (f"@{revision}" if revision else "")
    return wanted.weights / library / name.replace("/", "--")


def hub_file(wanted: Wanted, repository: str, name: str, into: Path, place: Path) -> Path | None:
    """Fetch one file of a Hugging Face repository into a folder; None when it holds none.

    Raises
    ------
    IsomorphError
        When the hub cannot be reached or does not let us in, or the disk is full.
    """
    from huggingface_hub import errors, hf_hub_download

    revision = wanted.spec.weights.revision if wanted.spec.weights else None
    endpoint = mirrored(os.environ.get("HF_ENDPOINT", HUB))
    where = f"{wanted.instance}: {HUB}/{repository}"
    try:
        _knock(repository, name, revision, endpoint)
        with disk_errors(place):
            return Path(
                hf_hub_download(
                    repository, name, revision=revision, local_dir=into, endpoint=endpoint
                )
            )
    except IsomorphError:
        raise
    except errors.RevisionNotFoundError:
        raise IsomorphError(f'{where} has no revision "{revision}"; correct weights') from None
    except errors.GatedRepoError:
        raise IsomorphError(
            f"{where} is given out after its terms are accepted; accept them there and log in "
            "(hf auth login)"
        ) from None
    except errors.RepositoryNotFoundError:
        raise IsomorphError(f"{where}: no such repository, or not for everybody") from None
    except errors.RemoteEntryNotFoundError:
        return None
    except errors.HFValidationError as error:
        raise IsomorphError(f"{where}: is no name of a repository ({error})") from None
    except Exception as error:  # of its own, or of the client below it
        if found := IN_WORDS.search(str(error)):
            with suppress(OSError), disk_errors(place):
                raise OSError(int(found[1]), str(error)) from error
        raise _unreachable(wanted, f"{HUB}/{repository}", place, error) from error


def _knock(repository: str, name: str, revision: str | None, endpoint: str) -> None:
    """Ask a hub once whether it is there, before its client does, which tries for half a minute.

    The client cannot be told how often it tries. `HF_HUB_ETAG_TIMEOUT` says how long an answer may
    take; any answer will do, and what it means is the client's to say.
    """
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with suppress(errors.HfHubHTTPError):
            get_hf_file_metadata(
                hf_hub_url(repository, name, revision=revision, endpoint=endpoint),
                endpoint=endpoint,
            )
    finally:
        logging.set_verbosity(before)


@contextmanager
def fitting(wanted: Wanted, file: Path, what: str) -> Iterator[None]:
    """Say in a sentence that a file cannot be read as the weights of a network.

    Parameters
    ----------
    wanted : Wanted
    file : Path
        File or folder that is read inside.
    what : str
        The network.

    Raises
    ------
    IsomorphError
        In place of what the library raises.
    """
    try:
        with tensors_only(wanted, str(file)):
            yield
    except IsomorphError:
        raise
    except Exception as error:
        raise IsomorphError(
            f"{wanted.instance}: {file} does not fit {what} ({first_line(error)}); remove it"
        ) from error


@contextmanager
def tensors_only(wanted: Wanted, what: str) -> Iterator[None]:
    """Let torch read nothing but tensors, whatever the library inside asks of it.

    Parameters
    ----------
    wanted : Wanted
    what : str
        What is read inside, for errors.

    Raises
    ------
    IsomorphError
        When a file holds more than tensors, saying how they are kept alone.
    """
    before = {name: os.environ.pop(name, None) for name in (FORCED, FORBIDDEN)}
    os.environ[FORCED] = "1"
    try:
        yield
    except Exception as error:
        if (found := _beyond_tensors(error)) is None:
            raise
        raise IsomorphError(
            f"{wanted.instance}: {what} holds {found}, and reading that would run code; where you "
            "trust it, read it with torch.load(..., weights_only=False) and save its state dict "
            "alone, with safetensors.torch.save_file or torch.save"
        ) from error
    finally:
        os.environ.pop(FORCED)
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _beyond_tensors(error: BaseException) -> str | None:
    """Return what a file holds beside tensors, None where that is not what went wrong."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, pickle.UnpicklingError) and "weights_only" in str(one):
            named = NOT_ALLOWED.search(str(one))
            return f"more than tensors ({named[1]})" if named else "more than tensors"
        if isinstance(one, RuntimeError) and "with TorchScript archives" in str(one):
            return "a program (TorchScript)"
        one = one.__cause__ or one.__context__
    return None


def digest_of(module: torch.nn.Module) -> str:
    """Return the sha256 of every parameter and buffer of a network, by name.

    It stands for the weights where they are not one file.
    """
    found = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        found.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        found.update(values.flatten().view(_bytes()).numpy().tobytes())
    return found.hexdigest()


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """Yield a folder beside where something will stand, gone at the end.

    Parameters
    ----------
    place : Path
        Where it will stand.

    Raises
    ------
    IsomorphError
        When the disk refuses it, or what is written there or moved from there to its place.
    """
    with disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place.parent, prefix=".partial-") as folder:
            yield Path(folder)


def refuse_other(wanted: Wanted, digest: str, what: str, remedy: str, start: str = "") -> None:
    """Refuse weights whose hash is not the pinned one.

    Parameters
    ----------
    wanted : Wanted
    digest : str
        sha256 of the weights.
    what : str
        The weights, for messages.
    remedy : str
        What to do about it.
    start : str, optional
        First digits that it must have beside.

    Raises
    ------
    IsomorphError
        Naming both hashes.
    """
    pin = wanted.spec.weights.sha256 if wanted.spec.weights else None
    for expected, same in ((start, digest.startswith(start)), (pin, pin in (None, digest))):
        if not same:
            raise IsomorphError(
                f"{wanted.instance}: {what} has sha256 {digest}, expected {expected}; {remedy}"
            )


def _kept(
    wanted: Wanted,
    place: Path,
    start: str,
    download: Callable[[Path], Path],
    source: str,
) -> Weights:
    """Return the file that stands at a place, or fetch it there; a wrong one never gets there."""
    with alone(wanted.weights / LOCK):  # one job fetches, the others find
        if place.is_file():
            with reading(place, "weights"):
                digest = sha256(place)
            refuse_other(wanted, digest, str(place), "remove it, or correct weights.sha256")
            return Weights(place, digest, source)
        made = [folder for folder in (place.parent, *place.parent.parents) if not folder.exists()]
        try:
            with scratch(place) as folder:
                found = download(folder)
                digest = sha256(found)
                refuse_other(
                    wanted, digest, source, "correct weights.sha256, or fetch again", start
                )
                place = place.with_name(found.name)
                replace_synced(found, place)
        except BaseException:
            with suppress(OSError):
                for empty in made:
                    empty.rmdir()
            raise
    return Weights(place, digest, source)


def _unreachable(wanted: Wanted, url: str, place: Path, reason: object) -> IsomorphError:
    return IsomorphError(
        f"{wanted.instance}: {url} cannot be reached ({first_line(reason)}); without a network the "
        f"models package/*, untrained/* and baseline/* work, and weights put by hand at {place}"
    )


def _bytes() -> torch.dtype:
    import torch

    return torch.uint8
