# SPDX-License-Identifier: Apache-2.0
"""From a plan to a call of the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish._array import dtype_name
from burnish.augment._explain import Explanation, explained
from burnish.augment._images import DTYPES, Images, call_core, hand_over, layout_of, make_results, wrap_out
from burnish.augment._plan import Entry, Plan
from burnish.augment._shapes import Shapes

if TYPE_CHECKING:
    from burnish.augment._transform import Transform


class _Program:
    """Steps of the core and the order in which each sample takes them."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.steps: list[tuple[_core.Op, int, list[float], Any]] = []
        self._order: list[npt.NDArray[np.int32]] = []

    def add(self, place: int, steps: Any, applies: npt.NDArray[np.bool_], order: Any = None) -> None:
        """Put steps after those there are, for some samples; `order` as in `Transform._order`."""
        first = np.int32(len(self.steps))
        self.steps += [(op, place, options, params) for op, options, params in steps]
        if order is None:
            taken, takes = np.arange(len(steps), dtype=np.int32)[None, :], applies[:, None]
        else:
            taken = order.astype(np.int32)
            takes = applies[:, None] & (taken >= 0)
        self._order.append(np.where(takes, taken + first, np.int32(-1)))

    def order(self) -> npt.NDArray[np.int32]:
        """Return the steps of each sample (N, M)."""
        return np.concatenate(self._order, axis=1) if self._order else np.empty((self.n, 0), np.int32)


class _Compiled:
    """A plan for images of these kinds, as the core takes it."""

    def __init__(
        self,
        call: str,
        transforms: list[Transform],
        images: Images,
        plan: Plan,
        out: Any,
        out_layout: str | None,
        dtype: Any,
    ) -> None:
        sizes = images.sizes()
        check_plan(call, transforms, plan, sizes)
        shapes = Shapes.of_images(images)
        if images.channels() < 1 or (sizes < 1).any():
            raise ValueError(f"{call}: 'images' has an image without pixels; accepted: one or more")
        self.program = _Program(len(images))
        normalized = np.zeros(len(images), bool)
        for transform, entry in zip(transforms, plan.entries, strict=True):
            if not entry.applies.any():
                continue
            try:
                steps = transform._steps(entry.params, shapes)
            except KeyError as error:
                raise ValueError(f"{call}: 'plan' lacks {error} of {entry.transform}") from None
            self.program.add(entry.place, steps, entry.applies, transform._order(entry.params))
            shapes.change(entry.applies, *transform._size_after(entry.params, shapes))
            if transform._normalizes:
                normalized |= entry.applies
            if transform._white_after is not None:
                _check_conversion(call, transform, entry)
                shapes.white = transform._white_after
                normalized &= not shapes.are_bytes
        self.dtype = result_dtype(call, transforms, images, out, dtype)
        if (self.dtype == "uint8") != shapes.are_bytes and not normalized.all():
            _add_scaling(self.program, shapes, self.dtype == "uint8", ~normalized)
        self.layout = images.layout if out_layout is None else layout_of(call, "out_layout", out_layout, None)
        self.sizes = np.stack([shapes.height, shapes.width], axis=1)


def run(
    call: str,
    transforms: list[Transform],
    images: Images,
    plan: Plan,
    out: Any,
    out_layout: str | None,
    dtype: Any,
    fuse: bool,
) -> Any:
    """Do to images what a plan says."""
    made = _Compiled(call, transforms, images, plan, out, out_layout, dtype)
    if out is None:
        results = make_results(call, images, made.sizes, made.layout, made.dtype)
    else:
        results = wrap_out(call, images, out, made.layout)
    if len(images):
        steps, order = made.program.steps, made.program.order()
        call_core(call, steps, order, plan.ids, plan.seed, plan.epoch, bool(fuse), images, results)
    return hand_over(images, results) if out is None else out


def run_alike(call: str, steps: list[Any], images: Images, results: Images, seed: int = 0, ids: Any = None) -> None:
    """Take all images through the same steps (op, options, parameters); `seed` and `ids` are for those that draw."""
    order = np.empty((len(images), len(steps)), np.int32)
    order[:] = range(len(steps))
    names = np.zeros(len(images), np.int64) if ids is None else ids
    call_core(call, [(op, 0, *rest) for op, *rest in steps], order, names, seed, 0, True, images, results)


