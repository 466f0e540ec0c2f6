"""An accelerator where there is none: a device whose tensors hold true numbers, but let nobody at
them. It goes by the name of "meta", the one device besides the CPU that PyTorch always knows.

On it an operation that mixes devices fails, as on a GPU, and so does every way to a tensor's memory
from the host (data_ptr, numpy). What waits for the accelerator is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

DEVICE = torch.device("meta")


class Remote(Tensor):
    """A tensor on the accelerator; `held` are its numbers."""

    held: Tensor
    is_meta = False  # it has numbers

    @staticmethod
    def __new__(cls, held: Tensor) -> Remote:
        remote: Remote = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=DEVICE,
        )
        remote.held = held
        return remote

    def __init__(self, held: Tensor) -> None:
        pass

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, other: Tensor) -> None:
        assert isinstance(other, Remote)
        assert (other.shape, other.dtype) == (self.shape, self.dtype)
        self.held = other.held

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def data_ptr(self) -> NoReturn:
        raise AssertionError("the host looked for the address of a tensor that is elsewhere")

    def numpy(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("can't convert meta:0 device type tensor to numpy")

    __array__ = numpy

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        raise AssertionError(f"{operation} reached a tensor while its accelerator was off")


class Accelerator(TorchDispatchMode):
    """While it is on, tensors may be sent to DEVICE, made there and computed with.

    waits: how often the host asked for a number, or a tensor, that it had to wait for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0
        self.operations = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name, kwargs = operation.overloadpacket.__name__, kwargs or {}
        found: list[Tensor] = []
        tree_map(lambda a: found.append(a) if isinstance(a, Tensor) else None, (args, kwargs))
        remotes = [tensor for tensor in found if isinstance(tensor, Remote)]
        target = kwargs.get("device")
        there = bool(remotes) if target is None else torch.device(target) == DEVICE
        moves = name in ("_to_copy", "copy_", "_local_scalar_dense")
        if name == "_local_scalar_dense":
            there = False
        elif name == "copy_":
            there = isinstance(found[0], Remote)
        if remotes:
            self.operations += 1
            local = [t for t in found if not isinstance(t, Remote) and t.dim() > 0]
            if local and not moves:
                raise RuntimeError(f"{name}: expected all tensors to be on the same device")
            self.waits += not there
        elif not there:
            return operation(*args, **kwargs)
        if target is not None:
            kwargs = kwargs | {"device": torch.device("cpu")}
        result = operation(*tree_map(_held, args), **tree_map(_held, kwargs))
        if name.endswith("_") and isinstance(args[0], Tensor):  # in place
            return args[0]
        return tree_map(_remote, result) if there else result


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Remote) else value


def _remote(value: Any) -> Any:
    return Remote(value) if isinstance(value, Tensor) else value


def on_accelerator(call: Callable[[], Any]) -> tuple[Any, Accelerator]:
    """What the call returns with the accelerator on, and the accelerator."""
    with Accelerator() as accelerator:
        return call(), accelerator
