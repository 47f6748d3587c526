"""The spool: where features wait when not all images fit one batch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isomorph.disk import replacing
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.geometry import block_width
from isomorph.models.fold import LayerGram, fold
from isomorph.models.packing import FACTS, Packing
from isomorph.models.spooled_columns import Columns

PIECES = "pieces.json"
LOCK = "lock"
OUTPUT = ""
"""What the network's own output is called, where layers bear the names of modules."""


@dataclass(frozen=True)
class Piece:
    """One finished batch: its first stimulus, the one after its last, the hash of its images."""

    start: int
    stop: int
    input_sha256: str


class Spool:
    """Features of several layers on disk, written batch by batch, read layer by layer.

    A batch counts once all its layers are written and `commit` has said so in `pieces.json`; what
    was written after that is cut off when the spool is opened again. Each batch lies in blocks of
    columns, so that a block of all stimuli is read in as many pieces as there are batches. Plain
    writes, unlike writes to a memory map, report a disk that fills up.

    Parameters
    ----------
    folder : Path
        Its own.
    packings : mapping of str to Packing
        How each layer is kept.
    n_stimuli : int
    names : sequence of str, optional
        Stimuli, for reasons why a layer cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        packings: Mapping[str, Packing],
        n_stimuli: int,
        names: Sequence[str] | None = None,
    ) -> None:
        self.folder = folder
        self.packings = packings
        self.n_stimuli = n_stimuli
        self.names = names
        self.width = block_width(n_stimuli)
        self._place = {layer: place for place, layer in enumerate(packings)}
        self._written: dict[str, int] = {}
        self.pieces: list[Piece] = []
        if not self._reopened():
            self.restart()

    @property
    def done(self) -> int:
        """How many stimuli are finished."""
        return self.pieces[-1].stop if self.pieces else 0

    def append(self, layer: str, features: NDArray) -> None:
        """Append the features `(stimulus, feature)` of the batch under way."""
        packing = self.packings[layer]
        if packing.exact:
            self._write(layer, "features", features.astype(np.float32, copy=False))
        else:
            packed, facts = packing.pack(features)
            self._write(layer, "features", packed)
            self._write(layer, "facts", facts)
        self._written[layer] = self._written.get(layer, 0) + len(features)

    def commit(self, stop: int, input_sha256: str) -> None:
        """Count the batch under way as finished.

        Raises
        ------
        IsomorphError
            When a layer was not written once for every stimulus of it.
        """
        expected = stop - self.done
        for layer in self.packings:
            rows = self._written.get(layer, 0)
            if rows != expected:
                raise IsomorphError(
                    f'layer "{layer}" gave features for {rows} stimuli out of {expected}: the '
                    "model does not call it once in every batch"
                )
        for layer, packing in self.packings.items():
            for name in self._sizes(layer):
                _settle(self._file(layer, name))
            if not packing.exact:
                self._remember(layer, packing)
        self.pieces.append(Piece(self.done, stop, input_sha256))
        self._note()
        self._written = {}

    def rollback(self) -> None:
        """Forget what was written of the batch under way."""
        self._written = {}
        for layer, packing in self.packings.items():
            if not self.pieces:  # the reference was that of the batch that is forgotten
                packing.reference = packing.alive = None
            for name, size in self._sizes(layer).items():
                file = self._file(layer, name)
                if file.exists():
                    os.truncate(file, size)

    def restart(self) -> None:
        """Forget everything."""
        for file in self.folder.iterdir():
            if file.name != LOCK:
                file.unlink()
        self.pieces = []
        self.rollback()

    def read(
        self, layer: str, device: str = "cpu", places: NDArray[np.intp] | None = None
    ) -> LayerGram:
        """Fold one layer, and keep some of its features.

        Raises
        ------
        UnusableLayerError
            See `isomorph.models.fold.fold`.
        """
        packing = self.packings[layer]
        counts = [piece.stop - piece.start for piece in self.pieces]
        features = Columns(
            self._file(layer, "features"), counts, packing.n_columns, packing.dtype, self.width
        )
        if packing.exact:
            return fold(features, width=self.width, names=self.names, device=device, places=places)
        facts = np.fromfile(self._file(layer, "facts")).reshape(-1, FACTS)
        return packing.unfold(features, facts, self.names, self.width, device, places)

    def rows(self, layer: str) -> NDArray[np.float32]:
        """Return all that was kept of a narrow layer, `(stimulus, column)`."""
        packing = self.packings[layer]
        counts = [piece.stop - piece.start for piece in self.pieces]
        kept = Columns(
            self._file(layer, "features"), counts, packing.n_columns, packing.dtype, self.width
        )
        starts = range(0, packing.n_columns, self.width)
        return np.hstack([kept[:, start:] for start in starts])

    def drop(self, layer: str) -> None:
        """Remove the features of a layer that was folded and stored."""
        for name in self._sizes(layer):
            self._file(layer, name).unlink(missing_ok=True)

    def file_of_gram(self, layer: str) -> Path:
        """Return where the Gram matrix of a layer is stored when memory cannot hold all."""
        return self._file(layer, "gram.npz")

    def _file(self, layer: str, name: str) -> Path:
        return self.folder / f"{self._place[layer]}.{name}"

    def _sizes(self, layer: str) -> dict[str, int]:
        """Return the bytes that the files of a layer hold for the finished batches."""
        packing = self.packings[layer]
        sizes = {"features": self.done * packing.n_columns * packing.dtype.itemsize}
        if not packing.exact:
            sizes["facts"] = self.done * FACTS * 8
        return sizes

    def _write(self, layer: str, name: str, rows: NDArray) -> None:
        with open(self._file(layer, name), "ab") as file:
            for start in range(0, rows.shape[1], self.width):
                file.write(np.ascontiguousarray(rows[:, start : start + self.width]).data)

    def _remember(self, layer: str, packing: Packing) -> None:
        """Keep what the packing of later batches depends on."""
        assert packing.reference is not None, "a batch was packed"
        assert packing.alive is not None, "set with the reference"
        if not self.pieces:
            with replacing(self._file(layer, "reference.npz")) as temporary:
                np.savez(temporary, reference=packing.reference, scale=packing.scale)
        with replacing(self._file(layer, "alive.npy")) as temporary:
            np.save(temporary, np.packbits(packing.alive))

    def _note(self) -> None:
        with replacing(self.folder / PIECES) as temporary:
            temporary.write_text(json.dumps([astuple(piece) for piece in self.pieces]))

    def _reopened(self) -> bool:
        """Take up what an earlier run finished; False when there is nothing or it is not whole."""
        noted = self.folder / PIECES
        if not noted.is_file():
            return False
        try:
            self.pieces = [Piece(*piece) for piece in json.loads(noted.read_text())]
            for layer, packing in self.packings.items():
                if self.file_of_gram(layer).is_file():
                    continue
                for name, size in self._sizes(layer).items():
                    if self._file(layer, name).stat().st_size < size:
                        return False
                if not packing.exact:
                    noted = self._file(layer, "reference.npz")
                    with (
                        reading(noted, "a reference"),
                        np.load(noted, allow_pickle=False) as kept,
                    ):
                        packing.reference = kept["reference"]
                        packing.scale = float(kept["scale"])
                    with reading(noted := self._file(layer, "alive.npy"), "bits"):
                        alive = np.unpackbits(np.load(noted, allow_pickle=False))
                    packing.alive = alive[: packing.n_features].astype(bool)
        except (IsomorphError, OSError, ValueError, KeyError, TypeError):
            return False
        self.rollback()
        return True


def _settle(file: Path) -> None:
    """Wait until a file is on the disk: what is committed is there even after a loss of power."""
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())
