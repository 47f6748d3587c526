"""Ready betas: a response map per stimulus, read run by run."""

from isomorph.responses.betas.reading import look, prepare

__all__ = ["look", "prepare"]
