"""Extraction: one forward pass gives every layer's Gram matrix, and no feature is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from isomorph.digest import code_digest
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.models.batches import Images, TooLittleMemoryError, few_fit, halved
from isomorph.models.choosing import Choice, Patterns
from isomorph.models.fold import LayerGram, UnusableLayerError, fold
from isomorph.models.folded import Activations
from isomorph.models.forward import ForwardProgress, ForwardRun, exact, set_threads
from isomorph.models.kept import Wanted, kept_bytes, kept_places, said_of
from isomorph.models.network import Network
from isomorph.models.packing import described, fidelity, packing, products
from isomorph.models.readout import Reading
from isomorph.models.room import Room
from isomorph.models.spool import OUTPUT, Spool
from isomorph.models.spooling import remove_stale, spooling
from isomorph.models.stored import StoredGrams, save
from isomorph.saying import say

T = TypeVar("T")

SAMPLE = 32
"""Stimuli of which a sketched layer is folded exactly too, to tell how near the sketch comes."""


def extract(
    network: Network,
    images: Images,
    patterns: Patterns,
    *,
    where: str,
    scratch: Path,
    batch_size: int = 128,
    reading: Reading | None = None,
    stimuli: Sequence[str] | None = None,
    room: Room | None = None,
) -> Activations:
    """Run images through a network once and fold every layer asked for into its Gram matrix.

    When all images fit one batch, each layer is folded in the moment it is made and nothing is
    kept. Otherwise a Gram matrix needs features of images that are not in memory together, so
    features go to a folder and each layer is folded from there. What an interrupted run left in
    that folder is taken up as far as images, settings and activations of the first two images are
    the same to the bit; otherwise it is removed. A batch that does not fit in memory is halved.

    Parameters
    ----------
    network : Network
        In evaluation mode. It is moved to the GPU when there is one.
    images : array or reader (stimulus, channel, height, width)
        Preprocessed; slices are taken in order.
    patterns : str, sequence of str or None
        Layers asked for: `all`, `blocks` (see `isomorph.models.blocks`), or patterns (see
        `isomorph.models.layers.select`); None for all where they fit one batch or the room on
        disk, else the blocks.
    where : str
        The model, for errors and progress.
    scratch : Path
        Folder in which the temporary folder is made.
    batch_size : int
        Images in one forward pass; fewer where their activations would take much memory.
    reading : Reading, optional
        Tokens and positions that are read; all unless given.
    stimuli : sequence of str, optional
        Their ids, for messages.
    room : Room, optional
        How features are kept on disk, how much of it they may take, and how many of them the
        artefact keeps.

    Returns
    -------
    Activations
        Their Gram matrices and features are on disk where memory would not hold them: `discard`
        them at the end.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, when the network is not deterministic, when a choice of
        tokens or positions fits no layer, when features need more than the room they may take or
        the disk has, or when one image alone does not fit in memory.
    """
    import torch

    if len(images) < 2:
        raise IsomorphError(f"{where}: {len(images)} stimuli have no geometry; give at least two")
    n, room, reading = len(images), room or Room(), reading or Reading()
    keep = room.keep
    set_threads()
    run = ForwardRun(network, images, where)

    def fit(choice: Choice) -> bool:
        return n <= run.at_once(batch_size) or not room.refusal(where, choice, n)

    with exact(), torch.no_grad():
        with few_fit(where):
            run.survey(patterns, reading, fit)
        if keep is not None:  # which features are kept goes by the name of the layer
            run.choice = replace(run.choice, same={})
        widths = run.choice.widths
        if patterns is None and run.choice.patterns == "blocks":
            say(f"{where}: all layers would need more than {room.spool_gb:g} GB, so blocks do")
        if keep is not None:
            kept = in_words(kept_bytes(widths, n, keep))
            say(f"{where}: {kept} of features of {len(run.plans)} layers are kept")
        size = run.fitting(batch_size)
        found: Activations | None = None
        if n <= size and room.memory_holds_kept(widths, n):
            try:
                found = _at_once(run, stimuli, keep)
            except TooLittleMemoryError:
                size = halved(n, where)
        if found is None:
            found = _in_batches(run, size, scratch, room, stimuli)
        else:
            remove_stale(scratch, where)
    found.attributes.update(
        device=run.device.type,
        weights_sha256=network.weights_sha256,
        layers=run.choice.words,
        tokens=reading.tokens,
        pooling=reading.pooling,
        **said_of(keep),
    )
    found.depth.update({name: depth for depth, name in enumerate(run.choice.names)})
    return found


def _at_once(run: ForwardRun, stimuli: Sequence[str] | None, keep: Wanted) -> Activations:
    """Fold each layer in the moment it is made."""
    progress = ForwardProgress(run.where, len(run.images), len(run.plans))
    layers: dict[str, LayerGram] = {}
    left_out = dict(run.choice.left_out)

    def fold_now(name: str, features: Any) -> None:
        with _noting(left_out, name):
            places = kept_places(name, features.shape[1], keep)
            layers[name] = fold(features, names=stimuli, places=places)

    # A Gram matrix does not mind the order of features, a choice of them does.
    output = run.forward(run.images[0 : len(run.images)], fold_now, ordered=keep is not None)
    progress.say(len(run.images), last=True)
    for name, other in run.choice.same.items():
        _share(name, other, layers, left_out)
    if missing := [name for name in run.plans if name not in layers and name not in left_out]:
        raise IsomorphError(
            f'{run.where}: layer "{missing[0]}" was seen with 3 images but not with all'
        )
    return Activations(
        layers={name: layers[name] for name in run.plans if name in layers},
        left_out=left_out,
        output=output,
        words=run.words(),
        attributes={"spool": "none, all images in one batch"},
    )


def _in_batches(
    run: ForwardRun,
    size: int,
    scratch: Path,
    room: Room,
    stimuli: Sequence[str] | None,
) -> Activations:
    """Let features wait on disk, and fold each layer from there."""
    n, kind, sketch_width = len(run.images), room.spool, room.sketch_width
    if said := room.refusal(run.where, run.choice, n):
        raise IsomorphError(said)
    with few_fit(run.where):
        widths, digest = _first_look(run)
    settings = [run.words(), widths, kind, sketch_width, n, size, digest]
    settings += [code_digest("isomorph.models"), *said_of(room.keep).values()]
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    remove_stale(scratch, run.where, keep=key)
    packings = {
        # probabilities are read from the output, so it is never rounded
        name: packing(kind if name != OUTPUT else "float32", name, width, sketch_width)
        for name, width in widths.items()
    }
    layers = {name: width for name, width in widths.items() if name != OUTPUT}
    results = room.results(layers, n)
    stores = results > 0
    needed = room.needed(layers, n) + results + 4 * n * widths.get(OUTPUT, 0)
    opened = spooling(scratch, packings, n, run.where, key=key, names=stimuli, needed=needed)
    with opened as spool:
        _fill(run, spool, size)
        found = _fold_all(run, spool, stores, room.keep)
        found.attributes["spool"] = described(kind, sketch_width)
        if stores:
            found = replace(found, folder=spool.folder)
    if not stores:
        remove_stale(scratch, run.where)
    return found


def _first_look(run: ForwardRun) -> tuple[dict[str, int], str]:
    """Return how many features each layer has, the output too, and a hash of two images' own.

    The hash stands for all that decides activations: weights, code, libraries, machine.
    """
    digest = hashlib.sha256()
    widths: dict[str, int] = {}

    def look(name: str, features: Any) -> None:
        values = _on_cpu(features)
        widths[name] = values.shape[1]
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values).data)

    output = run.forward(run.images[0:2], look, ordered=True)
    if output is not None:
        look(OUTPUT, output)
    return widths, digest.hexdigest()


def _fill(run: ForwardRun, spool: Spool, size: int) -> None:
    """Pass every batch that is not finished yet, halving those that do not fit in memory."""
    n = len(run.images)
    progress = ForwardProgress(run.where, n, len(run.plans))

    def append(name: str, features: Any) -> None:
        spool.append(name, _on_cpu(features))

    if spool.pieces and not _still(run, spool):
        spool.restart()
    if spool.done:
        say(f"{run.where}: {spool.done} of {n} images are there already")
    while spool.done < n:
        start = spool.done
        pixels = run.images[start : min(start + size, n)]
        while True:
            try:
                output = run.forward(pixels, append, ordered=True)
                break
            except TooLittleMemoryError:
                spool.rollback()
                size = halved(len(pixels), run.where)
                pixels = pixels[:size]
        if OUTPUT in spool.packings and output is not None:
            spool.append(OUTPUT, output)
        spool.commit(start + len(pixels), _hash(pixels))
        progress.say(spool.done, last=spool.done == n)


def _still(run: ForwardRun, spool: Spool) -> bool:
    """Tell whether the images of every finished batch are what they were."""
    return all(
        _hash(run.images[piece.start : piece.stop]) == piece.input_sha256 for piece in spool.pieces
    )


def _fold_all(run: ForwardRun, spool: Spool, stores: bool, keep: Wanted) -> Activations:
    """Fold every layer of a full spool, into memory or onto the disk."""
    sampled, exact = _exact_of_some(run, spool)
    layers: dict[str, LayerGram] = {}
    files: dict[str, Path] = {}
    left_out = dict(run.choice.left_out)
    for name in run.plans:
        if other := run.choice.same.get(name):
            _share(name, other, layers, left_out)
            _share(name, other, files, left_out)
            continue
        file = spool.file_of_gram(name)
        if stores and file.is_file():
            files[name] = file
            continue
        with _noting(left_out, name):
            places = kept_places(name, spool.packings[name].n_features, keep)
            folded = spool.read(name, run.device.type, places)
            if name in exact:
                sketched = folded.gram[np.ix_(sampled, sampled)]
                folded = replace(folded, fidelity=fidelity(exact[name], sketched))
            if stores:
                save(file, folded)
                files[name] = file
                spool.drop(name)
            else:
                layers[name] = folded
    return Activations(
        layers=StoredGrams(files) if stores else layers,
        left_out=left_out,
        output=spool.rows(OUTPUT) if OUTPUT in spool.packings else None,
        words=run.words(),
    )


def _exact_of_some(run: ForwardRun, spool: Spool) -> tuple[NDArray[np.intp], dict[str, NDArray]]:
    """Return some stimuli and, of each layer that is sketched, their exact products."""
    sketched = {name for name, packing in spool.packings.items() if packing.kind == "sketch"}
    if not sketched:
        return np.empty(0, dtype=np.intp), {}
    n, size = len(run.images), run.fitting(min(SAMPLE, len(run.images)))
    while True:
        sampled = np.unique(np.linspace(0, n - 1, size).round().astype(np.intp))
        exact: dict[str, NDArray] = {}

        def fold_now(name: str, features: Any, into: dict[str, NDArray] = exact) -> None:
            if name in sketched:
                into[name] = products(features)

        try:
            pixels = np.concatenate([run.images[one : one + 1] for one in sampled.tolist()])
            run.forward(pixels, fold_now, ordered=False)
        except TooLittleMemoryError:
            size = halved(size, run.where)
        else:
            return sampled, exact


def _share(name: str, other: str, found: dict[str, T], left_out: dict[str, str]) -> None:
    """Give a layer what was found of another, or why nothing was: they are one tensor."""
    if other in found:
        found[name] = found[other]
    if other in left_out:
        left_out[name] = left_out[other]


@contextmanager
def _noting(left_out: dict[str, str], name: str) -> Iterator[None]:
    """Note why a layer cannot be folded."""
    try:
        yield
    except UnusableLayerError as error:
        left_out[name] = str(error)


def _on_cpu(features: Any) -> NDArray:
    return features if isinstance(features, np.ndarray) else features.cpu().numpy()


def _hash(pixels: NDArray[np.float32]) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()
