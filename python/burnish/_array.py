# SPDX-License-Identifier: Apache-2.0
"""What goes in comes out: arrays of the caller's own library, on the caller's own device.

torch is never imported here; a tensor can only come from a program that has imported it.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np

from burnish import _core


def is_torch(x: Any) -> bool:
    """Whether `x` is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def is_cupy(x: Any) -> bool:
    """Whether `x` is a CuPy array."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(x, cupy.ndarray)


def as_array(x: Any) -> Any:
    """Return `x` itself if it is an array that the core can read, else what NumPy makes of it (lists, data frames)."""
    if isinstance(x, np.ndarray) or not hasattr(x, "__dlpack__"):
        return np.asanyarray(x)
    if not hasattr(x, "__dlpack_device__"):
        raise TypeError(f"a {type(x).__name__} has __dlpack__ but no __dlpack_device__")
    if not is_on_gpu(x) and not hasattr(x, "shape"):
        return np.from_dlpack(x)
    return x


def dtype_name(x: Any) -> str:
    """Return ``"float32"`` for both ``numpy.float32`` and ``torch.float32``."""
    dtype = getattr(x, "dtype", x)
    return _numpy_name(dtype) if isinstance(dtype, np.dtype) else str(dtype).rpartition(".")[2]


@functools.lru_cache(maxsize=64)  # NumPy takes 10 microseconds
def _numpy_name(dtype: np.dtype[Any]) -> str:
    return str(dtype).rpartition(".")[2]


def is_on_gpu(x: Any) -> bool:
    """Whether `x` lives in CUDA memory."""
    if isinstance(x, np.ndarray):
        return False
    try:
        device = x.__dlpack_device__()
    except Exception:  # the core asks again, and says what is wrong
        return False
    return isinstance(device, tuple) and device[:1] in ((2,), (13,))


def current_stream(x: Any) -> int:
    """Return the CUDA stream on which the caller's library works now, on the device of `x`; 0 on a CPU."""
    if not is_on_gpu(x):
        return 0
    if is_torch(x):
        return int(sys.modules["torch"].cuda.current_stream(x.device).cuda_stream)
    if is_cupy(x):
        return int(sys.modules["cupy"].cuda.get_current_stream().ptr)
    return 0


def empty(like: Any, shape: int | tuple[int, ...], dtype: str) -> Any:
    """Allocate an array for the core to write the result of a call on `like` to; see `deliver`."""
    if not is_on_gpu(like):
        # NumPy asks the kernel for large pages, which makes fresh memory several times cheaper than torch's.
        return np.empty(shape, dtype)
    _core.require_cuda()
    if is_torch(like):
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=getattr(torch, dtype), device=like.device)
    if is_cupy(like):
        return sys.modules["cupy"].empty(shape, dtype=dtype)
    raise TypeError(f"GPU arrays of type {type(like).__name__} are not accepted; accepted: torch, CuPy")


def deliver(like: Any, result: Any) -> Any:
    """Hand a finished result to the library of `like` on its device, on a CPU without a copy where that library can."""
    if not isinstance(result, np.ndarray):
        return result
    return to_device(like, result) if is_on_gpu(like) else like_cpu(like, result)


def to_device(like: Any, array: np.ndarray[Any, Any]) -> Any:
    """Return a small NumPy array where the core needs it for a call on `like`: moved if that is on a GPU."""
    if not is_on_gpu(like):
        return array
    if is_torch(like):
        return sys.modules["torch"].from_numpy(array).to(like.device, non_blocking=True)
    return sys.modules["cupy"].asarray(array)


def on_host(x: Any) -> Any:
    """Return `x` itself, or what lives on a GPU as a copy in CPU memory, for work that is done there."""
    if not is_on_gpu(x):
        return x
    if is_torch(x):
        return x.cpu()  # not as NumPy's, which has no bfloat16
    if is_cupy(x):
        return x.get()
    raise TypeError(f"GPU arrays of type {type(x).__name__} are not accepted; accepted: torch, CuPy")


def like_cpu(like: Any, array: np.ndarray[Any, Any]) -> Any:
    """Return a NumPy array as an array of the library of `like`."""
    if isinstance(like, np.ndarray):
        return array
    if is_torch(like):
        return sys.modules["torch"].from_numpy(array)
    if hasattr(like, "__array_namespace__"):
        return like.__array_namespace__().from_dlpack(array)
    return array


def to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return `x` as a NumPy array; what is on a GPU is moved: for results that are small."""
    if isinstance(x, np.ndarray):
        return x
    if is_torch(x):
        return np.asarray(x.detach().cpu())
    if is_on_gpu(x):
        return np.asarray(x.get())
    return np.from_dlpack(x) if hasattr(x, "__dlpack__") else np.asarray(x)
