"""Ready betas: a response map per stimulus, read run by run."""

from isomorph.responses.betas.reading import look, read

__all__ = ["look", "read"]
