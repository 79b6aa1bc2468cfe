# SPDX-License-Identifier: Apache-2.0
"""Keras' generator: against its own formulas, against NumPy, and itself in other batches."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment.keras import DirectoryIterator, ImageDataGenerator, _flow
from reference import augment as plain

GEOMETRY = {
    "rotation_range": 25, "width_shift_range": 0.2, "height_shift_range": 0.15, "shear_range": 10.0, "zoom_range": 0.2,
    "horizontal_flip": True, "vertical_flip": True,
}  # fmt: skip
EVERYTHING = {**GEOMETRY, "channel_shift_range": 30.0, "brightness_range": (0.7, 1.3), "rescale": 1 / 255}


@pytest.fixture(scope="module")
def images(photos: np.ndarray) -> np.ndarray:
    return np.concatenate([photos, photos[:, ::-1]])[:13]


def some_params(n: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "theta": rng.uniform(-40, 40), "tx": rng.uniform(-9, 9), "ty": rng.uniform(-9, 9),
            "shear": rng.uniform(-20, 20), "zx": rng.uniform(0.7, 1.4), "zy": rng.uniform(0.7, 1.4),
            "flip_horizontal": bool(rng.integers(2)), "flip_vertical": bool(rng.integers(2)),
        }
        for _ in range(n)
    ]  # fmt: skip


# Oracle


@pytest.mark.parametrize("mode", ["nearest", "reflect"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_as_keras(photos: np.ndarray, mode: str, dtype: str) -> None:
    pytest.importorskip("scipy")
    from reference import keras_generator

    generator = ImageDataGenerator(fill_mode=mode, compat="keras")
    for photo, params in zip(np.tile(photos, (3, 1, 1, 1)), some_params(24), strict=True):
        expected = keras_generator.transform(photo, params, mode)
        # Weights of 14 bits, of differences up to 255.
        assert np.abs(generator.apply_transform(photo.astype(dtype), params) - expected).max() < 0.05


def test_as_keras_inside(photos: np.ndarray) -> None:
    """A constant border differs at the outermost pixels alone, as the docstring has it."""
    pytest.importorskip("scipy")
    from reference import keras_generator

    generator = ImageDataGenerator(fill_mode="constant", cval=-7.5, compat="keras")
    for photo, params in zip(photos, some_params(8), strict=True):
        expected = keras_generator.transform(photo, params, "constant", -7.5)
        inside = keras_generator.transform(np.ones_like(photo), params, "constant", -1000.0)[..., 0] == 1
        outside = generator.apply_transform(np.full_like(photo, 255), params)[..., 0] == -7.5
        got = generator.apply_transform(photo, params)
        assert np.abs(got - expected)[inside | outside].max() < 0.05
        assert (inside | outside).mean() > 0.9


def test_meaning(photos: np.ndarray) -> None:
    """Without `compat`: about the center of any image, to the right and down where positive."""
    generator = ImageDataGenerator(fill_mode="constant")
    photo = photos[0]
    height, width = photo.shape[:2]
    right = generator.apply_transform(photo, {"tx": 5, "ty": 3})
    assert np.array_equal(right[3:, 5:], photo[:-3, :-5])
    turned = generator.apply_transform(photo, {"theta": 30})
    expected = plain.warp(photo, plain.affine_matrix(height, width, 30))
    assert np.abs(turned - expected).max() < 0.05
    smaller = generator.apply_transform(photo, {"zx": 2, "zy": 2})  # 2 shows more
    assert np.abs(smaller - plain.warp(photo, plain.affine_matrix(height, width, 0, (0.5, 0.5)))).max() < 0.05
    leaning = generator.apply_transform(photo, {"shear": 20})
    assert np.abs(leaning - plain.warp(photo, plain.affine_matrix(height, width, 0, shear=(20, 0)))).max() < 0.05
    assert np.array_equal(generator.apply_transform(photo, {"flip_horizontal": True}), photo[:, ::-1])
    both = {"flip_vertical": True, "tx": 5}
    assert np.array_equal(generator.apply_transform(photo, both), generator.apply_transform(photo, {"tx": 5})[::-1])
    assert np.array_equal(ImageDataGenerator().apply_transform(photo, {}), photo)


def test_axes_of_shifts() -> None:
    ids = np.arange(500)
    shape = (40, 200, 3)
    drawn = ImageDataGenerator(height_shift_range=0.2)._draw(shape, 0, 0, ids)
    assert not np.any(drawn["tx"])
    assert 7 < np.abs(drawn["ty"]).max() <= 8
    odd = ImageDataGenerator(height_shift_range=0.2, compat="keras")._draw(shape, 0, 0, ids)
    assert not np.any(odd["ty"])
    assert 7 < np.abs(odd["tx"]).max() <= 8
    for value, expected in (
        (3, {-2, -1, 0, 1, 2}), ([4, 7], {4, 7}), ([0.5, -0.25], {100, -50}), ([-1, 0, 1], {-1, 0, 1})
    ):  # fmt: skip
        assert set(ImageDataGenerator(width_shift_range=value)._draw(shape, 0, 0, ids)["tx"]) == expected
    keras = ImageDataGenerator(height_shift_range=[4, 7], compat="keras")._draw(shape, 0, 0, ids)["tx"]
    assert set(keras) == {-7, -4, 4, 7}
    pixels = ImageDataGenerator(width_shift_range=1.5)._draw(shape, 0, 0, ids)["tx"]
    assert 1.4 < np.abs(pixels).max() <= 1.5


def test_distributions() -> None:
    generator = ImageDataGenerator(**EVERYTHING)
    drawn = generator._draw((100, 50, 3), 3, 0, np.arange(4000))
    for name, low, high in (
        ("theta", -25, 25), ("tx", -10, 10), ("ty", -15, 15), ("shear", -10, 10), ("zx", 0.8, 1.2), ("zy", 0.8, 1.2),
        ("brightness", 0.7, 1.3), ("channel_shift_intensity", -30, 30),
    ):  # fmt: skip
        values = (np.sort(drawn[name].ravel()) - low) / (high - low)
        ranks = np.arange(len(values)) / len(values)
        assert np.abs(values - ranks).max() < 1.63 / np.sqrt(4000), name  # Kolmogorov-Smirnov at 1 %
    assert abs(np.mean(drawn["flip_horizontal"]) - 0.5) < 0.03
    assert abs(np.corrcoef(drawn["zx"], drawn["zy"])[0, 1]) < 0.05


def test_colors(photos: np.ndarray) -> None:
    photo = photos[0]
    got = ImageDataGenerator(channel_shift_range=1).apply_transform(photo, {"channel_shift_intensity": [30, -40, 0]})
    assert np.array_equal(got, np.clip(photo + np.array([30.0, -40, 0]), 0, 255))
    for image, white in ((photo, 255), (photo.astype(np.float32), 255), ((photo / 255).astype(np.float32), 1)):
        got = ImageDataGenerator(brightness_range=(1, 2)).apply_transform(image, {"brightness": 1.5})
        assert np.abs(got - np.minimum(image * np.float32(1.5), white)).max() < 1e-4
    # As Keras: one number, within the image's range; and through Pillow's bytes, cut off
    keras = ImageDataGenerator(compat="keras")
    got = keras.apply_transform(photo, {"channel_shift_intensity": 30.0})
    assert np.array_equal(got, np.clip(photo + 30.0, photo.min(), photo.max()))
    ImageEnhance = pytest.importorskip("PIL.ImageEnhance")
    from PIL import Image

    got = keras.apply_transform(photo.astype(np.float32) + np.float32(0.9), {"brightness": 1.3})
    assert np.array_equal(got, np.asarray(ImageEnhance.Brightness(Image.fromarray(photo)).enhance(1.3)))


def test_any_floats_pass(photos: np.ndarray) -> None:
    """Nothing is clamped, rounded or lost: values of 0..255, below 0, infinite and not a number."""
    image = (photos[0].astype(np.float32) - 100) * 7
    params = {"theta": 10.0, "zx": 1.1}
    generator = ImageDataGenerator()
    straight = generator.apply_transform(photos[0], params)
    assert np.abs(generator.apply_transform(image, params) - (straight - 100) * 7).max() < 1e-2
    assert np.abs(straight - np.rint(straight)).max() > 0.4
    image[5, 7] = np.nan
    moved = generator.apply_transform(image, {"tx": 3})
    assert np.isnan(moved[5, 10]).all()
    assert np.isnan(moved).sum() < 20


# Standardizing


def test_statistics(images: np.ndarray) -> None:
    x = images[:, :9, :8]
    as_float = x.astype(np.float64) / 255
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True, rescale=1 / 255)
    generator.fit(x)
    mean, std = as_float.mean(axis=(0, 1, 2)), as_float.std(axis=(0, 1, 2))
    assert np.allclose(generator.mean.ravel(), mean, atol=1e-6)
    assert np.allclose(generator.std.ravel(), std, atol=1e-6)
    expected = (as_float - mean) / (std + 1e-6)
    assert np.abs(generator.standardize(x) - expected).max() < 1e-5
    assert np.abs(next(generator.flow(x, shuffle=False)) - expected).max() < 1e-5
    each = ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True)
    expected = (x - x.mean(axis=(1, 2, 3), keepdims=True)) / (x.std(axis=(1, 2, 3), keepdims=True) + 1e-6)
    assert np.abs(each.standardize(x) - expected).max() < 1e-4
    assert np.abs(next(each.flow(x, shuffle=False)) - expected).max() < 1e-4
    assert x.dtype == np.uint8  # not changed


def test_statistics_of_parts() -> None:
    """Of more images than are looked at together, which drift."""
    x = np.random.default_rng(0).uniform(0, 1, (150, 5, 4, 2)) * np.linspace(1, 200, 150)[:, None, None, None]
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.fit(x.astype(np.float32))
    assert np.allclose(generator.mean.ravel(), x.mean(axis=(0, 1, 2)), rtol=1e-5)
    assert np.allclose(generator.std.ravel(), x.std(axis=(0, 1, 2)), rtol=1e-5)


def test_whitening() -> None:
    x = np.random.default_rng(0).normal(0, 20, (300, 4, 3, 1)) @ np.ones((1, 3)) + np.random.default_rng(1).normal(
        0, 5, (300, 4, 3, 3)
    )
    generator = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    generator.fit(x)
    flat = generator.standardize(x).reshape(300, -1).astype(np.float64)
    assert np.abs(flat.T @ flat / 300 - np.eye(36)).max() < 1e-2


def test_statistics_of_changed_images(images: np.ndarray) -> None:
    generator = ImageDataGenerator(rotation_range=40, fill_mode="constant", featurewise_center=True)
    generator.fit(images, augment=True, rounds=2, seed=4)
    drawn = [generator._draw(images.shape[1:], 4, epoch, np.arange(len(images))) for epoch in (0, 1)]
    turned = [
        generator.apply_transform(image, {"theta": theta})
        for params in drawn
        for image, theta in zip(images, params["theta"], strict=True)
    ]
    assert np.allclose(generator.mean.ravel(), np.mean(turned, axis=(0, 1, 2)), atol=1e-3)


def test_forgotten_fit(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"call fit\(x\) first"):
        ImageDataGenerator(featurewise_center=True).standardize(images)
    with pytest.warns(UserWarning, match=r"call fit\(x\) first"):
        ImageDataGenerator(featurewise_center=True, compat="keras").standardize(images)
    with pytest.warns(UserWarning, match="sets 'featurewise_center'"):
        ImageDataGenerator(zca_whitening=True)


def test_fit_on_other_images(images: np.ndarray) -> None:
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.fit(images[..., :1])
    with pytest.raises(ValueError, match="'mean' has 1 values and these images take 3; call fit"):
        next(generator.flow(images))
    with pytest.raises(ValueError, match="'mean' has 1 values and these images take 3; call fit"):
        generator.standardize(images)
    whitening = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    whitening.fit(images[:, :4, :4])
    with pytest.raises(ValueError, match="'zca_whitening_matrix' has 2304 values and these images take"):
        whitening.standardize(images)


def test_preprocessing(images: np.ndarray) -> None:
    generator = ImageDataGenerator(preprocessing_function=lambda image: image + 10, rescale=0.5)
    assert np.array_equal(next(generator.flow(images, shuffle=False)), (images + 10.0) / 2)
    with pytest.raises(ValueError, match="returned shape"):
        ImageDataGenerator(preprocessing_function=lambda image: image[:3]).standardize(images)


# Flowing


def epoch_of(flow: Any) -> dict[int, np.ndarray]:
    found = {}
    for _ in range(len(flow)):
        batch, names = next(flow)
        found.update(zip(names.tolist(), np.array(batch), strict=True))
    return found


@pytest.mark.parametrize("compat", [None, "keras"])
def test_fate_of_a_sample(images: np.ndarray, compat: Any) -> None:
    """Neither batches, nor order, nor the other samples matter."""
    generator = ImageDataGenerator(**EVERYTHING, validation_split=0.3, compat=compat)
    y = np.arange(len(images))
    expected = epoch_of(generator.flow(images, y, batch_size=13, seed=3))
    assert len({image.tobytes() for image in expected.values()}) == 13
    for batch_size in (1, 4, 5):
        got = epoch_of(generator.flow(images, y, batch_size=batch_size, seed=3, shuffle=batch_size == 4))
        assert all(np.array_equal(got[i], expected[i]) for i in expected)
    part = generator.flow(images, y, seed=3, subset="training", ignore_class_split=True)
    assert part.n == 10
    assert all(np.array_equal(image, expected[i]) for i, image in epoch_of(part).items())
    other = epoch_of(generator.flow(images, y, seed=4))
    assert not any(np.array_equal(other[i], expected[i]) for i in expected)


def test_levels(images: np.ndarray, isa: str) -> None:
    for dtype in ("uint8", "float32"):
        for mode in ("nearest", "constant", "reflect", "wrap"):
            generator = ImageDataGenerator(**EVERYTHING, fill_mode=mode)
            bits = next(generator.flow(images.astype(dtype), seed=1)).tobytes()
            assert KNOWN.setdefault((dtype, mode), bits) == bits


KNOWN: dict[Any, bytes] = {}


def test_threads(images: np.ndarray, threads: int) -> None:
    bits = next(ImageDataGenerator(**EVERYTHING).flow(images, seed=1)).tobytes()
    assert KNOWN.setdefault("threads", bits) == bits


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_one_go_is_the_same_as_planes(images: np.ndarray, dtype: str) -> None:
    """Colors side by side take a way of their own."""
    x = images.astype(dtype)
    for mode in ("nearest", "constant", "reflect", "wrap"):
        settings: dict[str, Any] = {**GEOMETRY, "rescale": 0.25, "fill_mode": mode, "cval": 3.0}
        last = next(ImageDataGenerator(**settings).flow(x, seed=2))
        planes = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        first = next(ImageDataGenerator(**settings, data_format="channels_first").flow(planes, seed=2))
        assert np.array_equal(last, first.transpose(0, 2, 3, 1)), mode
    gray = next(ImageDataGenerator(**GEOMETRY).flow(x[..., :1], seed=2))
    assert np.array_equal(gray[..., 0], next(ImageDataGenerator(**GEOMETRY).flow(x, seed=2))[..., 0])


def test_last_pixels() -> None:
    """Nothing is read after the last pixel: the image ends where its memory does."""
    for dtype in (np.uint8, np.float32):
        for height, width in ((1, 1), (1, 5), (4, 1), (3, 2), (9, 9)):
            x = np.random.default_rng(0).integers(0, 256, (2, height, width, 3)).astype(dtype)
            for mode in ("nearest", "constant", "reflect", "wrap"):
                generator = ImageDataGenerator(**GEOMETRY, fill_mode=mode)
                planes = ImageDataGenerator(**GEOMETRY, fill_mode=mode, data_format="channels_first")
                expected = next(planes.flow(x.transpose(0, 3, 1, 2), seed=5)).transpose(0, 2, 3, 1)
                assert np.array_equal(next(generator.flow(x, seed=5)), expected)


def test_epochs(images: np.ndarray) -> None:
    y = np.arange(len(images))
    flow = ImageDataGenerator(rotation_range=10).flow(images, y, batch_size=5, seed=2)
    assert len(flow) == 3
    assert [len(next(flow)[1]) for _ in range(4)] == [5, 5, 3, 5]
    assert flow.epoch == 1
    flow.epoch = 0
    first, second = epoch_of(flow), epoch_of(flow)
    assert set(first) == set(second) == set(y.tolist())
    assert not any(np.array_equal(first[i], second[i]) for i in first)
    flow.epoch = 1
    orders = [np.concatenate([next(flow)[1] for _ in range(3)]) for _ in range(2)]
    assert not np.array_equal(*orders)
    flow.epoch = 1
    assert np.array_equal(np.concatenate([flow[i][1] for i in range(3)]), orders[0])
    assert np.array_equal(flow[-1][1], flow[2][1])
    with pytest.raises(IndexError, match="batch 3 of an epoch of 3"):
        flow[3]
    next(flow)
    flow.reset()
    assert (flow.epoch, flow.batch_index) == (2, 0)
    flow.reset()
    assert flow.epoch == 2
    assert flow.next()[0].shape == (5, 37, 53, 3)
    assert iter(flow) is flow
    plain_order = ImageDataGenerator().flow(images, y, batch_size=5, shuffle=False)
    assert np.array_equal(np.concatenate([next(plain_order)[1] for _ in range(3)]), y)


def test_memory_is_used_again_when_nobody_holds_it(images: np.ndarray) -> None:
    flow = ImageDataGenerator(rotation_range=10).flow(images, batch_size=13, seed=2)
    first = next(flow)
    row = first[3, 2]
    copy, address = row.copy(), first.ctypes.data
    del first
    kept = [next(flow) for _ in range(6)]
    assert np.array_equal(row, copy)  # a view of a view holds it
    assert len({batch.ctypes.data for batch in kept} | {address}) == 7
    del kept
    if _flow._IN_A_LIST is not None:
        assert len({next(flow).ctypes.data for _ in range(6)}) <= 3


def test_outputs(images: np.ndarray, tmp_path: Path) -> None:
    generator = ImageDataGenerator()
    y, weight = np.arange(13), np.linspace(0, 1, 13)
    batch = next(generator.flow(images, y, 4, False, weight))
    assert [len(part) for part in batch] == [4, 4, 4]
    (made, other), labels = next(generator.flow((images, y * 2), y, 4, False))
    assert np.array_equal(other, [0, 2, 4, 6])
    assert np.array_equal(made, images[:4])
    assert len(labels) == 4
    for dtype in ("float16", "float64"):
        got = next(ImageDataGenerator(dtype=dtype, rescale=1 / 255).flow(images, shuffle=False))
        assert got.dtype == dtype
        assert np.abs(got - images / 255).max() < 1e-3
    Image = pytest.importorskip("PIL.Image")
    next(generator.flow(images, batch_size=3, shuffle=False, save_to_dir=tmp_path, save_prefix="a"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_0_0.png", "a_1_0.png", "a_2_0.png"]
    scaled = images[1] - images[1].min().astype(float)
    with Image.open(tmp_path / "a_1_0.png") as saved:
        assert np.array_equal(np.asarray(saved), np.rint(scaled * (255 / scaled.max())))


def test_single_images(images: np.ndarray) -> None:
    generator = ImageDataGenerator(**EVERYTHING)
    assert generator.get_random_transform((9, 9, 3), 3) == generator.get_random_transform((9, 9, 3), 3)
    first, second = generator.get_random_transform((9, 9, 3)), generator.get_random_transform((9, 9, 3))
    assert first["theta"] != second["theta"]
    got = generator.random_transform(images[0], seed=3)
    assert np.array_equal(got, generator.random_transform(images[0], seed=3))
    assert got.shape == images[0].shape
    assert got.dtype == np.float32
    batch = next(generator.flow(images[:1], seed=3))
    assert np.abs(batch[0] - got / np.float32(255)).max() < 1e-6


def test_directory(images: np.ndarray, tmp_path: Path, capsys: Any) -> None:
    Image = pytest.importorskip("PIL.Image")
    for i, photo in enumerate(images[:10]):
        folder = tmp_path / ("cats" if i < 6 else "dogs")
        folder.mkdir(exist_ok=True)
        Image.fromarray(photo).save(folder / f"{i:02}.png")
    (tmp_path / "dogs" / "notes.txt").write_text("no image")
    generator = ImageDataGenerator(rescale=1 / 255, validation_split=0.5)
    flow = generator.flow_from_directory(tmp_path, (37, 53), batch_size=4, shuffle=False)
    assert "Found 10 images belonging to 2 classes." in capsys.readouterr().out
    assert isinstance(flow, DirectoryIterator)
    assert flow.class_indices == {"cats": 0, "dogs": 1}
    assert flow.classes.tolist() == [0] * 6 + [1] * 4
    assert flow.filenames[0].replace("\\", "/") == "cats/00.png"
    made = [next(flow) for _ in range(3)]
    assert np.abs(np.concatenate([x for x, _ in made]) - images[:10] / 255).max() < 1e-6
    assert np.array_equal(np.concatenate([y for _, y in made]).argmax(axis=1), flow.classes)
    part = generator.flow_from_directory(str(tmp_path), (16, 8), class_mode="sparse", subset="validation",
                                         color_mode="grayscale", interpolation="bilinear", shuffle=False)  # fmt: skip
    x, y = next(part)
    assert x.shape == (5, 16, 8, 1)
    assert y.tolist() == [0, 0, 0, 1, 1]
    resized = Image.fromarray(images[0]).convert("L").resize((8, 16), Image.Resampling.BILINEAR)
    assert np.abs(x[0, ..., 0] * 255 - np.asarray(resized)).max() < 1e-4
    square = generator.flow_from_directory(tmp_path, (20, 20), class_mode=None, keep_aspect_ratio=True, shuffle=False,
                                           classes=["dogs"])  # fmt: skip
    assert square.n == 4
    expected = Image.fromarray(images[6, :, 8:45]).resize((20, 20), Image.Resampling.NEAREST)
    assert np.abs(next(square)[0] * 255 - np.asarray(expected)).max() < 1e-4
    same = generator.flow_from_directory(tmp_path, class_mode="input", color_mode="rgba", batch_size=2)
    x, y = next(same)
    assert x.shape == (2, 256, 256, 4)
    assert np.array_equal(x, y)


# Bad input

X = np.zeros((4, 8, 9, 3), np.uint8)
G = ImageDataGenerator
BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "'rotation_range' is -1": (ValueError, lambda: G(rotation_range=-1)),
    "'rotation_range' is nan": (ValueError, lambda: G(rotation_range=float("nan"))),
    "'width_shift_range' is 'far'": (TypeError, lambda: G(width_shift_range="far")),
    "'height_shift_range' is -0.5": (ValueError, lambda: G(height_shift_range=-0.5)),
    "'zoom_range' is 1": (ValueError, lambda: G(zoom_range=1)),
    "'zoom_range' is [1.2, 0.8]": (ValueError, lambda: G(zoom_range=[1.2, 0.8])),
    "'brightness_range' is 0.5": (TypeError, lambda: G(brightness_range=0.5)),
    "'shear_range' is 90": (ValueError, lambda: G(shear_range=90)),
    "'fill_mode' is 'mirror'": (ValueError, lambda: G(fill_mode="mirror")),
    "'data_format' is 'NHWC'": (ValueError, lambda: G(data_format="NHWC")),
    "'interpolation_order' is 3": (ValueError, lambda: G(interpolation_order=3)),
    "'validation_split' is 1": (ValueError, lambda: G(validation_split=1)),
    "'dtype' is 'int32'": (ValueError, lambda: G(dtype="int32")),
    "'compat' is 'tf'": (ValueError, lambda: G(compat="tf")),
    "'preprocessing_function' is 3": (TypeError, lambda: G(preprocessing_function=3)),  # type: ignore[arg-type]
    "'x' has shape (8, 9, 3)": (ValueError, lambda: G().flow(X[0])),
    "'x' has shape (4, 0, 9, 3)": (ValueError, lambda: G().flow(X[:, :0])),
    "'x' has dtype complex128": (TypeError, lambda: G().flow(X.astype(complex))),
    "'y' has shape (3,)": (ValueError, lambda: G().flow(X, np.zeros(3))),
    "'sample_weight' has shape (5,)": (ValueError, lambda: G().flow(X, None, sample_weight=np.zeros(5))),
    "'batch_size' is 0": (ValueError, lambda: G().flow(X, batch_size=0)),
    "'seed' is -3": (ValueError, lambda: G().flow(X, seed=-3)),
    "'subset' is 'test'": (ValueError, lambda: G(validation_split=0.5).flow(X, subset="test")),
    "different classes": (ValueError, lambda: G(validation_split=0.5).flow(X, [0, 0, 1, 1], subset="training")),
    "has ['angle']": (ValueError, lambda: G().apply_transform(X[0], {"angle": 3})),
    "'theta' is nan": (ValueError, lambda: G().apply_transform(X[0], {"theta": np.nan})),
    "'img_shape' is (3,)": (ValueError, lambda: G().get_random_transform((3,))),
    "has no images": (ValueError, lambda: G(featurewise_center=True).fit(X[:0])),
    "'epoch' is 9223372036854775808": (ValueError, lambda: setattr(G().flow(X), "epoch", 1 << 63)),
    "'classes' is 'cats'": (ValueError, lambda: G().flow_from_directory(".", classes="cats")),
    "'classes' is ['a', 'a']": (ValueError, lambda: G().flow_from_directory(".", classes=["a", "a"])),
    "which is no folder": (ValueError, lambda: G().flow_from_directory("/nowhere")),
}


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_odd_input(images: np.ndarray) -> None:
    empty = ImageDataGenerator(**GEOMETRY).flow(X[:0])
    assert len(empty) == 0
    assert list(empty) == []
    backwards = images[::-1, ::-1, ::-1]
    expected = next(ImageDataGenerator(**GEOMETRY).flow(np.ascontiguousarray(backwards), seed=1))
    # Read in the order of memory, so that places are rounded from the other side
    assert np.abs(next(ImageDataGenerator(**GEOMETRY).flow(backwards, seed=1)) - expected).max() < 0.05
    read_only = images.copy()
    read_only.flags.writeable = False
    assert next(ImageDataGenerator(**GEOMETRY).flow(read_only)).shape == images.shape
    many = np.ones((2, 8, 9, 7), np.float32)
    assert np.array_equal(next(ImageDataGenerator(**GEOMETRY).flow(many)), many)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert next(ImageDataGenerator().flow(images.astype(np.int64), shuffle=False)).dtype == np.float32


def test_docstring() -> None:
    text = inspect.getdoc(ImageDataGenerator) or ""
    for parameter in inspect.signature(ImageDataGenerator).parameters:
        assert parameter in text
    assert "augment.keras" not in augment.__all__  # imported on demand
