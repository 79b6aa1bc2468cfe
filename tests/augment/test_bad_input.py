# SPDX-License-Identifier: Apache-2.0
"""Wrong arguments are refused before any work, and odd images are read rightly."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
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
    "'interpolation' is 4": (ValueError, lambda: augment.Rotate(interpolation=4)),
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
    "'out' has the same memory twice": (ValueError, lambda: FLIP(list(IMAGES), out=[np.empty_like(IMAGES[0])] * 2)),
    "'out' is read-only": (ValueError, lambda: FLIP(IMAGES, out=np.broadcast_to(np.uint8(0), IMAGES.shape))),
    "'out' is of shape (0, 8, 8, 3)": (ValueError, lambda: FLIP(IMAGES[:0], out=np.empty((0, 8, 8, 3), np.uint8))),
    "'out' is of shape (0, 8, 9, 1)": (
        ValueError,
        lambda: F.rotate(IMAGES[:0], 3, out=np.empty((0, 8, 9, 1), np.uint8)),
    ),
    "'out' has dtype float64": (TypeError, lambda: F.rotate(IMAGES[:0], 3, out=np.empty((0, 8, 9, 3)))),
    "'angle' is 1e+300": (ValueError, lambda: F.rotate(IMAGES, 1e300)),
    "'shear' is 90": (ValueError, lambda: F.affine(IMAGES, shear=90)),
    "'scale' is 1e+300": (ValueError, lambda: F.affine(IMAGES, scale=1e300)),
    "'translate' is 1e+308": (ValueError, lambda: F.affine(IMAGES, translate=1e308)),
    "'padding' is 4611686018427387904": (ValueError, lambda: F.pad(IMAGES, 2**62)),
    "'width' is 1180591620717411303424": (ValueError, lambda: augment.CenterCrop(3, 2**70, pad_if_needed=True)),
    "'epoch' is 1.5": (TypeError, lambda: FLIP(IMAGES, [1, 2], epoch=1.5)),  # type: ignore[arg-type]
    "'ids' has 9223372036854775808": (ValueError, lambda: FLIP(IMAGES, np.array([1 << 63, 1], np.uint64))),
    "'ids' must be 1-D (N,), got shape ()": (ValueError, lambda: FLIP(IMAGES, 3)),
    "'images' has dtype >f4": (TypeError, lambda: FLIP(IMAGES.astype(">f4"))),
    "'images' has dtype object": (TypeError, lambda: FLIP(IMAGES.astype(object))),
    "'limit' is inf": (ValueError, lambda: augment.Rotate(float("inf"))),
    "'fill' is nan; accepted: a finite number": (ValueError, lambda: F.rotate(IMAGES, 3, fill=np.nan)),
    "'transforms' is a int": (TypeError, lambda: augment.from_dict({"transform": "Compose", "transforms": 3})),
    "is not the file of a plan": (ValueError, lambda: augment.Plan.load(__file__)),
    "'brightness_by_max' is 1; accepted: True, False": (
        ValueError,
        lambda: augment.RandomBrightnessContrast(brightness_by_max=1),
    ),  # type: ignore[arg-type]
    "'ensure_safe_range' is True; accepted: False (the mean": (
        ValueError,
        lambda: augment.RandomBrightnessContrast(brightness_by_max=False, ensure_safe_range=True),
    ),
    "'hue_shift_limit' is 200": (ValueError, lambda: augment.HueSaturationValue(200)),
    "'gamma_limit' is 0": (ValueError, lambda: augment.RandomGamma((0, 100))),
    "'threshold_range' is 1.5": (ValueError, lambda: augment.Solarize((0.5, 1.5))),
    "'num_bits' is 0": (ValueError, lambda: augment.Posterize(0)),
    "'num_bits' is 9": (ValueError, lambda: augment.Posterize((2, 9))),
    "'num_bits' is given for 4 channels; accepted: 3": (
        ValueError,
        lambda: augment.Posterize((1, 2, 3, 4), p=1)(IMAGES),
    ),
    "'cutoff' is 101": (ValueError, lambda: augment.AutoContrast(101)),
    "'method' is 'lut'; accepted: 'pil', 'cdf'": (ValueError, lambda: augment.AutoContrast(method="lut")),
    "unexpected keyword argument 'ignore'": (TypeError, lambda: augment.AutoContrast(ignore=3)),  # type: ignore[call-arg]
    "'mode' is 'PIL'; accepted: 'pil', 'cv'": (ValueError, lambda: augment.Equalize("PIL")),
    "'by_channels' is False": (ValueError, lambda: augment.Equalize(by_channels=False)),
    "'num_output_channels' is 1; accepted: 3": (ValueError, lambda: augment.ToGray(1)),
    "'method' is 'pca'": (ValueError, lambda: augment.ToGray(method="pca")),
    "ToGray: 'images' has 2 channels": (ValueError, lambda: augment.ToGray(p=1)(IMAGES[..., :2])),
    "ChannelShuffle: 'images' has 5 channels": (
        ValueError,
        lambda: augment.ChannelShuffle(p=1)(np.zeros((2, 8, 9, 5), np.uint8)),
    ),
    "'noise_scale_factor' is 0.5; accepted: 1": (ValueError, lambda: augment.GaussNoise(noise_scale_factor=0.5)),
    "'multiplier' is -1": (ValueError, lambda: augment.MultiplicativeNoise((-1, 1))),
    "accepted: up to 4 with per_channel=True": (
        ValueError,
        lambda: augment.MultiplicativeNoise(per_channel=True, p=1)(np.zeros((2, 8, 9, 5), np.uint8)),
    ),
    "'amount' is 1.1": (ValueError, lambda: augment.SaltAndPepper(1.1)),
    "'blur_limit' is 128": (ValueError, lambda: augment.Blur(128)),
    "'angle_range' is 361": (ValueError, lambda: augment.MotionBlur(angle_range=(0, 361))),
    "'direction_range' is -2": (ValueError, lambda: augment.MotionBlur(direction_range=(-2, 1))),
    "'method' is 'gaussian'; accepted: 'kernel' (for 'gaussian' see": (
        ValueError,
        lambda: augment.Sharpen(method="gaussian"),
    ),
    "unexpected keyword argument 'blur_limit'": (TypeError, lambda: augment.UnsharpMask(blur_limit=3)),  # type: ignore[call-arg]
    "'percent' is 1.5": (TypeError, lambda: augment.UnsharpMask(percent=1.5)),
    "'threshold' is 256": (ValueError, lambda: augment.UnsharpMask(threshold=256)),
    "'max_value' is 128": (ValueError, lambda: augment.ToFloat(128)),
    "ToFloat: 'p' is 0.5; accepted: 1 (all images": (ValueError, lambda: augment.ToFloat(p=0.5)),
    "FromFloat: 'dtype' is 'uint16'": (ValueError, lambda: augment.FromFloat("uint16")),
    "OneOf: 'transforms' has ToFloat(p=1.0) for some samples": (ValueError, lambda: augment.OneOf([augment.ToFloat()])),
    "Sequential: 'transforms' has FromFloat(p=1.0) for some samples": (
        ValueError,
        lambda: augment.Sequential([augment.FromFloat()]),
    ),
    "'normalization' is 'image'; accepted: 'standard'": (ValueError, lambda: augment.Normalize(normalization="image")),
    "'mean' is None": (TypeError, lambda: augment.Normalize(mean=None)),
    "'num_ops' is -1": (ValueError, lambda: augment.RandAugment(-1)),
    "'magnitude' is 31": (ValueError, lambda: augment.RandAugment(magnitude=31)),
    "'num_magnitude_bins' is 1": (ValueError, lambda: augment.TrivialAugmentWide(1)),
    "RandAugment: 'images' has 2 channels": (ValueError, lambda: augment.RandAugment()(IMAGES[..., :2])),
    "'out' has dtype float32; accepted: uint8": (
        TypeError,
        lambda: F.invert(IMAGES, out=np.empty(IMAGES.shape, np.float32)),
    ),
    "'out' has dtype uint8; accepted: float32": (TypeError, lambda: F.to_float(IMAGES, out=np.empty_like(IMAGES))),
    "'bits' is 2.5; accepted: integers": (ValueError, lambda: F.posterize(IMAGES, 2.5)),
    "'order' has shape (2,)": (ValueError, lambda: F.permute_channels(IMAGES, (0, 1))),
    "no permutation": (ValueError, lambda: F.permute_channels(IMAGES, (0, 1, 1))),
    "'channel' is 3; accepted: integers from 0 to 2": (ValueError, lambda: F.isolate_channel(IMAGES, 3)),
    "'low' is above 'high'": (ValueError, lambda: F.multiplicative_noise(IMAGES, 2, 1)),
    "'high_cutoff' is given": (ValueError, lambda: F.autocontrast(IMAGES, 1, 2, method="cdf")),
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


def test_plans_with_wrong_names_are_refused() -> None:
    pipe = augment.Compose([augment.Rotate(p=1)])
    for name, value, error in (
        ("seed", -1, ValueError),
        ("seed", None, TypeError),
        ("epoch", "x", TypeError),
        ("epoch", 1 << 63, ValueError),
        ("ids", [1, 2], TypeError),
        ("ids", np.array([[1, 2]]), ValueError),
    ):
        plan = pipe.plan([1, 2])
        setattr(plan, name, value)
        with pytest.raises(error, match=f"apply: '{name}' "):
            pipe.apply(IMAGES, plan)
    plan = pipe.plan([1, 2])
    plan["Rotate"].place = -5
    with pytest.raises(ValueError, match="apply: 'place' is -5; accepted: an integer, 0 to"):
        pipe.apply(IMAGES, plan)
    plan = pipe.plan([1, 2])
    del plan["Rotate"].params["angle"]
    with pytest.raises(ValueError, match="apply: 'plan' lacks 'angle' of Rotate"):
        pipe.apply(IMAGES, plan)


def test_broken_files_of_plans_are_refused(tmp_path: Path) -> None:
    """Flags of zip that say encrypted or compressed as nobody does it, a name that is gone, a file cut off."""
    path = tmp_path / "plan.npz"
    augment.Compose([augment.Rotate(p=1)]).plan([1, 2]).save(path)
    whole = path.read_bytes()
    entry = whole.index(b"PK\x01\x02")  # of the directory
    broken = [whole[:-40], whole.replace(b"applies", b"appliez")]
    for place, value in ((6, 99), (8, 1), (8, 32), (8, 64), (10, 77)):
        broken.append(whole[: entry + place] + bytes([value]) + whole[entry + place + 1 :])
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not the file of a plan"):
            augment.Plan.load(path)


def test_a_failed_call_takes_no_numbers() -> None:
    pipe = augment.Compose([augment.RandomCrop(9, 9)])
    with pytest.raises(ValueError, match="accepted"):
        pipe(IMAGES)
    assert pipe.next_id == 0


def test_outputs_that_interleave_are_written() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 9, 2), np.uint8)
    together = np.zeros((8, 9, 2, 3), np.uint8)
    FLIP(list(images), out=[together[..., i] for i in range(3)])
    assert np.array_equal(together.transpose(3, 0, 1, 2), images[:, :, ::-1])
    with pytest.raises(ValueError, match="'out' has the same memory twice"):
        FLIP(list(images), out=[together[..., 0], together[..., 1], together[..., 0]])


def test_a_batch_is_converted_as_a_whole() -> None:
    pipe = augment.Compose([augment.ToFloat()])
    plan = pipe.plan([1, 2])
    plan["ToFloat"].applies[1] = False
    with pytest.raises(ValueError, match="'applies' of ToFloat is False for some samples; accepted: True for all"):
        pipe.apply(IMAGES, plan)


def test_empty(pipe: augment.Compose) -> None:
    assert pipe(np.zeros((0, 37, 53, 3), np.uint8)).shape == (0, 32, 40, 3)
    assert pipe([]) == []
    assert augment.Compose([])(IMAGES).shape == IMAGES.shape
    assert np.array_equal(augment.Compose([])(IMAGES), IMAGES)
    assert F.rotate(IMAGES[:0], 3).shape == (0, 8, 9, 3)
    out = np.empty((0, 8, 9, 3), np.float32)
    assert FLIP(IMAGES[:0], out=out) is out
    out = np.empty((0, 8, 9, 3), np.uint8)
    assert F.rotate(IMAGES[:0], 3, out=out) is out


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
