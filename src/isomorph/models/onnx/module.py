"""An ONNX graph as a torch module, each layer of which is a submodule that can be listened to."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from isomorph.errors import IsomorphError, first_line
from isomorph.models.onnx.graph import Graph, typed

RUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    one
    for one in vars(runtime_errors).values()
    if isinstance(one, type) and issubclass(one, Exception)
)
"""All that the runtime itself raises."""
ONLY_ERRORS = 3
"""Severity from which the runtime speaks; what it optimises is not the user's business."""
TOLERANCE = 1e-3
"""How far the free graph may be from the fixed one, relative to the largest number."""


class Value(torch.nn.Module):
    """Hands on what a node of the graph made, so that a hook on it sees the tensor."""

    def forward(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor


class OnnxModule(torch.nn.Module):
    """Runs a graph segment by segment on the processor.

    Submodules bear the names of the graph's nodes, dots for slashes, and are called in the order
    of the graph.

    Parameters
    ----------
    graph : Graph
    bgr : bool
        Whether the graph takes blue first.
    """

    def __init__(self, graph: Graph, *, bgr: bool = False) -> None:
        super().__init__()
        self.graph = graph
        self.bgr = bgr
        self._sessions: list[onnxruntime.InferenceSession] = []
        self._checked = not graph.fixed
        self._values = {}
        for segment in graph.segments:
            if segment.layer:
                self._values[segment.layer] = _at(self, segment.layer.split("."))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Run a batch `(stimulus, 3, height, width)`, red first.

        Raises
        ------
        IsomorphError
            When the graph takes images of another size, cannot be run, or turns out to be made
            for one number of images only.
        """
        array = self._as_input(images)
        if not self._checked:
            self._check(array)
        return self._run(array, images.device)

    def _as_input(self, images: torch.Tensor) -> NDArray:
        sides = tuple(images.shape[2:])
        wanted = self.graph.sides
        if any(one not in (None, side) for one, side in zip(wanted, sides, strict=True)):
            height, width = (one or "any" for one in wanted)
            raise IsomorphError(
                f"{self.graph.path}: takes images of {height} × {width} pixels, not {sides[0]} × "
                f"{sides[1]}; set preprocessing.size"
            )
        if self.bgr:
            images = images.flip(1)
        if self.graph.channels_last:
            images = images.permute(0, 2, 3, 1)
        return np.ascontiguousarray(images.detach().cpu().numpy().astype(self.graph.dtype))

    def _run(self, array: NDArray, device: torch.device, *, listen: bool = True) -> torch.Tensor:
        values: dict[str, NDArray] = {self.graph.input: array}
        last = {
            name: place
            for place, segment in enumerate(self.graph.segments)
            for name in segment.inputs
        }
        last[self.graph.output] = len(self.graph.segments)
        for place, segment in enumerate(self.graph.segments):
            inputs = {name: values[name] for name in segment.inputs}
            if place == len(self._sessions):
                self._sessions.append(self._open(typed(segment, inputs)))
            found = self._call(self._sessions[place], segment.outputs, inputs)
            values.update(zip(segment.outputs, found, strict=True))
            if listen and segment.layer and values[segment.value].dtype.kind == "f":
                self._values[segment.layer](_tensor(values[segment.value], device))
            for name in [name for name in values if last.get(name, -1) <= place]:
                del values[name]
        return _tensor(values[self.graph.output], device)

    def _check(self, array: NDArray) -> None:
        """Compare the graph whose batch axis was freed with the one in the file.

        Raises
        ------
        IsomorphError
            When it does not run, or gives other numbers.
        """
        size = self.graph.fixed_batch
        some = array[np.arange(2 * size) % len(array)]
        session = self._open(self.graph.fixed)
        fixed = np.concatenate(
            [
                self._call(session, (self.graph.output,), {self.graph.input: half})[0]
                for half in (some[:size], some[size:])
            ]
        )
        sentence = (
            f"{self.graph.path}: is made for batches of {size} and gives other numbers for more; "
            "export it again with a dynamic batch axis"
        )
        try:
            free = self._run(some, torch.device("cpu"), listen=False).numpy()
        except IsomorphError as error:
            raise IsomorphError(sentence) from error
        scale = float(np.abs(fixed).max()) or 1.0
        if free.shape != fixed.shape or np.abs(free - fixed).max() > TOLERANCE * scale:
            raise IsomorphError(sentence)
        self._checked = True

    def _open(self, model: bytes) -> onnxruntime.InferenceSession:
        """Open a session with as many threads as torch uses."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = ONLY_ERRORS
        # each of the many sessions would keep the most it ever used: 23 GB for 92 images
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        try:
            return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except RUNTIME_ERRORS as error:
            raise self._sentence(error) from error

    def _call(
        self,
        session: onnxruntime.InferenceSession,
        outputs: tuple[str, ...],
        inputs: dict[str, NDArray],
    ) -> list[NDArray]:
        try:
            return session.run(list(outputs), inputs) if outputs else []
        except RUNTIME_ERRORS as error:
            raise self._sentence(error) from error

    def _sentence(self, error: Exception) -> IsomorphError:
        reason = first_line(error)
        return IsomorphError(f"{self.graph.path}: cannot be run by onnxruntime ({reason})")


def _tensor(array: Any, device: torch.device) -> torch.Tensor:
    # The runtime's own memory stays alive with the array; nobody else writes to it.
    return torch.from_numpy(np.asarray(array)).to(device)


def _at(root: torch.nn.Module, path: list[str]) -> Value:
    """Return the module at a dotted path, made with all that lead to it."""
    module: torch.nn.Module = root
    for word in path:
        inner = module._modules.get(word)
        if inner is None:
            inner = Value()
            # `add_module` refuses names that are attributes of every module: "training", "half".
            module._modules[word] = inner
        module = inner
    assert isinstance(module, Value), "every module below the root is one"
    return module
