# SPDX-License-Identifier: Apache-2.0
"""Every argument of every operation with values that make no sense: a result, or an error that says what to pass."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional
from every_transform import EVERY

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (2, 37, 53, 3), dtype=np.uint8)
NUMBERS = (0, -1, 1e30, -1e30, 1e308, 2**70, float("nan"), float("inf"), 1.5, -0.0, 5e-324)
ODD = (*NUMBERS, "a", None, [], [1, 2, 3], True, {}, np.zeros((2, 2)), b"x")
RANGES = ((0, 1e30), (1e30, 1e31), (-5, -3), (0, 0), (float("nan"), 1), (1, 2, 3), (2,), ("a", "b"), (None, None))

# What functions need beside images
NEEDED: dict[str, dict[str, Any]] = {
    "crop": {"top": 0, "left": 0, "height": 3, "width": 3},
    "pad": {"padding": 1},
    "resize": {"height": 5, "width": 5},
    "resized_crop": {"top": 0, "left": 0, "height": 4, "width": 4, "size": (5, 5)},
    "perspective": {"corners": [[0, 0], [1, 0], [1, 1], [0, 1]]},
    "square_symmetry": {"member": 3},
    "rotate": {"angle": 3},
    "adjust_brightness": {"factor": 1},
    "adjust_contrast": {"factor": 1},
    "adjust_saturation": {"factor": 1},
    "adjust_sharpness": {"factor": 1},
    "adjust_hue": {"shift": 0.1},
    "adjust_gamma": {"gamma": 2},
    "shift_rgb": {"shift": (0.1, 0.1, 0.1)},
    "solarize": {"threshold": 0.5},
    "posterize": {"bits": 4},
    "permute_channels": {"order": (2, 1, 0)},
    "drop_channels": {"dropped": (True, False, False)},
    "isolate_channel": {"channel": 1},
    "gaussian_blur": {"size": 3, "sigma": 1},
    "pillow_gaussian_blur": {"radius": 2},
    "box_blur": {"size": 3},
    "motion_blur": {"size": 3, "angle": 30},
    "sharpen": {"alpha": 0.5},
    "gaussian_noise": {"std": 0.1},
    "multiplicative_noise": {"low": 0.5, "high": 1.5},
    "salt_and_pepper": {"amount": 0.1},
    "erase": {"top": 0, "left": 0, "height": 2, "width": 2},
    "erase_holes": {"holes": [[0, 0, 2, 2]]},
    "grid_dropout": {"rows": 2, "columns": 2},
    "shade": {"vertices": [[[1, 1], [9, 2], [3, 8]]], "factor": [0.5]},
    "normalize": {"mean": 0.5, "std": 0.5},
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
    needed = NEEDED.get(name, {})
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
