"""What words and captions of the stimuli mean, as vectors: from a table, or from a library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table, reading
from isomorph.models.folded import Activations, from_features
from isomorph.models.given.features import TABLES, finite, numbers, without_count
from isomorph.models.given.files import file_of, options_of
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import digest_of_module
from isomorph.models.libraries.weights import refuse_other
from isomorph.models.source import Inputs
from isomorph.study.given import TextOptions

PLAIN = (".txt", ".vec")
"""How names of files of word vectors end, a line each: the word, then its numbers."""


def of_table(inputs: Inputs) -> Activations:
    """Return the vectors of the stimuli's words or captions, as a table gives them.

    A table of columns holds texts in the column `key` and a number in every other. A file whose
    name ends in `.txt` or `.vec` holds a word and its numbers in each line, as GloVe, word2vec and
    fastText are published. Texts are looked up as they are, else without regard to case.

    Parameters
    ----------
    inputs : Inputs
        Named `text/<table>`.

    Raises
    ------
    IsomorphError
        When the table is not there, a text is not in it, or comes twice.
    """
    file, said = file_of(inputs), options_of(inputs, TextOptions)
    texts = texts_of(inputs, said)
    if file.name.endswith(TABLES):
        table = without_count(read_table(file, said.key), file)
        rows = _found(texts, table[said.key].tolist(), f"{file}: {said.key}")
        values = numbers(table.drop(columns=said.key).iloc[rows], str(file))
    else:
        values = _of_lines(file, texts)
    return _folded(inputs, file.name.partition(".")[0], finite(values, inputs, str(file)))


def of_library(inputs: Inputs) -> Activations:
    """Return the embeddings of the stimuli's words or captions by sentence-transformers.

    Parameters
    ----------
    inputs : Inputs
        Named `sentence_transformers/<model>`, as the library calls it: a name on the Hugging Face
        Hub, or a folder beside the model's file.

    Raises
    ------
    IsomorphError
        When the library is not installed, does not have the model, or a text is empty.
    """
    models: Any = library("sentence_transformers")
    texts = texts_of(inputs, options_of(inputs, TextOptions))
    place = inputs.beside / inputs.name
    weights = inputs.spec.weights
    name = str(place) if place.is_dir() else inputs.name
    with reading(inputs.name, "a model of sentence-transformers"):
        model = models.SentenceTransformer(
            name,
            device="cpu",
            revision=weights.revision if weights else None,
            cache_folder=str(inputs.weights / "sentence_transformers"),
            model_kwargs={"use_safetensors": True},  # a pickle would run code
        )
        values = np.asarray(model.encode(texts, convert_to_numpy=True), dtype=np.float64)
    digest = digest_of_module(model)
    refuse_other(inputs, digest, inputs.spec.source, "correct weights.sha256")
    found = _folded(inputs, "embedding", finite(values, inputs, inputs.instance))
    return replace(found, attributes={**found.attributes, "weights_sha256": digest})


def check_library(_name: str) -> None:
    """Refuse where the library is not installed; whether it has a model is known when it loads."""
    library("sentence_transformers")


def texts_of(inputs: Inputs, said: TextOptions) -> list[str]:
    """Return the text of each stimulus.

    Raises
    ------
    IsomorphError
        When the stimulus table has no such column, or a stimulus has no text in it.
    """
    table = inputs.stimuli
    where = f"{inputs.instance}: options.column"
    if said.column not in table:
        raise IsomorphError(
            f'{where}: the stimulus table has no "{said.column}", '
            f"{did_you_mean(said.column, map(str, table.columns))}"
        )
    column = table[said.column]
    texts = column.astype(str).where(column.notna(), "").str.strip().tolist()
    if "" in texts:
        name = table["stimulus"].iloc[texts.index("")]
        raise IsomorphError(
            f"{where}: {said.column} is empty for {texts.count('')} of {len(texts)} stimuli, "
            f'"{name}" for one; every stimulus needs a text'
        )
    return texts


def _found(texts: Sequence[str], keys: Sequence[str], where: str) -> list[int]:
    """Return the row of each text."""
    rows: dict[str, int] = {}
    wanted = {*texts, *(text.casefold() for text in texts)}
    folded: dict[str, int] = {}
    for at, key in enumerate(keys):
        if key in rows and key in wanted:
            raise IsomorphError(f'{where}: holds "{key}" twice, expected each text once')
        rows.setdefault(key, at)
        folded.setdefault(key.casefold(), at)
    found = [rows.get(text, folded.get(text.casefold(), -1)) for text in texts]
    if -1 in found:
        _refuse_absent([text for text, at in zip(texts, found, strict=True) if at < 0], keys, where)
    return found


def _refuse_absent(absent: Sequence[str], keys: Iterable[str], where: str) -> None:
    first = dict.fromkeys(absent)
    name = next(iter(first))
    near = [key for key in keys if key[:1].casefold() == name[:1].casefold()][:2000]
    raise IsomorphError(
        f'{where}: has no vector of {len(first)} of the texts, "{name}" for one'
        + (f", {did_you_mean(name, near)}" if near else "")
    )


def _of_lines(file: Path, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return vectors of a file with a word in each line, of which only those wanted are kept."""
    wanted = {*texts, *(text.casefold() for text in texts)}
    kept: dict[str, list[float]] = {}
    with reading(file, "a file of word vectors"), file.open(encoding="utf-8") as lines:
        for line in lines:
            word, _, rest = line.rstrip().partition(" ")
            if (word in wanted or word.casefold() in wanted) and word not in kept:
                kept[word] = [float(one) for one in rest.split()]
    rows = list(kept)
    found = _found(texts, rows, str(file))
    vectors: Mapping[str, list[float]] = kept
    lengths = {len(vectors[rows[at]]) for at in found}
    if len(lengths) > 1:
        raise IsomorphError(
            f"{file}: vectors of {min(lengths)} and of {max(lengths)} numbers, expected as many "
            "for every word"
        )
    return np.array([vectors[rows[at]] for at in found])


def _folded(inputs: Inputs, layer: str, values: NDArray[np.float64]) -> Activations:
    spec = inputs.spec
    return from_features({layer: values}, spec.layers or "all", inputs.instance, {}, spec.features)
