"""A user's own models: which files decide one, found without running any of its code."""

from isomorph.own.graphs import external_data
from isomorph.own.model_files import SEED, digest_of, own_digests, own_files, seeded
from isomorph.own.modules import installed_folders

__all__ = [
    "SEED",
    "digest_of",
    "external_data",
    "installed_folders",
    "own_digests",
    "own_files",
    "seeded",
]
