"""Networks of torch hub: a repository's own code, at one commit, builds and loads them."""

from __future__ import annotations

import ast
import hashlib
import re
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isomorph.archives.held import alone
from isomorph.disk import disk_errors, replace_synced, replacing, sha256
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import first_line, in_words, reading
from isomorph.foreign.budget import MEMORY, budget
from isomorph.models.libraries.imported import import_torchvision
from isomorph.models.libraries.tensors import digest_of_module, tensors_only
from isomorph.models.libraries.torchvision import torch_hub_in
from isomorph.models.libraries.untrained import seeded
from isomorph.models.libraries.weights import LOCK, fetched, refuse_other, scratch
from isomorph.models.network import Network
from isomorph.models.source import Request

if TYPE_CHECKING:
    import torch

NAME = re.compile(r"([\w.-]+)/([\w.-]+):([^/]+)/(\w+)")
COMMIT = re.compile(r"[0-9a-f]{40}")


def network(request: Request) -> Network:
    """Run the entry of a repository's `hubconf.py`.

    What it downloads is kept under `data/weights/hub` by torch's own loader.

    Parameters
    ----------
    request : Request
        Named `<owner>/<repository>:<commit>/<entry>`; its options are the entry's arguments.

    Raises
    ------
    IsomorphError
        When the repository cannot be reached, has no such entry, the entry fails, or gives other
        weights each time, as entries do that were not asked for trained ones.
    """
    entry = _parts(request.name)[-1]
    folder = code_of(request)
    if find_spec("torchvision"):  # many a repository imports it, and it may need help
        import_torchvision()
    with torch_hub_in(request.weights / "hub"):
        build = _entry(request, folder, entry)
        module = seeded(build, 0)
        digest = digest_of_module(module)
        if digest != digest_of_module(seeded(build, 1)):
            raise IsomorphError(
                f"{request.instance}: {request.spec.source} draws its weights by chance; give the "
                "options with which the entry loads trained ones, often pretrained: true"
            )
    refuse_other(request, digest, request.spec.source, "correct weights.sha256")
    return Network(module, weights_sha256=digest, weights_from=_address(request))


def code_of(request: Request) -> Path:
    """Return the folder of a repository's code, fetched unless it stands.

    Raises
    ------
    IsomorphError
        When the repository cannot be reached, holds no `hubconf.py` or more than a file may, the
        disk refuses it, or what stands is no longer what was fetched.
    """
    owner, repository, commit, _ = _parts(request.name)
    folder = request.weights / "hub" / f"{owner}--{repository}@{commit}"
    with alone(request.weights / LOCK):  # several models may be of one repository
        if not (folder / "hubconf.py").is_file():
            _unpack(request, _address(request), folder)
        _refuse_changed(request, folder)
    return folder


def _address(request: Request) -> str:
    owner, repository, commit, _ = _parts(request.name)
    return f"https://github.com/{owner}/{repository}/zipball/{commit}"


def check(name: str) -> None:
    """Refuse a name that is not `<owner>/<repository>:<commit>/<entry>`."""
    _parts(name)


def _parts(name: str) -> tuple[str, ...]:
    found = NAME.fullmatch(name)
    if found is None:
        raise IsomorphError(
            f"hub/{name}: expected hub/<owner>/<repository>:<commit>/<entry>; its code is run, so "
            "say which commit"
        )
    owner, repository, commit, _ = found.groups()
    if COMMIT.fullmatch(commit) is None:
        raise IsomorphError(
            f'hub/{name}: "{commit}" is not a commit; branches and tags change, so give its 40 '
            f"hexadecimal digits, as git ls-remote https://github.com/{owner}/{repository} does"
        )
    return found.groups()


def _unpack(request: Request, url: str, folder: Path) -> None:
    """Fetch a repository at a commit and unpack it; nothing half-unpacked gets to its place."""
    where = f"{request.instance}: {url}"
    with scratch(folder) as into:
        archive = fetched(request, url, into / "code.zip", folder)
        with (
            reading(where, "a zip archive"),
            zipfile.ZipFile(archive) as zipped,
            disk_errors(folder),
        ):
            _refuse_larger(where, sum(one.file_size for one in zipped.infolist()))
            zipped.extractall(into / "code")
        top = next((into / "code").iterdir(), into)
        if not (top / "hubconf.py").is_file():
            raise IsomorphError(f"{where} holds no hubconf.py")
        _note(folder, _tree_digest(top))
        replace_synced(top, folder)


def _refuse_larger(where: str, size: int) -> None:
    """Refuse an archive that holds more bytes than one file of others may."""
    if size > (most := budget()):
        raise IsomorphError(
            f"{where} would unpack to {in_words(size)}, more than the {in_words(most)} that one "
            f"file may hold; set {MEMORY} where it is meant to and there is room"
        )


def _refuse_changed(request: Request, folder: Path) -> None:
    """Refuse code that is no longer what was fetched; what was put there by hand is noted so."""
    seal = _seal_of(folder)
    with reading(folder, "the code of a repository"):
        digest = _tree_digest(folder)
    if not seal.is_file():
        _note(folder, digest)
    elif seal.read_text(encoding="ascii", errors="replace") != digest:
        raise IsomorphError(
            f"{request.instance}: {folder} is not the code that was fetched, a file in it has "
            "changed; remove the folder, and it is fetched again"
        )


def _note(folder: Path, digest: str) -> None:
    with replacing(_seal_of(folder)) as temporary:
        temporary.write_text(digest, encoding="ascii")


def _seal_of(folder: Path) -> Path:
    """Return where the digest of a repository's code stands: beside its folder."""
    return folder.with_name(f"{folder.name}.sha256")


def _tree_digest(folder: Path) -> str:
    """Return a sha256 over names and contents of the files below a folder, compiled ones not."""
    found = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            found.update(f"{sha256(file)}  {file.relative_to(folder).as_posix()}\n".encode())
    return found.hexdigest()


def _entry(request: Request, folder: Path, entry: str) -> Callable[[], torch.nn.Module]:
    """Return what calls an entry with the model's options."""
    import torch

    known = _entries(request, folder / "hubconf.py")
    if entry not in known:
        raise IsomorphError(
            f'{request.instance}: no entry "{entry}" in {folder / "hubconf.py"}, '
            f"{did_you_mean(entry, known)}"
        )

    def build() -> torch.nn.Module:
        try:
            with tensors_only(request, f"a file that {request.spec.source} loads"):
                found: Any = torch.hub.load(
                    str(folder), entry, source="local", **request.spec.options
                )
        except IsomorphError:
            raise
        except Exception as error:
            raise _failed(request, error) from error
        if not isinstance(found, torch.nn.Module):
            raise IsomorphError(
                f"{request.instance}: {request.spec.source} returns {type(found).__name__}, "
                "expected a torch module"
            )
        return found

    return build


def _entries(request: Request, file: Path) -> list[str]:
    """Return what a `hubconf.py` defines or imports by name."""
    try:
        body = ast.parse(file.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _failed(request, error) from error
    defined = [part.name for part in body if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    imported = [
        alias.asname or alias.name
        for part in ast.walk(ast.Module(body, []))
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    ]
    return [name for name in (*defined, *imported) if not name.startswith("_")]


def _failed(request: Request, error: Exception) -> IsomorphError:
    return IsomorphError(
        f"{request.instance}: {request.spec.source} fails: {type(error).__name__}: "
        f"{first_line(error)}"
    )
