"""What comes with isomorph beside its code: the workflow, its profiles, studies ready to run.

They stand at the top of the repository, and an installed package brings a copy of them, so that
whoever asks here need not know which of the two is at work.
"""

from __future__ import annotations

from pathlib import Path

from isomorph.errors import IsomorphError, did_you_mean

PACKAGED = Path(__file__).parent / "_built_in"
"""Where an installed package has them; see `tool.hatch.build` in pyproject.toml."""
CHECKOUT = Path(__file__).parents[2]
"""Where a repository has them."""


def place() -> Path:
    """Return the folder that holds `Snakefile`, `workflow/`, `profiles/` and `config/`.

    Raises
    ------
    IsomorphError
        When neither the package nor a repository around it has them.
    """
    if (folder := _found()) is None:
        raise IsomorphError(
            f"{PACKAGED}: the workflow and the built-in studies are missing from this "
            "installation; install isomorph anew"
        )
    return folder


def _found() -> Path | None:
    """Return the folder that holds them, None where code stands alone."""
    for folder in (PACKAGED, CHECKOUT):
        if (folder / "Snakefile").is_file() and (folder / "config").is_dir():
            return folder
    return None


def is_here() -> bool:
    """Tell whether the current folder is the one that holds them, as in a repository."""
    return place() == Path.cwd()


def members(kind: str) -> list[Path]:
    """Return the folder of the built-in `datasets` or `models`, none where code stands alone."""
    folder = _found()
    return [] if folder is None else [folder / "config" / kind]


def studies() -> dict[str, Path]:
    """Return the built-in studies by the names of their files.

    Examples
    --------
    >>> "demo" in studies()
    True
    """
    folder = _found()
    files = [] if folder is None else sorted((folder / "config").glob("*.yaml"))
    return {file.stem: file for file in files}


def profile(name: str) -> str:
    """Return the folder of a profile of Snakemake's: one that is there, else a built-in one.

    Parameters
    ----------
    name : str
        A folder, or the name of a built-in profile, such as `slurm`.

    Raises
    ------
    IsomorphError
        When there is none.
    """
    if Path(name).is_dir():
        return name
    known = {folder.name: folder for folder in sorted((place() / "profiles").iterdir())}
    if name not in known:
        raise IsomorphError(f"--profile {name}: no such folder, {did_you_mean(name, known)}")
    return str(known[name])


def named_study(given: str) -> Path:
    """Return the file that a study's name or path stands for.

    A path of a file that is there is taken as it is; then `config/<name>.yaml` of the current
    folder, then the built-in study of that name. A folder of that name is no study.

    Parameters
    ----------
    given : str

    Raises
    ------
    IsomorphError
        When there is none, with the places that were looked at.

    Examples
    --------
    >>> named_study("demo").name
    'demo.yaml'
    """
    path = Path(given)
    if path.suffix in {".yaml", ".yml"} or (path.exists() and not path.is_dir()):
        return _of_a_file(path)
    here = Path("config") / f"{given}.yaml"
    if here.is_file():
        return here
    known = studies()
    if given in known:
        return _shortest(known[given])
    raise IsomorphError(
        f'{given}: no such file, no {here}, and no built-in study "{given}", '
        f"{did_you_mean(given, known)}"
    )


def only_study(folder: Path | str = ".") -> Path:
    """Return the study that is meant where none is named.

    `config/config.yaml`; where there is none, the only study in `config/` or in the folder itself.

    Parameters
    ----------
    folder : path

    Raises
    ------
    IsomorphError
        When there is none, or several.
    """
    folder = Path(folder)
    if (first := folder / "config" / "config.yaml").is_file():
        return first
    found = [
        file
        for place_ in (folder / "config", folder)
        for file in sorted((*place_.glob("*.yaml"), *place_.glob("*.yml")))
        if file.is_file() and _is_study(file)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise IsomorphError(
            f"there are {len(found)} studies here, name one: {', '.join(map(str, found))}"
        )
    raise IsomorphError(
        f"there is no study in {folder.absolute()} or its config/; name a file, or one that "
        f"comes with isomorph: {', '.join(studies())}"
    )


def _of_a_file(path: Path) -> Path:
    """Return a path; where there is no such file, the built-in one that it means from elsewhere."""
    if path.exists() or path.is_absolute() or (folder := _found()) is None:
        return path
    return folder / path if folder / path in studies().values() else path


def _shortest(path: Path) -> Path:
    """Return a path from the current folder where it lies below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _is_study(file: Path) -> bool:
    """Tell a study from other YAML files by the keys that each has, without reading it."""
    text = file.read_text(encoding="utf-8", errors="replace")
    keys = {line.partition(":")[0] for line in text.splitlines() if line[:1].isalpha()}
    return {"datasets", "models"} <= keys
