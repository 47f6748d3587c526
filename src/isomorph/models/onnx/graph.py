"""The graph of an ONNX file: what goes in, its batch axis made free, cut where layers end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.external_data_helper import load_external_data_for_model

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.own.graphs import external_files

MOVES = frozenset(
    {
        *("Cast", "Identity", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Shape"),
        *("Constant", "ConstantOfShape", "Gather", "Slice", "Split", "Expand", "Pad", "Tile"),
        *("Dropout", "Size", "Range", "QuantizeLinear", "DequantizeLinear"),
    }
)
"""Operators that move or relabel numbers: their output is not a layer of its own."""
FLOATS = {
    onnx.TensorProto.FLOAT: np.float32,
    onnx.TensorProto.FLOAT16: np.float16,
    onnx.TensorProto.DOUBLE: np.float64,
}
BATCH = "stimulus"
"""What the batch axis is called once it is free."""


@dataclass(frozen=True)
class Segment:
    """A part of a graph that ends with a layer, or the rest that follows the last.

    Attributes
    ----------
    model : onnx.ModelProto
        The part as a model of its own, whose inputs have names but no types yet: the arrays that
        come in have them.
    inputs, outputs : tuple of str
        Values it takes from earlier segments, and those it gives to later ones.
    layer : str
        Name of the layer its last node makes; empty for none.
    value : str
        The value that is the layer.
    """

    model: onnx.ModelProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    layer: str
    value: str


@dataclass(frozen=True)
class Graph:
    """A graph that takes a batch of images.

    Attributes
    ----------
    path : Path
    input : str
        Name of its input.
    output : str
        Name of its first output.
    dtype : type
        Of the input.
    channels_last : bool
        Whether it takes `(stimulus, height, width, channel)`.
    sides : tuple (int or None, int or None)
        Height and width it takes, where the file fixes them.
    segments : tuple of Segment
        In execution order.
    fixed : bytes
        The graph as the file has it where its batch axis is fixed, to check the free one against;
        empty otherwise.
    fixed_batch : int
        Images in a batch of `fixed`.
    """

    path: Path
    input: str
    output: str
    dtype: type
    channels_last: bool
    sides: tuple[int | None, int | None]
    segments: tuple[Segment, ...]
    fixed: bytes = b""
    fixed_batch: int = 0


def open_graph(path: Path) -> Graph:
    """Read an ONNX file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    IsomorphError
        When it is not an ONNX file, or takes anything but one batch of images in colour.
    """
    with reading(path, "an ONNX file"):
        model = onnx.load(path, load_external_data=False)
    external_files(model, path)
    with reading(path, "an ONNX file"):
        load_external_data_for_model(model, str(path.parent))
        onnx.checker.check_model(model)
        _check_texts(model)
    graph = model.graph
    if not graph.output or not all(node.output for node in graph.node):
        raise IsomorphError(f"{path}: its graph, or a node of it, gives nothing out")
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs) or "none"
        raise IsomorphError(
            f"{path}: takes {len(inputs)} inputs ({names}); a model of images takes one"
        )
    kind = inputs[0].type.tensor_type
    dimensions = [one.dim_value or None for one in kind.shape.dim]
    if len(dimensions) != 4 or kind.elem_type not in FLOATS or 3 not in (
        dimensions[1], dimensions[3], *([3] if dimensions[1] is None else [])
    ):  # fmt: skip
        shown = ", ".join(str(one.dim_param or one.dim_value or "?") for one in kind.shape.dim)
        type_ = onnx.TensorProto.DataType.Name(kind.elem_type).lower()
        raise IsomorphError(
            f"{path}: takes {inputs[0].name} of shape ({shown}) and type {type_}; a model of "
            "images takes (stimulus, 3, height, width) or (stimulus, height, width, 3) in floating "
            "point"
        )
    channels_last = dimensions[3] == 3 and dimensions[1] != 3
    batch = dimensions[0] or 0
    fixed = model.SerializeToString() if batch else b""
    if batch:
        _free(graph, inputs[0], batch)
    return Graph(
        path=path,
        input=inputs[0].name,
        output=graph.output[0].name,
        dtype=FLOATS[kind.elem_type],
        channels_last=channels_last,
        sides=(dimensions[1], dimensions[2]) if channels_last else (dimensions[2], dimensions[3]),
        segments=tuple(_segments(model, inputs[0])),
        fixed=fixed,
        fixed_batch=batch,
    )


def _check_texts(message: Any) -> None:
    """Refuse names that are not text: protobuf gives them as bytes.

    Raises
    ------
    ValueError
    """
    pending = [message]
    while pending:
        for field, value in pending.pop().ListFields():
            values = list(value) if field.is_repeated else [value]
            if field.message_type is not None:
                pending += values
            elif field.type == field.TYPE_STRING and not all(isinstance(v, str) for v in values):
                raise ValueError(f"its {field.name} is not text")


def _free(graph: onnx.GraphProto, value: onnx.ValueInfoProto, batch: int) -> None:
    """Free the batch axis of the input, and of reshapes to a constant shape that begins with it.

    Nothing is assumed to be right by this: the free graph is run against the fixed one.
    """
    axis = value.type.tensor_type.shape.dim[0]
    axis.Clear()
    axis.dim_param = BATCH
    constants = {tensor.name: tensor for tensor in graph.initializer} | {
        node.output[0]: attribute.t
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    for node in graph.node:
        tensor = constants.get(node.input[1]) if node.op_type == "Reshape" else None
        if tensor is None:
            continue
        shape = numpy_helper.to_array(tensor)
        if shape.size and shape[0] == batch:
            free = np.concatenate([[0], shape[1:]])  # 0: as long as the axis that comes in
            name = f"{node.output[0]}_free_shape"
            graph.initializer.append(numpy_helper.from_array(free.astype(np.int64), name))
            node.input[1] = name


def _segments(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> Iterator[Segment]:
    """Cut a graph behind every node that makes a layer.

    A network in one piece would have to hand out all its layers at once, gigabytes for some
    hundred images; piece by piece each layer is used and forgotten as in torch.
    """
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:  # constants may be needed on either side of a cut
        tensors = [attribute.t for attribute in node.attribute if attribute.name == "value"]
        if node.op_type == "Constant" and tensors:
            tensor = onnx.TensorProto()
            tensor.CopyFrom(tensors[0])
            tensor.name = node.output[0]
            stored[tensor.name] = tensor
        else:
            nodes.append(node)
    needs = [_needs(node) for node in nodes]
    last_use = {name: place for place, names in enumerate(needs) for name in names}
    last_use |= {output.name: len(nodes) for output in graph.output}
    seen = {value.name}
    for names, node in zip(needs, nodes, strict=True):
        if seen.intersection(names):
            seen.update(node.output)

    names_of = _layer_names(nodes)
    start = 0
    for place, node in enumerate(nodes):
        is_layer = node.op_type not in MOVES and node.output[0] in seen
        if not is_layer and place < len(nodes) - 1:
            continue
        inside = slice(start, place + 1)
        made = [name for one in nodes[inside] for name in one.output if name]
        wanted = [name for names in needs[inside] for name in names]
        inputs = dict.fromkeys(name for name in wanted if name not in stored and name not in made)
        given = [name for name in made if last_use.get(name, -1) > place]
        layer = node.output[0]
        outputs = dict.fromkeys([*given, *([layer] if is_layer else [])])
        kept = [stored[name] for name in dict.fromkeys(wanted) if name in stored]
        part = onnx.helper.make_graph(
            nodes[inside],
            names_of[place] or "rest",
            [onnx.ValueInfoProto(name=name) for name in inputs],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            kept,
        )
        yield Segment(
            model=_as_model(model, part),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            layer=names_of[place] if is_layer else "",
            value=layer if is_layer else "",
        )
        start = place + 1


def typed(segment: Segment, inputs: Mapping[str, NDArray]) -> bytes:
    """Return a segment as a model that takes arrays of these types."""
    model = onnx.ModelProto()
    model.CopyFrom(segment.model)
    for value in model.graph.input:
        kind = onnx.helper.np_dtype_to_tensor_dtype(inputs[value.name].dtype)
        value.type.tensor_type.elem_type = kind
    return model.SerializeToString()


def _as_model(model: onnx.ModelProto, graph: onnx.GraphProto) -> onnx.ModelProto:
    made = onnx.helper.make_model(graph, functions=list(model.functions))
    del made.opset_import[:]
    made.opset_import.extend(model.opset_import)
    made.ir_version = model.ir_version
    return made


def _needs(node: onnx.NodeProto) -> list[str]:
    """Return the values a node uses, those that its inner graphs take from outside included."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        inner: list[Any] = [attribute.g] if attribute.HasField("g") else []
        for graph in [*inner, *attribute.graphs]:
            own = {value.name for value in graph.input}
            own |= {tensor.name for tensor in graph.initializer}
            for one in graph.node:
                names += [name for name in _needs(one) if name not in own]
                own.update(one.output)
    return list(dict.fromkeys(names))


def _layer_names(nodes: Sequence[onnx.NodeProto]) -> list[str]:
    """Return a name for every node, its own with dots for slashes; numbered where two have one."""
    names = []
    counts: Counter[str] = Counter()
    for node in nodes:
        words = (node.name or node.output[0] or node.op_type).replace("/", ".").split(".")
        name = ".".join(word for word in words if word) or node.op_type
        counts[name] += 1
        names.append(name if counts[name] == 1 else f"{name}_{counts[name]}")
    return names
