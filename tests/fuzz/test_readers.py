"""A small part of `benchmarks/fuzz.py`: what is damaged is read or refused in a sentence."""

import io
import warnings
from contextlib import redirect_stderr

import pytest
from mutations import mutated
from readers import READERS, valid

from isomorph.errors import IsomorphError

CHEAP = [name for name, reader in READERS.items() if reader.cost < 20]
SEEDS = range(1_000_000, 1_000_020)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_a_valid_file_is_read_and_damaged_ones_are_sentences(name, tmp_path):
    reader = READERS[name]
    file = tmp_path / "files" / reader.file
    content, said = valid(name, file.parent), []
    seeds = SEEDS if name in CHEAP else SEEDS[:3]
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        reader.read(file)
        for seed in seeds:
            file.write_bytes(mutated(content, seed, text=reader.text, packed=reader.packed))
            try:
                reader.read(file)
            except IsomorphError as error:
                said.append(str(error))
            except Exception as error:  # any other ends in a traceback
                pytest.fail(f"{name}, seed {seed}: {error!r}")
    assert all(said)
    assert not any("\x1b" in one for one in said)


def test_the_same_seed_gives_the_same_file():
    content = bytes(range(256)) * 4
    assert mutated(content, 7) == mutated(content, 7)
    assert len({mutated(content, seed) for seed in range(50)}) > 40
