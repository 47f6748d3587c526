"""How what a study makes hangs together: who makes it from what, and whether it still fits."""

from isomorph.making.declared import (
    DECLARED,
    SUMMARISED,
    Declared,
    command_of,
    inputs_of,
    job_of,
    maker_of,
    outputs_of,
    reading_code,
    words_of,
    written_by,
)
from isomorph.making.fitting import Fitting
from isomorph.making.versions import differing, other_versions, stamps
from isomorph.making.work import begin, require, require_jobs, stamp

__all__ = [
    "DECLARED",
    "SUMMARISED",
    "Declared",
    "Fitting",
    "begin",
    "command_of",
    "differing",
    "inputs_of",
    "job_of",
    "maker_of",
    "other_versions",
    "outputs_of",
    "reading_code",
    "require",
    "require_jobs",
    "stamp",
    "stamps",
    "words_of",
    "written_by",
]
