"""ONNX graphs against the same network in torch, and against the runtime in one piece."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from isomorph.artefacts import sha256
from isomorph.errors import IsomorphError
from isomorph.models import SOURCES
from isomorph.models.extraction import extract
from isomorph.models.layers import discover, watching
from isomorph.models.readout import Reading
from isomorph.study import ModelSpec

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from isomorph.models.onnx import check, network, open_onnx  # noqa: E402
from isomorph.models.onnx.graph import open_graph  # noqa: E402
from isomorph.models.source import Request  # noqa: E402
from isomorph.own.graphs import external_files  # noqa: E402

SIZE = 8
FLOAT = onnx.TensorProto.FLOAT


class Small(nn.Module):
    """A convolution, a residual sum, pooling and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Linear(4 * 4 * 4, 5)

    def forward(self, x):
        values = {"stem.Conv": self.stem(x)}
        values["stem.Relu"] = torch.relu(values["stem.Conv"])
        values["sum"] = values["stem.Conv"] + values["stem.Relu"]
        values["MaxPool"] = nn.functional.max_pool2d(values["sum"], 2)
        values["head.Gemm"] = self.head(values["MaxPool"].flatten(1))
        return values


def small(seed: int = 0) -> Small:
    torch.manual_seed(seed)
    return Small().eval()


