"""Ready betas: a response map per stimulus, read run by run."""

from isomorph.responses.betas.subject_betas import look, read

__all__ = ["look", "read"]
