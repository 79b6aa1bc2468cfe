# SPDX-License-Identifier: Apache-2.0
"""Wrong arguments are refused before any work, and odd images are read rightly."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812

IMAGES = np.zeros((2, 8, 9, 3), np.uint8)
FLIP = augment.Compose([augment.HorizontalFlip(p=1)])

BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "'mask' is not supported": (TypeError, lambda: FLIP(image=IMAGES[0], mask=IMAGES[0])),
    "'bboxes' is not supported": (TypeError, lambda: FLIP(image=IMAGES[0], bboxes=[])),
    "unexpected keyword argument 'imagez'": (TypeError, lambda: FLIP(imagez=IMAGES)),
    "pass either 'images' or 'image'": (TypeError, lambda: FLIP()),
    "'image' must be one image": (ValueError, lambda: FLIP(image=IMAGES)),
    "unexpected keyword argument 'blur'": (TypeError, lambda: augment.GaussianBlur(blur=3)),  # type: ignore[call-arg]
    "'p' is 1.5": (ValueError, lambda: augment.HorizontalFlip(p=1.5)),
    "'p' is nan": (ValueError, lambda: augment.HorizontalFlip(p=float("nan"))),
    "'height' is 0": (ValueError, lambda: augment.RandomCrop(0, 5)),
    "'height' is 2.5": (TypeError, lambda: augment.RandomCrop(2.5, 5)),  # type: ignore[arg-type]
    "'limit' is (30, -30)": (ValueError, lambda: augment.Rotate((30, -30))),
    "'border_mode' is 'mirror'": (ValueError, lambda: augment.Rotate(border_mode="mirror")),
    "'interpolation' is 2": (ValueError, lambda: augment.Rotate(interpolation=2)),
    "'hue' is 0.7": (ValueError, lambda: augment.ColorJitter(hue=0.7)),
    "'blur_limit' is 200": (ValueError, lambda: augment.GaussianBlur((3, 200))),
    "'seed' is -1": (ValueError, lambda: augment.Compose([], seed=-1)),
    "accepted: transforms of burnish.augment": (TypeError, lambda: augment.Compose([len])),  # type: ignore[list-item]
    "needs 'sizes'": (ValueError, lambda: augment.RandomCrop(3, 3).plan([1])),
    "sample 0 has 8 x 9 pixels; accepted: at least 10 x 5": (ValueError, lambda: augment.RandomCrop(10, 5)(IMAGES)),
    "dtype int64; accepted: uint8": (TypeError, lambda: FLIP(IMAGES.astype(np.int64))),
    "dtype float64; accepted: uint8": (TypeError, lambda: FLIP(IMAGES.astype(float))),
    "'images' has shape (8,)": (ValueError, lambda: FLIP(np.zeros(8, np.uint8))),
    "image 1 has shape (9, 3)": (ValueError, lambda: FLIP([IMAGES[0], IMAGES[1, 0]])),
    "image 1 has 1 channels": (ValueError, lambda: FLIP([IMAGES[0], IMAGES[1, ..., :1]])),
    "image 1 is of another": (TypeError, lambda: FLIP([IMAGES[0], IMAGES[1].astype(np.float32)])),
    "'images' has an image without pixels": (ValueError, lambda: FLIP(IMAGES[:, :0])),
    "'images' has 2 channels": (ValueError, lambda: augment.ColorJitter(p=1)(IMAGES[..., :2])),
    "'images' has 2 channels and 'mean'": (ValueError, lambda: augment.Normalize()(IMAGES[..., :2])),
    "'fill' has 2 values": (ValueError, lambda: augment.Pad(1, fill=(1, 2))(IMAGES)),
    "there are 2 images and 3 ids": (ValueError, lambda: FLIP(IMAGES, [1, 2, 3])),
    "accepted: int8 to int64": (TypeError, lambda: FLIP(IMAGES, [0.5, 1.5])),
    "'layout' is 'CHWN'": (ValueError, lambda: FLIP(IMAGES, layout="CHWN")),
    "'dtype' is float64": (TypeError, lambda: FLIP(IMAGES, dtype="float64")),
    "'dtype' is uint8, but Normalize": (TypeError, lambda: augment.Normalize()(IMAGES, dtype="uint8")),
    "'out' shares memory": (ValueError, lambda: FLIP(IMAGES, out=IMAGES)),
    "'out' has an image of 8 x 8": (ValueError, lambda: FLIP(IMAGES, out=np.empty((2, 8, 8, 3), np.uint8))),
    "'out' is of shape (8, 9, 3)": (ValueError, lambda: FLIP(IMAGES, out=np.empty((8, 9, 3), np.uint8))),
    "results differ in size": (ValueError, lambda: augment.RandomRotate90()(np.tile(IMAGES, (8, 1, 1, 1)))),
    "'plan' is for ['Rotate']": (ValueError, lambda: FLIP.apply(IMAGES, augment.Rotate().plan([1, 2]))),
    "'plan' is a dict": (TypeError, lambda: FLIP.apply(IMAGES, {})),  # type: ignore[arg-type]
    "drawn for images of other sizes": (ValueError, lambda: FLIP.apply(IMAGES, FLIP.plan([1, 2], sizes=(9, 9)))),
    "'replace' is True": (ValueError, lambda: augment.SomeOf([augment.HorizontalFlip()], replace=True)),
    "'angle' has NaN": (ValueError, lambda: F.rotate(IMAGES, np.nan)),
    "'factor' has shape (3,)": (ValueError, lambda: F.adjust_brightness(IMAGES, [1, 2, 3])),
    "a scale is 0": (ValueError, lambda: F.affine(IMAGES, scale=0)),
    "odd, 1 to 127": (ValueError, lambda: F.gaussian_blur(IMAGES, 4, 1)),
    "'std' is -1": (ValueError, lambda: F.gaussian_noise(IMAGES, -1)),
    "no dict with 'transform'": (TypeError, lambda: augment.from_dict({})),
    "'transform' is 'Plan'": (ValueError, lambda: augment.from_dict({"transform": "Plan"})),
}


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_edited_plans_are_checked() -> None:
    pipe = augment.Compose([augment.Rotate(p=1), augment.ColorJitter(p=1)])
    plan = pipe.plan([1, 2])
    with pytest.raises(KeyError, match="has no parameter 'angel'"):
        plan["Rotate"]["angel"] = 3
    with pytest.raises(KeyError, match="has no 'Crop'"):
        plan["Crop"]
    plan["Rotate"]["angle"] = np.nan
    with pytest.raises(ValueError, match="'angle' of Rotate has NaN"):
        pipe.apply(IMAGES, plan)
    plan["Rotate"].params["angle"] = np.zeros(5)
    with pytest.raises(ValueError, match=r"'angle' of Rotate has shape \(5,\)"):
        pipe.apply(IMAGES, plan)
    plan["Rotate"].params["angle"] = np.zeros(2)
    plan["ColorJitter"]["order"] = 9
    with pytest.raises(ValueError, match="'order' must have"):
        pipe.apply(IMAGES, plan)


def test_empty(pipe: augment.Compose) -> None:
    assert pipe(np.zeros((0, 37, 53, 3), np.uint8)).shape == (0, 32, 40, 3)
    assert pipe([]) == []
    assert augment.Compose([])(IMAGES).shape == IMAGES.shape
    assert np.array_equal(augment.Compose([])(IMAGES), IMAGES)
    assert F.rotate(IMAGES[:0], 3).shape == (0, 8, 9, 3)


@pytest.mark.parametrize("height", [1, 2, 5])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_small_images(height: int, channels: int, dtype: str) -> None:
    images = np.ones((5, height, 1, channels), dtype)
    pipe = augment.Compose(
        [augment.Rotate(), augment.ColorJitter(), augment.GaussianBlur((3, 21)), augment.GaussNoise(),
         augment.CoarseDropout(), augment.RandomErasing(), augment.Affine(shear=(-10, 10)),
         augment.RandomCrop(3, 3, pad_if_needed=True, border_mode="reflect101")]
    )  # fmt: skip
    for epoch in range(5):
        result = pipe(images, epoch=epoch)
        assert result.shape == (5, 3, 3, channels)
        assert result.dtype == dtype


def test_gray_and_many_channels() -> None:
    rng = np.random.default_rng(0)
    gray = rng.integers(0, 256, (8, 9), np.uint8)
    assert np.array_equal(FLIP(gray), gray[:, ::-1])
    assert np.array_equal(FLIP(image=gray)["image"], gray[:, ::-1])
    many = rng.integers(0, 256, (2, 8, 9, 7), np.uint8)
    assert np.array_equal(FLIP(many), many[:, :, ::-1])
    rotated = F.rotate(many, 30)
    assert np.array_equal(rotated[..., 6:], F.rotate(many[..., 6:], 30))


def test_nan_and_infinity() -> None:
    images = np.full((1, 8, 9, 3), np.nan, np.float32)
    images[0, 0] = np.inf
    result = augment.Compose([augment.ColorJitter(p=1), augment.Rotate(p=1)])(images)
    assert result.shape == images.shape
    assert np.isnan(FLIP(images)).any()


def test_padding_if_needed() -> None:
    images = np.ones((1, 4, 5, 3), np.uint8)
    for transform in (augment.CenterCrop(9, 9, pad_if_needed=True), augment.RandomCrop(9, 9, pad_if_needed=True)):
        result = transform(images)
        assert result.sum() == images.sum()
        assert np.array_equal(result[:, 2:6, 2:7], images)


def test_lists_into_one_array() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (20 + i, 30 - i, 3), np.uint8) for i in range(4)]
    pipe = augment.Compose([augment.RandomCrop(16, 16), augment.Normalize()])
    out = np.empty((4, 3, 16, 16), np.float32)
    assert pipe(images, np.arange(4), out=out, out_layout="NCHW") is out
    apart = pipe(images, np.arange(4))
    assert np.array_equal(np.stack(apart), out.transpose(0, 2, 3, 1))


def test_bfloat16() -> None:
    torch = pytest.importorskip("torch")
    images = torch.randint(0, 256, (2, 3, 8, 9), dtype=torch.uint8)
    result = augment.Normalize()(images, dtype=torch.bfloat16)
    assert result.dtype == torch.bfloat16
    assert torch.equal(result, augment.Normalize()(images).to(torch.bfloat16))


def test_out_of_a_list_may_share_memory_with_none_of_the_images() -> None:
    memory = np.zeros((2, 6, 8, 3), np.uint8)
    images = [np.ones((6, 8, 3), np.uint8) for _ in range(5)] + [memory[0]]
    out = [np.zeros((6, 8, 3), np.uint8) for _ in range(6)]
    FLIP(images, out=out)  # apart
    out[1] = memory[1]  # beside
    FLIP(images, out=out)
    out[1] = memory.reshape(-1)[6 * 8 * 3 - 1 : -1].reshape(6, 8, 3)  # over one byte
    with pytest.raises(ValueError, match="'out' shares memory"):
        FLIP(images, out=out)