def write(
    path: Path, module: Small, batch: int | str = "n", *, shape: tuple[int, ...] = (0, 64),
    channels_last: bool = False, elem_type: int = FLOAT,
) -> Path:  # fmt: skip
    """Write the network by hand, as exporters do: slashes in names, a reshape to a stored shape."""
    make = onnx.helper.make_node
    stored = {
        name: onnx.numpy_helper.from_array(value.detach().numpy(), name)
        for name, value in module.named_parameters()
    }
    stored["shape"] = onnx.numpy_helper.from_array(np.array(shape, dtype=np.int64), "shape")
    entering = "image"
    nodes = []
    if channels_last:
        nodes.append(make("Transpose", ["image"], ["t"], "/Transpose", perm=[0, 3, 1, 2]))
        entering = "t"
    nodes += [
        make("Conv", [entering, "stem.weight", "stem.bias"], ["c"], "/stem/Conv", pads=[1] * 4),
        make("Relu", ["c"], ["r"], "/stem/Relu"),
        make("Add", ["c", "r"], ["sum"]),  # no name of its own
        make("MaxPool", ["sum"], ["p"], "/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        make("Reshape", ["p", "shape"], ["f"], "/Reshape"),
        make("Gemm", ["f", "head.weight", "head.bias"], ["y"], "/head/Gemm", transB=1),
    ]
    sides = [SIZE, SIZE, 3] if channels_last else [3, SIZE, SIZE]
    graph = onnx.helper.make_graph(
        nodes,
        "small",
        [onnx.helper.make_tensor_value_info("image", elem_type, [batch, *sides])],
        [onnx.helper.make_tensor_value_info("y", FLOAT, [batch, 5])],
        list(stored.values()),
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def images(number: int = 6) -> torch.Tensor:
    return torch.from_numpy(
        np.random.default_rng(3).random((number, 3, SIZE, SIZE), dtype=np.float32)
    )


def seen(module: nn.Module, batch: torch.Tensor) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    with watching(module, lambda name, tensor: found.setdefault(name, tensor.clone())):
        found["output"] = module(batch)
    return found


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(
    ("batch", "shape"), [("n", (0, 64)), ("n", (-1, 64)), (1, (1, 64)), (2, (2, -1))]
)
def test_every_layer_is_what_torch_computes_in_the_order_of_the_graph(
    tmp_path, batch, shape, channels_last
):
    net = small()
    file = write(tmp_path / "small.onnx", net, batch, shape=shape, channels_last=channels_last)
    x = images()
    found = seen(open_onnx(file).module, x)
    expected = net(x)
    assert list(found)[:-1] == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found["output"], expected["head.Gemm"], atol=1e-5, rtol=1e-5)


def test_gram_matrices_are_those_of_the_torch_network(tmp_path):
    net = small()
    opened = open_onnx(write(tmp_path / "small.onnx", net))
    x = images()
    found = extract(opened, x.numpy(), ["**"], where="small", scratch=tmp_path)
    assert found.attributes["weights_sha256"] == opened.weights_sha256
    for name, value in net(x).items():
        features = value.detach().double().flatten(1).numpy()
        features -= features.mean(0)
        gram = found.layers[name].gram
        np.testing.assert_allclose(gram, features @ features.T, atol=1e-4 * np.trace(gram))


def test_blue_may_come_first(tmp_path):
    file = write(tmp_path / "small.onnx", small())
    x = images()
    turned = open_onnx(file, bgr=True).module(x)
    torch.testing.assert_close(turned, open_onnx(file).module(x.flip(1)))


def test_a_graph_made_for_one_image_only_is_refused(tmp_path):
    # (1, -1) after a constant tile of one: freed, it would mix up images.
    file = write(tmp_path / "one.onnx", small(), 1)
    model = onnx.load(file)
    model.graph.node[4].CopyFrom(onnx.helper.make_node("Reshape", ["p", "odd"], ["f"], "/Reshape"))
    model.graph.node.insert(4, onnx.helper.make_node("Identity", ["shape1"], ["odd"], "/Hidden"))
    model.graph.initializer.append(
        onnx.numpy_helper.from_array(np.array([1, 64], dtype=np.int64), "shape1")
    )
    onnx.save(model, file)
    module = open_onnx(file).module
    with pytest.raises(IsomorphError, match=r"one\.onnx: is made for batches of 1"):
        module(images())


def test_a_freed_graph_that_gives_other_numbers_is_refused(tmp_path):
    # The mean over the first axis is that of one image, but not of two.
    file = write(tmp_path / "mean.onnx", small(), 1, shape=(1, 64))
    model = onnx.load(file)
    mean = onnx.helper.make_node("ReduceMean", ["c"], ["m"], "/Mean", axes=[0], keepdims=1)
    model.graph.node.insert(1, mean)
    model.graph.node[2].input[0] = "m"
    onnx.save(model, file)
    with pytest.raises(IsomorphError, match="gives other numbers for more; export it again"):
        open_onnx(file).module(images())


def test_values_without_a_stimulus_axis_are_left_out_by_name(tmp_path):
    file = write(tmp_path / "mean.onnx", small())
    model = onnx.load(file)
    model.graph.node.insert(
        1, onnx.helper.make_node("ReduceMean", ["c"], ["m"], "/Mean", axes=[0], keepdims=1)
    )
    onnx.save(model, file)
    known = discover(open_onnx(file).module, images(3))
    assert known["Mean"].left_out
    assert not known["stem.Relu"].left_out


def test_inner_graphs_may_use_values_from_outside(tmp_path):
    file = write(tmp_path / "if.onnx", small())
    model = onnx.load(file)
    branch = [
        onnx.helper.make_graph(
            [onnx.helper.make_node(kind, ["r"], [name])], name, [],
            [onnx.helper.make_tensor_value_info(name, FLOAT, None)],
        )
        for kind, name in (("Neg", "negative"), ("Identity", "same"))
    ]  # fmt: skip
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(False), "flag"))
    model.graph.node.insert(
        2,
        onnx.helper.make_node(
            "If", ["flag"], ["chosen"], "/If", then_branch=branch[0], else_branch=branch[1]
        ),
    )
    model.graph.node[3].input[1] = "chosen"
    onnx.save(model, file)
    torch.testing.assert_close(
        open_onnx(file).module(images()), small()(images())["head.Gemm"], atol=1e-5, rtol=1e-5
    )


