"""Models that are given, not run: features, RDMs, judgements of people, vectors of words."""
