# SPDX-License-Identifier: Apache-2.0
"""Containers of transforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from burnish import _check as check
from burnish.augment._drawing import Drawing
from burnish.augment._numbers import Bools, Floats
from burnish.augment._pipeline import Pipeline
from burnish.augment._plan import checked_seed
from burnish.augment._transform import Transform


class Container(Pipeline):
    """Transforms, of which samples take all or some."""

    _takes_all: ClassVar[bool] = True  # for p = 1

    def __init__(self, transforms: Sequence[Pipeline], p: float) -> None:
        call = type(self).__name__
        if not isinstance(transforms, list | tuple):
            raise TypeError(f"{call}: 'transforms' is a {type(transforms).__name__}; accepted: a list of transforms")
        for transform in transforms:
            if not isinstance(transform, Pipeline):
                raise TypeError(f"{call}: 'transforms' has {transform!r}; accepted: transforms of burnish.augment")
        self.transforms = list(transforms)
        self.p = check.real(call, "p", p, 0, 1)
        self._check_mixing([any(leaf._mixes for leaf in transform._leaves()) for transform in transforms])
        self._check_scale()

    def _check_mixing(self, mixing: list[bool]) -> None:
        if any(mixing[:-1]):
            name = type(self.transforms[mixing.index(True)]).__name__
            raise ValueError(
                f"{type(self).__name__}: {name} must stand last, since it mixes finished images; put two of which a "
                "sample takes one into a OneOf"
            )

    def _check_scale(self) -> None:
        if self._takes_all and self.p == 1:
            return
        for leaf in self._leaves():
            if leaf._white_after is not None:
                raise ValueError(
                    f"{type(self).__name__}: 'transforms' has {leaf!r} for some samples; accepted: for all, as a batch "
                    "has one dtype"
                )

    def __len__(self) -> int:
        return len(self.transforms)

    def __getitem__(self, index: int) -> Pipeline:
        child: Pipeline = self.transforms[index]
        return child

    def __iter__(self) -> Iterator[Pipeline]:
        return iter(self.transforms)

    def _leaves(self) -> Iterator[Transform]:
        for transform in self.transforms:
            yield from transform._leaves()

    def _draw(self, drawing: Drawing, active: Bools, forced: bool) -> None:
        self._draw_children(drawing, *self._take(drawing, drawing.next_place(), active, forced))

    def _draw_children(self, drawing: Drawing, taken: Bools, u: Floats) -> None:
        for transform in self.transforms:
            transform._draw(drawing, taken, False)

    def __repr__(self) -> str:
        lines = [f"  {line}" for child in self.transforms for line in f"{child!r},".splitlines()]
        rest = [f"{k}={v!r}" for k, v in self._arguments().items() if k != "transforms"]
        return "\n".join([f"{type(self).__name__}([", *lines, f"], {', '.join(rest)})"])

    def to_dict(self) -> dict[str, Any]:
        """Return class and arguments, for `from_dict`, JSON or YAML."""
        return {**super().to_dict(), "transforms": [child.to_dict() for child in self.transforms]}


class Compose(Container):
    """All transforms, one after the other.

    Parameters
    ----------
    transforms : list of transforms and containers
    p : float, default 1
        The part of the samples that takes them.
    seed : int, optional
        0 to 2^64 - 1, the default is 0. The seed of the outermost container counts.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import augment
    >>> images = np.zeros((8, 40, 40, 3), np.uint8)
    >>> pipe = augment.Compose([augment.RandomCrop(32, 32), augment.HorizontalFlip(), augment.Normalize()], seed=1)
    >>> result = pipe(images, ids=np.arange(8), epoch=3)
    >>> result.shape, result.dtype
    ((8, 32, 32, 3), dtype('float32'))
    """

    def __init__(self, transforms: Sequence[Pipeline], p: float = 1.0, seed: int | None = None) -> None:
        super().__init__(transforms, p)
        self.seed = 0 if seed is None else checked_seed("Compose", seed)


class Sequential(Container):
    """All transforms or none, one after the other; for use inside of other containers.

    Parameters
    ----------
    transforms : list of transforms and containers
    p : float, default 0.5
        The part of the samples that takes them.
    """

    def __init__(self, transforms: Sequence[Pipeline], p: float = 0.5) -> None:
        super().__init__(transforms, p)


class OneOf(Container):
    """One of the transforms, drawn with their `p` as weights, and then applied for sure.

    Parameters
    ----------
    transforms : list of transforms and containers
    p : float, default 0.5
        The part of the samples that takes one.
    """

    _takes_all = False

    def __init__(self, transforms: Sequence[Pipeline], p: float = 0.5) -> None:
        super().__init__(transforms, p)
        if not self.transforms or not sum(transform.p for transform in self.transforms) > 0:
            raise ValueError("OneOf: 'transforms' must have one with p above 0")

    def _check_mixing(self, mixing: list[bool]) -> None:
        if any(mixing) and not all(leaf._mixes for leaf in self._leaves()):
            raise ValueError("OneOf: 'transforms' has some that mix images and some that do not; accepted: one kind")

    def _number_of_draws(self) -> int:
        return 1

    def _draw_children(self, drawing: Drawing, taken: Bools, u: Floats) -> None:
        ends = np.cumsum([transform.p for transform in self.transforms])
        chosen = np.searchsorted(ends[:-1], u[:, 0] * ends[-1], side="right")
        for i, transform in enumerate(self.transforms):
            transform._draw(drawing, taken & (chosen == i), True)


class SomeOf(Container):
    """Some of the transforms, drawn with equal chances; each is then applied with its own `p`, in the given order.

    Parameters
    ----------
    transforms : list of transforms and containers
    n : int, default 1
        How many; at most as many as there are.
    replace : bool, default False
        True is not supported.
    p : float, default 1
        The part of the samples that takes some.
    """

    _takes_all = False

    def __init__(self, transforms: Sequence[Pipeline], n: int = 1, replace: bool = False, p: float = 1.0) -> None:
        super().__init__(transforms, p)
        self.n = check.integer("SomeOf", "n", n, 1)
        self.replace = replace
        if replace:
            raise ValueError("SomeOf: 'replace' is True; accepted: False")

    def _check_mixing(self, mixing: list[bool]) -> None:
        if any(mixing):
            raise ValueError("SomeOf: 'transforms' has some that mix images; accepted: OneOf, or the end of a Compose")

    def _number_of_draws(self) -> int:
        return len(self.transforms)

    def _draw_children(self, drawing: Drawing, taken: Bools, u: Floats) -> None:
        ranks = np.argsort(np.argsort(u, axis=1, kind="stable"), axis=1, kind="stable")
        for i, transform in enumerate(self.transforms):
            transform._draw(drawing, taken & (ranks[:, i] < self.n), False)


def from_dict(values: dict[str, Any]) -> Any:
    """Make the transform or container that `to_dict` described.

    Parameters
    ----------
    values : dict
        As `to_dict` returns it, or what JSON or YAML made of that.

    Returns
    -------
    transform or container

    Examples
    --------
    >>> from burnish import augment
    >>> augment.from_dict(augment.Rotate(limit=20, p=1).to_dict())
    Rotate(limit=20, p=1.0)
    """
    from burnish import augment

    if not isinstance(values, dict) or "transform" not in values:
        raise TypeError(f"from_dict: {values!r} is no dict with 'transform'")
    made = getattr(augment, values["transform"], None) if values["transform"] in augment.__all__ else None
    if not (isinstance(made, type) and issubclass(made, Pipeline)):
        raise ValueError(f"from_dict: 'transform' is {values['transform']!r}; accepted: a class of burnish.augment")
    arguments = {name: _tuples(value) for name, value in values.items() if name != "transform"}
    if isinstance(values.get("transforms"), list | tuple):
        arguments["transforms"] = [from_dict(child) for child in arguments["transforms"]]
    return made(**arguments)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
