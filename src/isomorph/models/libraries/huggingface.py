"""Files of Hugging Face repositories, fetched by the hub's own client."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from isomorph.archives.mirrors import mirrored
from isomorph.disk import disk_errors
from isomorph.errors import IsomorphError
from isomorph.models.libraries.weights import LocalWeights, kept, unreachable
from isomorph.models.source import Request

HUB = "https://huggingface.co"
IN_WORDS = re.compile(r"\(os error (\d+)\)")
"""How the part of the hub's client that is not Python tells what the system said."""


def from_hub(request: Request, library: str, repository: str, names: Sequence[str]) -> LocalWeights:
    """Return weights of a Hugging Face repository, fetched by its own client.

    Parameters
    ----------
    request : Request
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
    revision = _revision(request)
    source = f"{HUB}/{repository}" + (f"@{revision}" if revision else "")
    folder = hub_folder(request, library, repository)
    standing = next((folder / name for name in names if (folder / name).is_file()), None)

    def download(into: Path) -> Path:
        for name in names:
            if found := hub_file(request, repository, name, into, standing or folder / names[0]):
                return found
        raise IsomorphError(f"{request.instance}: {source} holds no {' and no '.join(names)}")

    return kept(request, standing or folder / names[0], "", download, source)


def hub_folder(request: Request, library: str, repository: str) -> Path:
    """Return where the files of a repository, at the pinned revision, are kept."""
    revision = _revision(request)
    name = repository.replace("/", "--") + (f"@{revision}" if revision else "")
    return request.weights / library / name.replace("/", "--")


def hub_file(request: Request, repository: str, name: str, into: Path, place: Path) -> Path | None:
    """Fetch one file of a Hugging Face repository into a folder; None when it holds none.

    Raises
    ------
    IsomorphError
        When the hub cannot be reached or does not let us in, or the disk is full.
    """
    from huggingface_hub import errors, hf_hub_download

    revision = _revision(request)
    endpoint = mirrored(os.environ.get("HF_ENDPOINT", HUB))
    where = f"{request.instance}: {HUB}/{repository}"
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
        raise IsomorphError(f"{where}: is not a name of a repository ({error})") from None
    except Exception as error:  # of its own, or of the client below it
        if found := IN_WORDS.search(str(error)):
            with suppress(OSError), disk_errors(place):
                raise OSError(int(found[1]), str(error)) from error
        raise unreachable(request, f"{HUB}/{repository}", place, error) from error


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


def _revision(request: Request) -> str | None:
    return request.spec.weights.revision if request.spec.weights else None
