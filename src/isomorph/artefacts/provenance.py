"""What a number carries: where it came from, made by what, with which settings."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from isomorph.disk import NoSuchFileError, sha256
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.registry import PLUGGED
from isomorph.shown import shown

PACKAGES = (
    "isomorph", "numpy", "scipy", "xarray", "torch", "pillow", "nilearn", "mne", "pynwb",
    "rsatoolbox",
)  # fmt: skip
"""Libraries whose versions an artefact always holds, as far as they are installed."""

SEAL = "seal"
"""Key of the hash over everything else that a provenance says."""


@dataclass(frozen=True)
class Provenance:
    """Source, versions, hashes, settings and seed of one artefact.

    Attributes
    ----------
    stage : str
        The stage that wrote it.
    source : str
        Archive and version the bytes came from, in words.
    settings : dict
        The slice of the settings the stage used.
    inputs : dict
        sha256 of every file read, by path; of a netCDF file that of what it holds.
    code : str
        Digest of the code of the stage.
    seed : int or None
        Seed of whatever was random.
    packages : dict
        Versions of what did the computing.
    python : str
    made_for : dict
        The dataset, subject and model the artefact is about, as far as it has them. Empty where no
        stage of a study wrote it.
    noted : dict
        What the stage found out and a reader may want to know, JSON-ready.
    upstream : dict
        For every job that the artefact goes back to, by its name, two digests with a space between:
        of the settings and code that decided what it made, and of the files it was made from. The
        second is empty where one of these was not there or could not be read.
    contents : dict
        sha256 of every file that stands beside this provenance, or of every variable of a netCDF
        file. Filled in by what writes the artefact.
    """

    stage: str
    source: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    seed: int | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    made_for: Mapping[str, str] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)
    upstream: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """One sha256 for all that the artefact holds; of a single file its own."""
        hashes = list(self.contents.values())
        return hashes[0] if len(hashes) == 1 else seal_of(dict(self.contents))

    def holding(self, contents: Mapping[str, str]) -> Provenance:
        """Return the provenance of an artefact with these contents."""
        return replace(self, contents=dict(contents))

    def to_json(self) -> str:
        """Return one line of JSON, sealed so that a change of any letter is noticed."""
        said = asdict(self)
        return json.dumps({**said, SEAL: seal_of(said)}, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Provenance:
        """Read what `to_json` wrote.

        Raises
        ------
        IsomorphError
            When it is not provenance, or not as it was written.
        """
        try:
            said = json.loads(text)
            seal = said.pop(SEAL)
            found = cls(**said)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise IsomorphError("its provenance cannot be read") from error
        if seal != seal_of(said):
            raise IsomorphError("its provenance has changed since it was written")
        return found


def provenance(
    stage: str,
    *,
    inputs: Sequence[Path] = (),
    settings: Mapping[str, Any] | None = None,
    source: str = "",
    code: str = "",
    seed: int | None = None,
    packages: Sequence[str] = (),
) -> Provenance:
    """Gather the provenance of an artefact about to be written.

    Parameters
    ----------
    stage : str
        Name of the stage.
    inputs : sequence of Path
        Files read; each is hashed. Paths that a study writes with variables are kept as written.
    settings : mapping, optional
        JSON-ready slice of the settings.
    source : str, optional
        Archive and version in words.
    code : str, optional
        Digest of the stage's code, see `isomorph.digest`.
    seed : int, optional
    packages : sequence of str, optional
        Libraries that did the computing beside `PACKAGES`.
    """
    return Provenance(
        stage=stage,
        source=shown(source),
        settings=dict(settings or {}),
        inputs={shown(str(path)): sha256(path) for path in inputs},
        code=code,
        seed=seed,
        packages={**PLUGGED, **versions(*PACKAGES, *packages)},
        python=platform.python_version(),
    )


def read_provenance(path: Path) -> Provenance:
    """Return the provenance of any artefact: a netCDF file, a folder of figures, any other file.

    A netCDF file holds it as an attribute, beside any other file stands `<name>.json`, and a folder
    holds `provenance.json`. Arrays are not read.

    Raises
    ------
    IsomorphError
        When the artefact or its provenance is absent or damaged.
    """
    path = Path(path)
    if not path.exists():
        raise NoSuchFileError(path)
    text = _attribute(path) if path.suffix == ".nc" else _beside(path)
    try:
        return Provenance.from_json(text)
    except IsomorphError as error:
        raise IsomorphError(f"{path}: {error}") from error.__cause__


def provenance_file(path: Path) -> Path:
    """Return where the provenance of an artefact stands that is not a netCDF file."""
    return path / "provenance.json" if path.is_dir() else path.with_suffix(".json")


def versions(*names: str) -> dict[str, str]:
    """Return the versions of those packages that are installed, by name."""
    return {name: found for name in names if (found := _version(name))}


def seal_of(content: Any) -> str:
    """Return the sha256 of what is JSON-ready, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _attribute(path: Path) -> str:
    with open_hdf5(path) as file, reading(path, "a netCDF file"):
        said = file.attrs.get("provenance", "")
    return said if isinstance(said, str) else ""


def _beside(path: Path) -> str:
    file = provenance_file(path)
    if not file.is_file():
        raise IsomorphError(f"{path}: its provenance, {file.name} beside it, is not there")
    with reading(file, "a provenance"):
        return file.read_text(encoding="utf-8")


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
