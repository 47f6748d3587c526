"""What a run was asked for on Snakemake's command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isomorph.built_in import named_study, only_study
from isomorph.errors import IsomorphError, did_you_mean

KEYS = ("study", "versions")
"""What `--config` may say."""


def study_file(config: Mapping[str, Any]) -> str:
    """Return the file of the study that was asked for.

    Parameters
    ----------
    config : mapping
        What stands behind `--config`.

    Raises
    ------
    IsomorphError
        When a key is not in `KEYS`, and would be passed over in silence, or there is no such study.
    """
    for key in config:
        if key not in KEYS:
            raise IsomorphError(f"--config {key}: unknown key, {did_you_mean(str(key), KEYS)}")
    if "study" not in config:
        return str(only_study())
    given = config["study"]
    if not isinstance(given, str) or not given.strip():
        raise IsomorphError("--config study: name the study's YAML file, study=config/demo.yaml")
    return str(named_study(given))


def remakes_versions(config: Mapping[str, Any]) -> bool:
    """Tell whether what other versions of libraries computed is to be made again.

    Raises
    ------
    IsomorphError
        When `versions` says anything but `remake`.
    """
    said = config.get("versions")
    if said not in (None, "remake"):
        raise IsomorphError(f"--config versions: {said!r}, expected remake")
    return said is not None


def refuse_storage(provider: str | None) -> None:
    """Refuse a storage that the stages could not read: they open the paths of the layout.

    Parameters
    ----------
    provider : str or None
        Whose `--default-storage-provider` keeps all files, None where they stand in folders.

    Raises
    ------
    IsomorphError
        When there is one.
    """
    if provider not in (None, "none"):
        raise IsomorphError(
            f"--default-storage-provider {provider}: the stages read and write files, not objects "
            f"of a storage; run in a folder that all machines share, and copy data/ and results/ "
            f"from it when the run has ended"
        )
