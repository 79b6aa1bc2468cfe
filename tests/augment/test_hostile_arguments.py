# SPDX-License-Identifier: Apache-2.0
"""Every argument of every operation with values that make no sense: a result, or an error that says what to pass."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional
from every_function import ARGUMENTS
from every_transform import EVERY

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (2, 37, 53, 3), dtype=np.uint8)
NUMBERS = (0, -1, 1e30, -1e30, 1e308, 2**70, float("nan"), float("inf"), 1.5, -0.0, 5e-324)
ODD = (*NUMBERS, "a", None, [], [1, 2, 3], True, {}, np.zeros((2, 2)), b"x")
RANGES = ((0, 1e30), (1e30, 1e31), (-5, -3), (0, 0), (float("nan"), 1), (1, 2, 3), (2,), ("a", "b"), (None, None))

# Of two images, which every_function.py does not have
OF_OTHERS: dict[str, dict[str, Any]] = {
    "mixup": {"partner": [1, 0], "lam": 0.5},
    "cutmix": {"partner": [1, 0], "top": 0, "left": 0, "height": 3, "width": 3},
}

# "truth value" is what NumPy says of an array where one thing is asked for.
WORDS = ("accepted", "must", "pass", "truth value")


def _check(call: Any, given: Any) -> None:
    try:
        call()
    except (TypeError, ValueError) as error:
        text = str(error)
        assert any(word in text for word in WORDS), f"{given!r}: {text}"


@pytest.mark.parametrize("name", [name for name in functional.__all__ if name != "soft_labels"])
def test_functions(name: str) -> None:
    function = getattr(functional, name)
    given = OF_OTHERS[name] if name in OF_OTHERS else ARGUMENTS[name]
    needed = {key: value[:2] if isinstance(value, np.ndarray) else value for key, value in given.items()}
    function(IMAGES, **needed)
    for parameter in list(inspect.signature(function).parameters)[1:]:
        for value in ODD:
            _check(lambda p=parameter, v=value: function(IMAGES, **{**needed, p: v}), {parameter: value})


@pytest.mark.parametrize("name", EVERY)
def test_transforms(name: str) -> None:
    made = getattr(augment, name)
    parameters = inspect.signature(made).parameters
    needed = {
        key: getattr(EVERY[name], key) if hasattr(EVERY[name], key) else 5
        for key, parameter in parameters.items()
        if parameter.default is parameter.empty
    }
    needed |= {"p": 1} if parameters["p"].default != 1 else {}
    for parameter in parameters:
        for value in (*ODD, *RANGES):
            _check(lambda p=parameter, v=value: made(**{**needed, p: v})(IMAGES, [1, 2]), {parameter: value})


@pytest.mark.parametrize("parameter", ["ids", "epoch", "out", "layout", "out_layout", "dtype", "labels"])
def test_calls(parameter: str) -> None:
    pipe = augment.Compose([augment.HorizontalFlip(p=1)])
    for value in (*ODD, *RANGES):
        _check(lambda v=value: pipe(IMAGES, **{parameter: v}), value)


@pytest.mark.parametrize("images", [*ODD, *RANGES], ids=repr)
def test_images(images: Any) -> None:
    _check(lambda: augment.Compose([augment.HorizontalFlip(p=1)])(images), images)
