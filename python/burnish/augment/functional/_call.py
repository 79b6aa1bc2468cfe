# SPDX-License-Identifier: Apache-2.0
"""What all of these functions share."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _core
from burnish._array import dtype_name, to_numpy
from burnish.augment._images import (
    Images,
    checked_nothing,
    hand_over,
    make_results,
    one_blank,
    read_images,
    wrap_out,
)
from burnish.augment._plan import checked_ids
from burnish.augment._run import run_alike
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Step

MOST = 2.0**24  # the engine's largest parameter


def _are_within(array: Any, least: float, most: float, whole: bool) -> bool:
    if array.size == 0:
        return True
    is_whole = not whole or array.dtype.kind != "f" or bool((array == np.floor(array)).all())
    return is_whole and bool(array.min() >= least and array.max() <= most)


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
        self.shapes = Shapes.of_images(self.images)
        self.white, self.channels = self.shapes.white, self.shapes.channels

    def __len__(self) -> int:
        return len(self.images)

    def numbers(self, name: str, values: Any, least: float = -MOST, most: float = MOST, *, whole: bool = False) -> Any:
        """Return a parameter as one number for each image, (N,)."""
        return self._numbers(name, values, (), least, most, whole)

    def rows(
        self,
        name: str,
        values: Any,
        size: int,
        least: float = -MOST,
        most: float = MOST,
        *,
        whole: bool = False,
    ) -> Any:
        """Return a parameter as `size` numbers for each image, (N, size)."""
        return self._numbers(name, values, (size,), least, most, whole)

    def _numbers(self, name: str, values: Any, each: tuple[int, ...], least: float, most: float, whole: bool) -> Any:
        array = self._finite(name, values)
        if self.is_empty and array.shape == (0, *each):
            array = np.clip(np.arange(each[0]) if each else np.ones(1), least, most)  # any that are possible
        if array.shape not in (each, (1, *each), (len(self), *each)):
            one = str(each) if each else "one"
            raise ValueError(f"{self.name}: '{name}' has shape {array.shape}; accepted: {one}, or {(len(self), *each)}")
        if not _are_within(array, least, most, whole):
            wrong = array[(array < least) | (array > most) | (whole & (array != np.floor(array)))]
            kind = "integers" if whole else "numbers"
            raise ValueError(
                f"{self.name}: '{name}' is {wrong.flat[0]}; accepted: {kind} from {least:.9g} to {most:.9g}"
            )
        shape, array = (len(self), *each), array.astype(np.float64)
        return array if array.shape == shape else np.broadcast_to(array, shape)

    def _finite(self, name: str, values: Any) -> Any:
        array = np.asarray(to_numpy(values) if hasattr(values, "__dlpack__") else values)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{self.name}: '{name}' is {values!r}; accepted: numbers")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{self.name}: '{name}' has NaN or infinity; accepted: finite numbers")
        return array

    def names(self, ids: Any) -> Any:
        """Return the samples' names, 0, 1, ... without `ids`."""
        return np.arange(len(self)) if ids is None or self.is_empty else checked_ids(self.name, ids)

    def table(self, name: str, values: Any, shape: tuple[Any, ...]) -> Any:
        """Return a parameter as an array (N, *shape) of it, or of (*shape) for all; None stands for any length."""
        array = self._finite(name, values)
        if self.is_empty and array.ndim == len(shape) + 1 and len(array) == 0:
            array = np.ones((1, *array.shape[1:]))
        found = array.shape[1:] if array.ndim > len(shape) else array.shape
        fits = len(found) == len(shape) and all(b in (None, a) for a, b in zip(found, shape, strict=True))
        if not fits or array.shape[: array.ndim - len(shape)] not in ((), (1,), (len(self),)):
            wanted = ", ".join("any" if side is None else str(side) for side in shape)
            raise ValueError(
                f"{self.name}: '{name}' has shape {array.shape}; accepted: ({wanted}), or one for each image"
            )
        return np.broadcast_to(array.astype(np.float64), (len(self), *found))

    def run(self, op: _core.Op, options: list[float], params: Any, out: Any, *, height: Any = None, width: Any = None,
            dtypes: tuple[str, ...] | None = None, seed: int = 0, ids: Any = None) -> Any:  # fmt: skip
        """Do it; `height` and `width` are those of the results, if they change.

        Of `dtypes` the first one is the result's, and `out` may have any; the default is that of the images.
        """
        return self.run_steps([(op, options, params)], out, height=height, width=width, dtypes=dtypes, seed=seed,
                              ids=ids)  # fmt: skip

    def run_steps(self, steps: list[Step], out: Any, *, height: Any = None, width: Any = None,
                  dtypes: tuple[str, ...] | None = None, seed: int = 0, ids: Any = None) -> Any:  # fmt: skip
        """Do several, one after the other."""
        after = self.sizes.copy()
        if height is not None:
            after[:, 0], after[:, 1] = height, width
        possible = dtypes or (dtype_name(self.images.like),)
        target = out[0] if isinstance(out, list | tuple) and out else out
        name = dtype_name(target) if hasattr(target, "dtype") else possible[0]
        if name not in possible:
            raise TypeError(f"{self.name}: 'out' has dtype {name}; accepted: {', '.join(possible)}")
        if self.is_empty and out is not None:
            made = self.run_steps(steps, None, height=height, width=width, dtypes=(name,), seed=seed, ids=ids)
            return checked_nothing(self.name, out, made)
        images, layout = self.images, self.images.layout
        if out is None:
            results = make_results(self.name, images, after, layout, name)
        else:
            results = wrap_out(self.name, images, out, layout)
        if len(self) == 0:
            return hand_over(images, results) if out is None else out
        run_alike(self.name, steps, images, results, seed, ids)
        result = hand_over(images, results) if out is None else out
        return result[:0] if self.is_empty else result
