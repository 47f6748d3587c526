"""What a number carries: where it came from, made by what, with which settings."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from isomorph.artefacts.files import sha256
from isomorph.shown import shown

PACKAGES = ("isomorph", "numpy", "scipy", "xarray", "torch", "pynwb", "rsatoolbox")


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
        sha256 of every file read, by path.
    code : str
        Digest of the code of the stage.
    seed : int or None
        Seed of whatever was random.
    packages : dict
        Versions of what did the computing.
    python : str
    """

    stage: str
    source: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    seed: int | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    python: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Provenance:
        return cls(**json.loads(text))


def provenance(
    stage: str,
    *,
    inputs: Sequence[Path] = (),
    settings: Mapping[str, Any] | None = None,
    source: str = "",
    code: str = "",
    seed: int | None = None,
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
    """
    return Provenance(
        stage=stage,
        source=shown(source),
        settings=dict(settings or {}),
        inputs={shown(str(path)): sha256(path) for path in inputs},
        code=code,
        seed=seed,
        packages={name: found for name in PACKAGES if (found := _version(name))},
        python=platform.python_version(),
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
