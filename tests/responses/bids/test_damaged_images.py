"""Damaged images, labels and recordings: whatever a library raises becomes one sentence."""

import gzip

import mne
import nibabel as nib
import numpy as np
import pytest
from cifti_files import surface, write_labels, write_scalars
from surfaces import write_annotation, write_series
from surfaces import write_labels as write_gifti_labels

from isomorph.errors import IsomorphError
from isomorph.responses.betas.maps import open_maps
from isomorph.responses.bids.bold import open_bold
from isomorph.responses.bids.labels import read_marks
from isomorph.responses.epochs.recording import filtered, open_recording
from isomorph.responses.grayordinates import Grayordinates
from isomorph.responses.places import Grid, Vertices
from isomorph.study.epochs import BandPass

SHAPE = (3, 3, 2)
GRID = Grid(SHAPE, np.eye(4))


def volumes(file):
    values = np.random.default_rng(0).normal(size=(*SHAPE, 5)).astype(np.float32)
    file.write_bytes(gzip.compress(nib.Nifti1Image(values, np.eye(4)).to_bytes()))


def mask(file):
    nib.Nifti1Image(np.ones(SHAPE, np.uint8), np.eye(4)).to_filename(file)


def recording(file):
    info = mne.create_info(["E1", "E2"], 100.0, "eeg")
    mne.io.RawArray(np.ones((2, 400)), info, verbose="error").save(file, verbose="error")


def whole(bold):
    bold.read(np.arange(len(bold.place)))


AXIS = surface(range(8), range(8), vertices=8)
READERS = {
    "x.nii.gz": (volumes, lambda file: whole(open_bold([file]))),
    "x.func.gii": (
        lambda file: write_series(file, np.ones((3, 4))),
        lambda file: whole(open_bold([file, file])),
    ),
    "x.nii": (mask, lambda file: read_marks(file, GRID, False)),
    "lh.x.label.gii": (
        lambda file: write_gifti_labels(file, np.array([0, 1, 1, 0]), {0: "???", 1: "a"}),
        lambda file: read_marks(file, Vertices(4, 4), False),
    ),
    "lh.x.annot": (
        lambda file: write_annotation(file, np.array([0, 1, 1, 0]), ["a", "b"]),
        lambda file: read_marks(file, Vertices(4, 4), False),
    ),
    "x.dlabel.nii": (
        lambda file: write_labels(file, np.arange(16) % 2, {0: "???", 1: "a"}, AXIS),
        lambda file: read_marks(file, Grayordinates(AXIS, file), False),
    ),
    "x.dscalar.nii": (
        lambda file: write_scalars(file, np.ones((2, 16)), ["a", "b"], AXIS),
        lambda file: open_maps(file).read(np.arange(16)),
    ),
    "x_eeg.fif": (
        recording,
        lambda file: filtered(open_recording(file), ["E1", "E2"], BandPass(high=20), file),
    ),
}


@pytest.mark.filterwarnings("ignore")  # libraries warn of much before they give up
@pytest.mark.parametrize("name", READERS)
def test_damage_is_read_or_refused_in_one_sentence(tmp_path, name):
    write, read = READERS[name]
    file = tmp_path / name
    write(file)
    read(file)
    whole_file = file.read_bytes()
    rng = np.random.default_rng(0)
    said = []
    for _ in range(60):
        content = bytearray(whole_file)
        for place in rng.integers(0, len(content), 4):
            content[place] = rng.integers(256)
        if rng.random() < 0.5:
            content = content[: rng.integers(1, len(content))]
        file.write_bytes(bytes(content))
        try:
            read(file)
        except IsomorphError as error:
            said.append(str(error))
    assert len(said) > 10
    assert not any("\n" in one for one in said)
