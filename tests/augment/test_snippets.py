# SPDX-License-Identifier: Apache-2.0
"""Programs as articles have them, with only their import lines changed, on real photographs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    """Return the two photographs that scikit-learn ships, (427, 640, 3)."""
    datasets = pytest.importorskip("sklearn.datasets")
    pytest.importorskip("PIL.Image")
    return [np.ascontiguousarray(image) for image in datasets.load_sample_images().images]


def test_albumentations(photographs: list[np.ndarray]) -> None:
    image = photographs[0]
    # import albumentations as A
    from burnish import augment as A  # noqa: N812

    transform = A.Compose(
        [
            A.RandomCrop(width=256, height=256),
            A.HorizontalFlip(p=0.5),
            A.Rotate(limit=30, p=0.5),
            A.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.2, p=0.5),
            A.GaussNoise(var_limit=(10.0, 50.0), p=0.5),
            A.GaussianBlur(blur_limit=(3, 7), p=0.2),
            A.Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        ]
    )
    augmented = [transform(image=image)["image"] for _ in range(20)]

    assert {(made.shape, made.dtype.name) for made in augmented} == {((256, 256, 3), "float32")}
    assert len({made.tobytes() for made in augmented}) == 20
    low, high = (0 - 0.485) / 0.229, (1 - 0.406) / 0.225
    assert all(low - 1e-5 <= made.min() and made.max() <= high + 1e-5 for made in augmented)
    # A sample that takes the crop alone shows a part of the photograph, normalized.
    plan = transform.plan(np.arange(500), sizes=image.shape[:2])
    others = [entry.applies for entry in plan if entry.transform not in ("RandomCrop", "Normalize")]
    alone = int(np.flatnonzero(~np.any(others, axis=0))[0])
    top, left = (int(plan["RandomCrop"][name][alone]) for name in ("top", "left"))
    part = image[top : top + 256, left : left + 256] / 255
    expected = (part - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.abs(transform(image, ids=alone) - expected).max() < 1e-5


def rotate_and_brighten(cv2: Any, image: np.ndarray) -> np.ndarray:
    """Rotate by 10 degrees, and add 10 % of brightness."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 10, 1.0)
    rotated = cv2.warpAffine(image, matrix, (width, height))
    hsv = cv2.cvtColor(rotated, cv2.COLOR_BGR2HSV)
    h, s, v = cv2.split(hsv)
    v = np.clip(v + 0.1 * 255, 0, 255).astype(np.uint8)
    hsv = cv2.merge([h, s, v])
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))


def test_opencv(photographs: list[np.ndarray]) -> None:
    # import cv2
    from burnish.augment import opencv as cv2

    image = photographs[0][..., ::-1].copy()  # as imread has it
    made = rotate_and_brighten(cv2, image)

    assert (made.shape, made.dtype) == (image.shape, np.uint8)
    assert made[0, 0].tolist() == [25, 25, 25]  # the black corner, brightened
    middle = (slice(200, 220), slice(310, 330))
    assert abs(int(made[middle].max(axis=-1).mean()) - int(image[middle].max(axis=-1).mean()) - 25) <= 2
    opencv = pytest.importorskip("cv2")
    expected = rotate_and_brighten(opencv, image)
    if int(opencv.__version__.split(".")[0]) >= 5:
        # One of the warp and one of the way back from HSV, and hues of dark pixels turn by a step of it
        difference = np.abs(made.astype(int) - expected)
        assert difference.mean() < 0.5
        assert (difference > 1).mean() < 0.002
    # Of the very same rotated image, at most 1 everywhere
    hsv = opencv.cvtColor(image, opencv.COLOR_BGR2HSV)
    assert np.array_equal(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), hsv)
    back = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(int)
    assert np.abs(back - opencv.cvtColor(hsv, opencv.COLOR_HSV2BGR)).max() <= 1