def explain(
    call: str, transforms: list[Transform], images: Images, plan: Plan, out_layout: str | None, dtype: Any, fuse: bool
) -> Explanation:
    """Tell how `run` would do it."""
    made = _Compiled(call, transforms, images, plan, None, out_layout, dtype)
    return explained(
        call, made.program.steps, made.program.order(), bool(fuse), images.sizes(), made.sizes, images.channels(),
        (dtype_name(images.like), images.layout), (made.dtype, made.layout),
    )  # fmt: skip


def _add_scaling(program: _Program, shapes: Shapes, to_bytes: bool, where: npt.NDArray[np.bool_]) -> None:
    nothing = np.empty((program.n, 0))
    fractions = (_core.Op.normalize, [1 / 255.0, 0.0] * shapes.channels, nothing)
    program.add(0, [(_core.Op.to_bytes, [], nothing) if to_bytes else fractions], where)


def _check_conversion(call: str, transform: Transform, entry: Entry) -> None:
    if not entry.applies.all():
        raise ValueError(
            f"{call}: 'applies' of {entry.transform} is False for some samples; accepted: True for all, as a batch has "
            "one dtype"
        )


def result_dtype(call: str, transforms: list[Transform], images: Images, out: Any, dtype: Any) -> str:
    """Return the name of the dtype of the results."""
    is_bytes, normalizes = dtype_name(images.like) == "uint8", False
    for transform in transforms:
        if transform._white_after is not None:
            is_bytes = transform._white_after == 255
        normalizes = transform._normalizes or (normalizes and transform._white_after != 255)
    return _result_dtype(call, out, dtype, normalizes, is_bytes)


def _result_dtype(call: str, out: Any, dtype: Any, normalizes: bool, is_bytes: bool) -> str:
    target = out[0] if isinstance(out, list | tuple) and out else out
    if dtype is None and not hasattr(target, "dtype"):
        return "uint8" if is_bytes and not normalizes else "float32"
    given = target if dtype is None else np.dtype(dtype) if isinstance(dtype, type) else dtype
    name = given if isinstance(given, str) else dtype_name(given)
    if name not in DTYPES:
        raise TypeError(f"{call}: 'dtype' is {name}; accepted: {', '.join(DTYPES)}")
    if hasattr(target, "dtype") and dtype_name(target) != name:
        raise TypeError(f"{call}: 'out' has dtype {dtype_name(target)}; accepted: {name}")
    if normalizes and name == "uint8":
        raise TypeError(f"{call}: 'dtype' is uint8, but Normalize has results outside of it; accepted: floats")
    return name


def check_plan(call: str, transforms: list[Transform], plan: Plan, sizes: Any) -> None:
    """Refuse a plan that is not for these transforms and images."""
    if not isinstance(plan, Plan):
        raise TypeError(f"{call}: 'plan' is a {type(plan).__name__}; accepted: a Plan")
    plan.check(call)
    n = len(sizes)
    if len(plan.ids) != n:
        raise ValueError(f"{call}: there are {n} images and {len(plan.ids)} ids; accepted: as many")
    names, planned = [type(t).__name__ for t in transforms], [entry.transform for entry in plan.entries]
    if names != planned:
        raise ValueError(f"{call}: 'plan' is for {planned}; accepted: one for {names}")
    if plan.sizes is not None and (plan.sizes.shape != sizes.shape or (plan.sizes != sizes).any()):
        raise ValueError(f"{call}: 'plan' was drawn for images of other sizes")
    for entry in plan.entries:
        _check_entry(call, entry, n)


def _check_entry(call: str, entry: Entry, n: int) -> None:
    applies = entry.applies
    if not isinstance(applies, np.ndarray) or applies.shape != (n,) or applies.dtype != np.bool_:
        raise ValueError(f"{call}: 'applies' of {entry.transform} must be {n} bools")
    for name, values in entry.params.items():
        if not isinstance(values, np.ndarray) or values.shape[:1] != (n,):
            shape = np.shape(values)
            raise ValueError(f"{call}: '{name}' of {entry.transform} has shape {shape}; accepted: ({n}, ...)")
        if values.dtype.kind not in "biuf" or (values.dtype.kind == "f" and not np.isfinite(values).all()):
            raise ValueError(f"{call}: '{name}' of {entry.transform} has NaN or infinity; accepted: finite numbers")