def test_nodes_of_one_name_are_numbered(tmp_path):
    file = write(tmp_path / "small.onnx", small())
    model = onnx.load(file)
    model.graph.node[1].name = "/stem/Conv"
    onnx.save(model, file)
    assert list(seen(open_onnx(file).module, images()))[:2] == ["stem.Conv", "stem.Conv_2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.graph.input.append(
            onnx.helper.make_tensor_value_info("mask", FLOAT, ["n"])),
         r"takes 2 inputs \(image, mask\); a model of images takes one"),
        (lambda m: m.graph.input[0].type.CopyFrom(
            onnx.helper.make_tensor_type_proto(onnx.TensorProto.INT64, ["n", 12])),
         r"takes image of shape \(n, 12\) and type int64; a model of images takes"),
        (lambda m: m.graph.input[0].type.CopyFrom(
            onnx.helper.make_tensor_type_proto(FLOAT, ["n", 1, 8, 8])),
         r"takes image of shape \(n, 1, 8, 8\)"),
    ],
)  # fmt: skip
def test_graphs_that_take_no_images_are_refused(tmp_path, change, message):
    file = write(tmp_path / "odd.onnx", small())
    model = onnx.load(file)
    change(model)
    onnx.save(model, file)
    with pytest.raises(IsomorphError, match=rf"odd\.onnx: {message}"):
        open_onnx(file)