def test_keras(photographs: list[np.ndarray]) -> None:
    tiles = [photo[top : top + 96, left : left + 96] for photo in photographs for top in (0, 100, 200, 300)
             for left in range(0, 500, 100)]  # fmt: skip
    X = np.stack(tiles)
    y = np.repeat([0, 1], len(X) // 2)
    # from keras.preprocessing.image import ImageDataGenerator
    from burnish.augment.keras import ImageDataGenerator

    datagen = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
        fill_mode="nearest",
    )
    datagen.fit(X)
    seen = []
    for X_batch, y_batch in datagen.flow(X, y, batch_size=32):
        seen.append((X_batch, y_batch))
        if len(seen) == 4:
            break

    assert [len(labels) for _, labels in seen] == [32, 8, 32, 8]
    assert all(np.bincount(np.concatenate([seen[i][1], seen[i + 1][1]])).tolist() == [20, 20] for i in (0, 2))
    batch, labels = seen[0]
    assert (batch.shape, batch.dtype) == ((32, 96, 96, 3), np.float32)
    assert batch.min() >= 0
    assert 200 < batch.max() <= 255  # neither scaled nor clipped
    # Each is a changed copy of its own tile, with its own label.
    order = datagen.flow(X, y, batch_size=32).index_array[:32]
    assert np.array_equal(labels, y[order])
    means, changed = X.mean(axis=(1, 2)), batch.mean(axis=(1, 2))
    apart = np.linalg.norm(changed[:, None] - means, axis=2)
    assert apart[np.arange(32), order].mean() < 0.35 * apart.mean()
    assert not any(np.array_equal(image, tile) for image, tile in zip(batch, X[order], strict=True))
    scipy = pytest.importorskip("scipy")
    assert scipy is not None
    from reference import keras_generator

    keras = ImageDataGenerator(rotation_range=20, width_shift_range=0.2, height_shift_range=0.2, shear_range=0.2,
                               zoom_range=0.2, horizontal_flip=True, fill_mode="nearest", compat="keras")  # fmt: skip
    for i, image in enumerate(X[:6]):
        params = keras.get_random_transform(image.shape, seed=i)
        expected = keras_generator.transform(image, params)
        assert np.abs(keras.apply_transform(image, params) - expected).max() < 0.05


def rare_copies(Image: Any, ImageFilter: Any, images: list[Any], labels: list[str]) -> tuple[list[Any], list[str]]:
    """Copy the images of classes of fewer than 10, twice over: red, green and blue alone, blurred, and sharpened."""
    counts = {label: labels.count(label) for label in labels}
    new_images, new_labels = list(images), list(labels)
    for image, label in zip(images, labels, strict=True):
        if counts[label] < 10:
            for _ in range(2):
                r, g, b = image.split()
                zero = Image.new("L", image.size)
                copies = [
                    Image.merge("RGB", (r, zero, zero)),
                    Image.merge("RGB", (zero, g, zero)),
                    Image.merge("RGB", (zero, zero, b)),
                    image.filter(ImageFilter.GaussianBlur(radius=2)),
                    image.filter(ImageFilter.UnsharpMask(radius=2, percent=150, threshold=3)),
                ]
                new_images.extend(copies)
                new_labels.extend([label] * len(copies))
    return new_images, new_labels


def test_pillow(photographs: list[np.ndarray]) -> None:
    # from PIL import Image, ImageFilter
    from burnish.augment.pillow import Image, ImageFilter

    china, flower = photographs
    images = [Image.fromarray(china[:120, left : left + 160]) for left in range(0, 480, 40)]
    images += [Image.fromarray(flower[:120, left : left + 160]) for left in (0, 100, 200)]
    labels = ["china"] * 12 + ["flower"] * 3
    made, new_labels = rare_copies(Image, ImageFilter, images, labels)

    assert len(made) == len(new_labels) == 15 + 3 * 2 * 5
    assert new_labels.count("china") == 12
    assert all(image.mode == "RGB" and image.size == (160, 120) for image in made)
    red, green, blue, blurred, sharpened = (np.asarray(image).astype(int) for image in made[15:20])
    original = np.asarray(images[12]).astype(int)
    assert np.array_equal(red + green + blue, original)
    assert np.abs(np.diff(blurred, axis=1)).mean() < np.abs(np.diff(original, axis=1)).mean()
    assert np.abs(np.diff(sharpened, axis=1)).mean() > np.abs(np.diff(original, axis=1)).mean()
    import PIL.ImageFilter

    expected, _ = rare_copies(Image, PIL.ImageFilter, images, labels)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(made, expected, strict=True))
