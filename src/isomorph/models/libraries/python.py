"""A user's own networks: a function that returns one with how images enter it."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isomorph.errors import IsomorphError, did_you_mean, first_line
from isomorph.models.libraries.finding import refuse_absent
from isomorph.models.libraries.tensors import digest_of_module
from isomorph.models.libraries.untrained import seeded
from isomorph.models.libraries.weights import refuse_other
from isomorph.models.network import Network
from isomorph.models.source import Request
from isomorph.saying import say
from isomorph.study import Preprocessing, spec_from

if TYPE_CHECKING:
    import torch


def network(request: Request) -> Network:
    """Call a user's function.

    Parameters
    ----------
    request : Request
        Named `<module>:<function>`. The module is a file beside the one that names the model, or
        anywhere Python finds it. The function returns a torch module and its preprocessing, a
        mapping as in a model's file; with seeds in the model's file it is called with `seed`.
        A module in training mode is put into evaluation mode, and a line says so.

    Raises
    ------
    IsomorphError
        When there is no such module or function, it fails, or it returns something else.
    """
    place, name = _parts(request.name)
    with _beside(request.beside):
        function = _function(request, place, name)
        arguments = {} if request.seed is None else {"seed": request.seed}
        made: list[Any] = []

        def build() -> Any:
            made.extend(_two(request, _called(request, function, arguments)))
            _say_training(request, made[0])
            return made[0]

        module = seeded(build, request.seed or 0)
    digest = digest_of_module(module)
    refuse_other(request, digest, request.spec.source, "correct weights.sha256")
    found = Network(module, weights_sha256=digest, weights_from=request.spec.source)
    return replace(found, preprocessing=_preprocessing(request, made[1]))


def check(name: str, beside: Path) -> None:
    """Refuse a module or function that is not there; the module is not run."""
    refuse_absent(*_parts(name), beside)


def _parts(name: str) -> tuple[str, str]:
    """Return module and function."""
    place, _, function = name.partition(":")
    if not function.isidentifier() or not all(part.isidentifier() for part in place.split(".")):
        raise IsomorphError(f"python/{name}: expected python/<module>:<function>")
    return place, function


@contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Let Python find modules in a folder first."""
    path = str(folder.resolve())
    sys.path.insert(0, path)
    try:
        yield
    finally:
        sys.path.remove(path)


def _function(request: Request, place: str, name: str) -> Callable[..., Any]:
    file = request.beside.joinpath(*place.split(".")).with_suffix(".py")
    try:
        module = _loaded(place, file) if file.is_file() else import_module(place)
    except ModuleNotFoundError as error:
        if error.name != place.partition(".")[0] and error.name != place:
            raise _failed(request, error) from error
        raise IsomorphError(
            f"{request.instance}: no module {place}, neither the file {file} nor among the "
            "installed ones"
        ) from error
    except (Exception, SystemExit) as error:
        raise _failed(request, error) from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise IsomorphError(
            f'{request.instance}: no function "{name}" in {module.__file__}, '
            f"{did_you_mean(name, known)}"
        )
    return function


def _loaded(name: str, file: Path) -> Any:
    """Import a file whatever else has its name."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None, "a .py file has a spec"
    assert spec.loader is not None, "and a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _called(request: Request, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    try:
        return function(**arguments)
    except (Exception, SystemExit) as error:
        raise _failed(request, error) from error


def _failed(request: Request, error: BaseException) -> IsomorphError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return IsomorphError(
        f"{request.instance}: {request.spec.source} fails in {last.filename}, line {last.lineno}: "
        f"{type(error).__name__}: {first_line(error)}"
    )


def _two(request: Request, found: Any) -> tuple[Any, Any]:
    import torch

    pair = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    if not isinstance(pair[0], torch.nn.Module):
        raise IsomorphError(
            f"{request.instance}: {request.spec.source} returns {type(found).__name__}, expected a "
            "torch module and its preprocessing, a mapping with size, mean and std"
        )
    return pair


def _say_training(request: Request, module: torch.nn.Module) -> None:
    """Say which modules are in training mode: all of a new network, or some left so on purpose."""
    modes = [part.training for part in module.modules()]
    if any(modes):
        which = "all of its modules" if all(modes) else f"{sum(modes)} of its {len(modes)} modules"
        say(
            f"{request.instance}: {request.spec.source} returns a network in training mode "
            f"({which}); it is put into evaluation mode"
        )


def _preprocessing(request: Request, said: Any) -> Preprocessing | None:
    if said is None or isinstance(said, Preprocessing):
        return said
    where = f"{request.instance}: the preprocessing that {request.spec.source} returns"
    return spec_from(said, Preprocessing, where)