def test_files_that_cannot_be_used_are_said(tmp_path):
    with pytest.raises(IsomorphError, match=r"none\.onnx: no such ONNX file"):
        open_onnx(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("a network")
    with pytest.raises(IsomorphError, match=r"text\.onnx: cannot be read as an ONNX file"):
        open_onnx(tmp_path / "text.onnx")
    file = write(tmp_path / "small.onnx", small())
    with pytest.raises(IsomorphError, match=r"has sha256 .*, expected 0{64}; it is not"):
        open_onnx(file, expected="0" * 64)
    with pytest.raises(IsomorphError, match="it is not the file that was pinned"):
        open_onnx(file, expected=open_onnx(file).weights_sha256[:12])
    with pytest.raises(IsomorphError, match="takes images of 8 × 8 pixels, not 8 × 9"):
        open_onnx(file).module(torch.zeros(2, 3, 8, 9))
    model = onnx.load(file)
    model.graph.node[1].op_type, model.graph.node[1].domain = "Swirl", "odd.domain"
    model.opset_import.append(onnx.helper.make_opsetid("odd.domain", 1))
    onnx.save(model, file)
    with pytest.raises(IsomorphError, match=r"small\.onnx: cannot be run by onnxruntime"):
        open_onnx(file).module(images())


def test_weights_in_a_file_beside_the_graph_are_part_of_its_digest(tmp_path):
    file = tmp_path / "small.onnx"
    digests = []
    for scale in (1.0, 2.0):
        module = small()
        with torch.no_grad():
            module.head.weight.mul_(scale)
        model = onnx.load(write(file, module))
        (tmp_path / "w.bin").unlink(missing_ok=True)
        onnx.save_model(model, file, save_as_external_data=True, location="w.bin", size_threshold=0)
        digests.append((sha256(file), open_onnx(file).weights_sha256))
    (graph, one), (same_graph, doubled) = digests
    assert graph == same_graph
    assert one != doubled
    lines = "".join(f"{sha256(tmp_path / name)}  {name}\n" for name in ("small.onnx", "w.bin"))
    assert doubled == hashlib.sha256(lines.encode()).hexdigest()
    open_onnx(file, expected=doubled)


def test_a_study_names_a_file_beside_the_model(tmp_path):
    file = write(tmp_path / "small.onnx", small())
    digest = open_onnx(file).weights_sha256
    spec = ModelSpec.model_validate(
        {"name": "mine", "title": "Mine", "source": "onnx/small.onnx",
         "weights": {"sha256": digest}, "options": {"channels": "bgr"},
         "preprocessing": {"size": SIZE}}
    )  # fmt: skip
    wanted = Request("mine", spec, None, tmp_path / "weights", tmp_path)
    found = SOURCES[spec.source].network(wanted)
    torch.testing.assert_close(found.module(images()), open_onnx(file, bgr=True).module(images()))
    odd = spec.model_copy(update={"options": {"channels": "gbr"}})
    with pytest.raises(IsomorphError, match=r'mine: options.channels is "gbr"; .* rgb or bgr'):
        network(Request("mine", odd, None, tmp_path, tmp_path))
    with pytest.raises(IsomorphError, match="is not an ONNX file"):
        check("resnet50", tmp_path)


def test_threads_are_those_of_torch_and_no_session_keeps_memory(tmp_path, monkeypatch):
    asked = []
    opened = onnxruntime.InferenceSession

    def session(model, options, **more):
        asked.append((options.intra_op_num_threads, options.inter_op_num_threads))
        assert not options.enable_cpu_mem_arena
        return opened(model, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    open_onnx(write(tmp_path / "small.onnx", small())).module(images())
    assert set(asked) == {(1, 1)}


def test_blocks_of_a_graph_are_refused_and_its_maps_still_pool(tmp_path):
    found = open_onnx(write(tmp_path / "net.onnx", small()))
    with pytest.raises(IsomorphError, match=r"^mine: layers: blocks .* write all, or patterns"):
        extract(found, images().numpy(), "blocks", where="mine", scratch=tmp_path)
    for patterns in ("all", ["stem.*"]):
        reading = Reading(pooling="mean")
        pooled = extract(
            found, images().numpy(), patterns, where="mine", scratch=tmp_path, reading=reading
        )
        assert pooled.layers["stem.Relu"].n_features == 4


def with_weights_at(location, holder):
    """Return a model of which a tensor stands in a file, as an initial value or further in."""
    tensor = onnx.TensorProto(
        name="k", data_type=onnx.TensorProto.FLOAT, dims=[4],
        data_location=onnx.TensorProto.EXTERNAL,
    )  # fmt: skip
    tensor.external_data.add(key="location", value=location)
    constant = onnx.helper.make_node("Constant", [], ["k"], value=tensor)
    opsets, functions, nodes, initial = [onnx.helper.make_opsetid("", 17)], [], [], []
    if holder == "initial":
        initial = [tensor]
    elif holder == "constant":
        nodes = [constant]
    else:
        functions = [onnx.helper.make_function("lab", "F", ["x"], ["k"], [constant], opsets)]
        nodes, opsets = [onnx.helper.make_node("F", ["x"], ["k"], domain="lab")], [
            *opsets, onnx.helper.make_opsetid("lab", 1)
        ]  # fmt: skip
    nodes.append(onnx.helper.make_node("Identity", ["k"], ["y"]))
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 3, SIZE, SIZE])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [4])],
        initial,
    )
    return onnx.helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=8)


@pytest.mark.parametrize("holder", ["initial", "constant", "function"])
def test_weights_stand_in_no_file_outside_the_models_folder(tmp_path, holder):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "id_rsa").write_bytes(b"PRIVATE KEY BYTE")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "home" / "id_rsa")
    (folder / "linked").symlink_to(tmp_path / "home")
    for name in (str(tmp_path / "home/id_rsa"), "../home/id_rsa", "link", "linked/id_rsa"):
        model = with_weights_at(name, holder)
        (folder / "net.onnx").write_bytes(model.SerializeToString())
        with pytest.raises(IsomorphError, match="outside the folder that it belongs to"):
            open_onnx(folder / "net.onnx")
    (folder / "beside").write_bytes(b"0123456789abcdef")
    model = with_weights_at("beside", holder)
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    assert external_files(model, folder / "net.onnx") == [folder / "beside"]
    open_graph(folder / "net.onnx")
