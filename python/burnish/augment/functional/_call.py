# SPDX-License-Identifier: Apache-2.0
"""What all of these functions share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from burnish import _core
from burnish._array import dtype_name, to_numpy
from burnish.augment._images import Images, call_core, hand_over, make_results, one_blank, read_images, wrap_out


class Call:
    """One operation on a batch."""

    def __init__(self, name: str, images: Any, layout: Any) -> None:
        self.name = name
        self.images: Images = read_images(name, images, layout)
        # The result of an empty batch has the size of that of one image.
        self.is_empty = self.images.kind == "batch" and len(self.images) == 0
        if self.is_empty:
            self.images = read_images(name, one_blank(self.images), self.images.layout.name)
        self.sizes = self.images.sizes()
        self.white = 255.0 if dtype_name(self.images.like) == "uint8" else 1.0
        self.channels = self.images.channels()

    def __len__(self) -> int:
        return len(self.images)

    def numbers(
        self, name: str, values: Any, least: float = -math.inf, most: float = math.inf, *, whole: bool = False
    ) -> Any:
        """Return a parameter as one number for each image, (N,)."""
        return self._numbers(name, values, (), least, most, whole)

    def rows(
        self,
        name: str,
        values: Any,
        size: int,
        least: float = -math.inf,
        most: float = math.inf,
        *,
        whole: bool = False,
    ) -> Any:
        """Return a parameter as `size` numbers for each image, (N, size)."""
        return self._numbers(name, values, (size,), least, most, whole)

    def _numbers(self, name: str, values: Any, each: tuple[int, ...], least: float, most: float, whole: bool) -> Any:
        array = np.asarray(to_numpy(values) if hasattr(values, "__dlpack__") else values)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{self.name}: '{name}' is {values!r}; accepted: numbers")
        if self.is_empty and array.shape == (0, *each):
            array = np.clip(np.arange(each[0]) if each else np.ones(1), least, most)  # any that are possible
        if array.shape not in (each, (1, *each), (len(self), *each)):
            one = str(each) if each else "one"
            raise ValueError(f"{self.name}: '{name}' has shape {array.shape}; accepted: {one}, or {(len(self), *each)}")
        if not np.isfinite(array).all():
            raise ValueError(f"{self.name}: '{name}' has NaN or infinity; accepted: finite numbers")
        wrong = array[(array < least) | (array > most) | (whole & (array != np.floor(array)))]
        if wrong.size:
            kind = "integers" if whole else "numbers"
            bounds = "" if least == -math.inf else f" from {least:g}" + ("" if most == math.inf else f" to {most:g}")
            raise ValueError(f"{self.name}: '{name}' is {wrong.flat[0]}; accepted: {kind}{bounds}")
        return np.broadcast_to(array.astype(np.float64), (len(self), *each))

    def run(self, op: _core.Op, options: list[float], params: Any, out: Any, *, height: Any = None, width: Any = None,
            dtype: str | None = None, seed: int = 0, ids: Any = None) -> Any:  # fmt: skip
        """Do it; `height` and `width` are those of the results, if they change."""
        if self.is_empty and out is not None:
            return out
        after = self.sizes.copy()
        if height is not None:
            after[:, 0], after[:, 1] = height, width
        target = self.images.like if out is None else out[0] if isinstance(out, list | tuple) and out else out
        name = dtype or dtype_name(target)
        images, layout = self.images, self.images.layout
        if out is None:
            results = make_results(self.name, images, after, layout, name)
        else:
            results = wrap_out(self.name, images, out, layout)
        if len(self) == 0:
            return hand_over(images, results) if out is None else out
        order = np.zeros((len(self), 1), np.int32)
        names = np.zeros(len(self), np.int64) if ids is None else ids
        call_core(self.name, [(op, 0, options, params)], order, names, seed, 0, True, images, results)
        result = hand_over(images, results) if out is None else out
        return result[:0] if self.is_empty else result
