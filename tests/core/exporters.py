# SPDX-License-Identifier: Apache-2.0
"""Objects that speak DLPack, well or badly, built with ctypes."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np


class Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_code", ctypes.c_int32),
        ("device_index", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("type_code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class ManagedTensor(ctypes.Structure):
    """DLManagedTensor, DLPack before 1.0."""

    _fields_ = [("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class ManagedTensorVersioned(ctypes.Structure):
    """DLManagedTensorVersioned, DLPack from 1.0 on."""

    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


# The capsule is being deallocated when its destructor runs: it must not become a Python object again.
_Destructor = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, _Destructor]
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype = ctypes.c_int
_is_valid.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

TYPE_CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}


class Exporter:
    """A library's array with nothing but DLPack, a shape and a dtype.

    Parameters
    ----------
    array : ndarray
        The memory.
    version : tuple of two int, optional
        Of DLPack; None for the capsules before 1.0.
    understands_max_version : bool
        Whether ``__dlpack__`` takes `max_version`, as from 1.0 on.
    device : tuple of two int
        What ``__dlpack_device__`` and the tensor say.
    poison : bool
        Whether the memory is overwritten as soon as it is released.
    changes
        Fields of the DLTensor to set otherwise, or ``flags``.

    Attributes
    ----------
    exported, released : int
        Capsules handed out, and those of which the deleter was called.
    """

    def __init__(
        self,
        array: np.ndarray[Any, Any],
        *,
        version: tuple[int, int] | None = (1, 0),
        understands_max_version: bool = True,
        device: tuple[int, int] = (1, 0),
        poison: bool = False,
        **changes: Any,
    ) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.version = version
        self.understands_max_version = understands_max_version
        self.device = device
        self.poison = poison
        self.changes = changes
        self.exported = self.released = 0
        self.arguments: list[dict[str, Any]] = []
        self._alive: list[Any] = []

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **arguments: Any) -> Any:
        if not self.understands_max_version and "max_version" in arguments:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        self.arguments.append(arguments)
        return self.capsule()

    def capsule(self) -> Any:
        """Export once more."""
        array, n = self.array, self.array.ndim
        managed: Any = ManagedTensor() if self.version is None else ManagedTensorVersioned()
        if self.version is not None:
            managed.major, managed.minor = self.version
            managed.flags = self.changes.get("flags", 0)
        tensor = managed.tensor
        tensor.data = array.ctypes.data
        tensor.device_code, tensor.device_index = self.device
        tensor.ndim = n
        tensor.type_code, tensor.bits, tensor.lanes = TYPE_CODES[array.dtype.kind], array.itemsize * 8, 1
        tensor.shape = (ctypes.c_int64 * n)(*array.shape)
        tensor.strides = (ctypes.c_int64 * n)(*(stride // array.itemsize for stride in array.strides))
        for field, value in self.changes.items():
            if field != "flags":
                setattr(tensor, field, value)
        name = b"dltensor" if self.version is None else b"dltensor_versioned"

        def release(capsule: int) -> None:
            if _is_valid(capsule, name):  # a consumer that had taken the memory would have renamed the capsule
                self.released += 1
                if self.poison:
                    self.array[...] = 77

        destructor = _Destructor(release)
        self._alive += [managed, name, destructor]
        self.exported += 1
        return _new_capsule(ctypes.addressof(managed), name, destructor)


def int64_array(*values: int) -> Any:
    """Return a shape or strides for `Exporter`."""
    return ctypes.cast((ctypes.c_int64 * len(values))(*values), ctypes.POINTER(ctypes.c_int64))
