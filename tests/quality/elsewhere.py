# SPDX-License-Identifier: Apache-2.0
"""A stand-in for tensors on a GPU, which tells what is copied from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


class Elsewhere(torch.Tensor):
    """A tensor that says it is in CUDA memory: it can be read by `cpu` only, and each such copy is recorded."""

    copies: list[tuple[int, ...]] = []  # noqa: RUF012 - shapes, of all tensors

    def __dlpack_device__(self) -> Any:
        """Say that it is on a GPU."""
        return 2, 0

    def cpu(self, *_: Any, **__: Any) -> Any:
        """Copy, and record that."""
        Elsewhere.copies.append(tuple(self.shape))
        return self.as_subclass(torch.Tensor).clone()

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("what is on a GPU was read without a copy being made")

    __array__ = __dlpack__ = numpy = tolist = __iter__ = _refuse  # type: ignore[assignment]


def elsewhere(values: Any, dtype: Any = None) -> Elsewhere:
    """Make a tensor that says it is on a GPU."""
    tensor = values if isinstance(values, torch.Tensor) else torch.from_numpy(np.array(values))
    return tensor.to(dtype or tensor.dtype).clone().as_subclass(Elsewhere)


def here(x: Any) -> Any:
    """Return as NumPy what came back."""
    return x.as_subclass(torch.Tensor).cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
