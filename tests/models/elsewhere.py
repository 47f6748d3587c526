"""A graphics card that is none: tensors that say they lie on one, and refuse to meet others."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

ATEN = torch.ops.aten
INDEXING = {ATEN.index.Tensor, ATEN.index_put_.default, ATEN._index_put_impl_.default}
"""What takes indices that lie on the processor, as on a real card."""


EAGER = {
    torch.Tensor.double, torch.Tensor.float, torch.Tensor.long, torch.Tensor.__getitem__,
    torch.Tensor.__float__, torch.Tensor.__bool__, torch.Tensor.__int__, torch.Tensor.item,
}  # fmt: skip
"""What looks for a real card before anything else."""


class OnCard(torch.Tensor):
    """A tensor on the card; its numbers are in a tensor on the processor that nobody sees."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnCard:
        made = torch.Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), storage_offset=inner.storage_offset(),
            dtype=inner.dtype, device="cuda",
        )  # fmt: skip
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"{func} outside of a card")


class Sending(TorchFunctionMode):
    """Sends tensors to the card, before torch looks for one."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card = card

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in EAGER and isinstance(args[0], OnCard):
            made = func(args[0].inner, *tree_map(_inner, args[1:]))
            return OnCard(made) if isinstance(made, torch.Tensor) else made
        if func is not torch.Tensor.to:
            if str(kwargs.get("device")).startswith("cuda"):  # made there
                return OnCard(func(*args, **{**kwargs, "device": "cpu"}))
            return func(*args, **kwargs)
        tensor, *more = args
        if more and not isinstance(more[0], torch.dtype | torch.Tensor):
            kwargs["device"], *more = more
        kwargs |= dict(zip(("dtype",), more, strict=False))
        kwargs.pop("non_blocking", None)
        place = kwargs.pop("device", None) or tensor.device
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        if torch.device(place).type != "cuda":
            return func(tensor, place, **kwargs)
        if isinstance(tensor, OnCard):
            return OnCard(tensor.inner.to(**kwargs)) if kwargs else tensor
        self.card.sent += tensor.nbytes
        sent = tensor.detach().clone()
        return OnCard(sent.to(**kwargs) if kwargs else sent)


class Card(TorchDispatchMode):
    """Runs what is on the card, and counts what comes and goes.

    Attributes
    ----------
    sent, fetched : int
        Bytes from the processor to the card, and back.
    """

    def __init__(self) -> None:
        super().__init__()
        torch._C._ensureCUDADeviceGuardSet()  # as torch does for its own fake tensors
        self._sending = Sending(self)
        self.sent = self.fetched = 0

    def __enter__(self) -> Card:
        self._sending.__enter__()
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch.__future__.set_overwrite_module_params_on_conversion(False)
        self._sending.__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        flat, _ = tree_flatten((args, kwargs))
        tensors = [one for one in flat if isinstance(one, torch.Tensor)]
        here = any(isinstance(one, OnCard) for one in tensors)
        inner_args, inner = tree_map(_inner, args), tree_map(_inner, kwargs)
        to = kwargs.get("device")
        if (
            here
            and func is ATEN._to_copy.default
            and to is not None
            and torch.device(to).type == "cpu"
        ):
            made = func(*inner_args, **inner)
            self.fetched += made.nbytes
            return made
        if here and to is not None:
            inner["device"] = torch.device("cpu")
        if here and func not in INDEXING:
            for one in tensors:
                if not isinstance(one, OnCard) and one.ndim:
                    raise RuntimeError("Expected all tensors to be on the same device")
        made = func(*inner_args, **inner)
        if not here:
            return made
        if func._schema.is_mutable:  # returns what it changed
            return args[0]
        return tree_map(lambda one: OnCard(one) if isinstance(one, torch.Tensor) else one, made)


def _inner(one: Any) -> Any:
    return one.inner if isinstance(one, OnCard) else one
