# SPDX-License-Identifier: Apache-2.0
"""Where pixels go, by SciPy, Pillow, OpenCV and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, drawn, row, white

WEIGHTS = "weights of pixels have 14 bits"
WEIGHTS_OFF = 255 * 1.5 / 2**14  # three of four are rounded, and the fourth is what is left of 1
BORDERS = ("constant", "replicate", "reflect", "reflect101", "wrap")
NUMPY_BORDERS = dict(zip(BORDERS, ("constant", "edge", "symmetric", "reflect", "wrap"), strict=True))
SCIPY_BORDERS = dict(zip(BORDERS, ("grid-constant", "nearest", "reflect", "mirror", "grid-wrap"), strict=True))
OPENCV_BORDERS = dict(zip(BORDERS, (0, 1, 2, 4, 3), strict=True))


def border_of(images: np.ndarray) -> str:
    """Return each border for some images."""
    return BORDERS[sum(images.shape) % 5]


# Exact ones


@row("HorizontalFlip", "Pillow", needs="PIL", dtypes=("uint8",))
def horizontal_flip_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    return augment.HorizontalFlip(p=1)(images), _pillow(images, "FLIP_LEFT_RIGHT")


@row("VerticalFlip", "Pillow", needs="PIL", dtypes=("uint8",))
def vertical_flip_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    return augment.VerticalFlip(p=1)(images), _pillow(images, "FLIP_TOP_BOTTOM")


@row("Transpose", "Pillow", needs="PIL", dtypes=("uint8",))
def transpose_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    return augment.Transpose(p=1)(images), _pillow(images, "TRANSPOSE")


def _pillow(images: np.ndarray, method: str) -> np.ndarray:
    from PIL import Image

    planes = images.transpose(0, 3, 1, 2).reshape(-1, *images.shape[1:3])
    turned = [np.asarray(Image.fromarray(plane).transpose(Image.Transpose[method])) for plane in planes]
    stacked = np.stack(turned).reshape(len(images), images.shape[3], *turned[0].shape)
    return stacked.transpose(0, 2, 3, 1)


@row("functional.horizontal_flip", "NumPy")
def horizontal_flip(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.horizontal_flip(images), images[:, :, ::-1]


@row("functional.vertical_flip", "NumPy")
def vertical_flip(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.vertical_flip(images), images[:, ::-1]


@row("functional.transpose", "NumPy")
def transpose(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.transpose(images), images.swapaxes(1, 2)


@row("RandomRotate90", "NumPy's rot90")
def quarter_turns(images: np.ndarray, ids: np.ndarray) -> Pair:
    pipe = augment.RandomRotate90()
    turned: list[np.ndarray] = []
    expected: list[np.ndarray] = []
    for image, i in zip(images, ids, strict=True):
        quarters = int(pipe.plan([i])[0]["quarters"][0])
        turned.append(pipe(image, ids=i).ravel())
        expected.append(np.rot90(image, quarters).ravel())
    return np.concatenate(turned), np.concatenate(expected)


@row("RandomCrop", "NumPy's pad")
def random_crop(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width, border = max(1, images.shape[1] - 2), images.shape[2] + 3, border_of(images)
    transform = augment.RandomCrop(height, width, padding=(4, 2), border_mode=border, fill=white(images))
    result, entry = drawn(transform, images, ids)
    wide = _padded(images, ((2, 2), (4, 4)), border)
    parts = [
        wide[i, top + 2 : top + 2 + height, left + 4 : left + 4 + width]
        for i, (top, left) in enumerate(zip(entry["top"], entry["left"], strict=True))
    ]
    return result, np.stack(parts)


@row("CenterCrop", "NumPy's pad")
def center_crop(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width = images.shape[1:3]
    result = augment.CenterCrop(max(1, height - 3), width + 4, pad_if_needed=True, border_mode="wrap")(images)
    top = (height - max(1, height - 3)) // 2
    return result, _padded(images[:, top : top + max(1, height - 3)], ((0, 0), (2, 2)), "wrap")


@row("Pad", "NumPy's pad")
def pad(images: np.ndarray, ids: np.ndarray) -> Pair:
    border = border_of(images)
    result = augment.Pad((3, 61, 2, 5), fill=white(images), border_mode=border)(images)
    return result, _padded(images, ((61, 5), (3, 2)), border)


@row("functional.pad", "NumPy's pad")
def functional_pad(images: np.ndarray, ids: np.ndarray) -> Pair:
    border, fill = border_of(images), white(images) / 5
    result = F.pad(images, (3, 61, 2, 5), fill=fill, border_mode=border)
    return result, _padded(images, ((61, 5), (3, 2)), border, fill)


@row("functional.pad", "OpenCV", needs="cv2")
def pad_of_opencv(images: np.ndarray, ids: np.ndarray) -> Pair | None:
    import cv2

    if min(images.shape[1:3]) < 2:
        return None  # OpenCV wants more pixels than are mirrored
    border = border_of(images)
    expected = [cv2.copyMakeBorder(image, 1, 1, 1, 0, OPENCV_BORDERS[border]) for image in images]
    result = F.pad(images, (1, 1, 0, 1), border_mode=border)
    return result, np.stack(expected).reshape(result.shape)


@row("functional.crop", "NumPy's pad")
def crop(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width, border = images.shape[1], images.shape[2], border_of(images)
    result = F.crop(images, ids % 5 - 3, -2, height + 1, width, border_mode=border)
    wide = _padded(images, ((3, 3), (2, 2)), border, fill=0.0)
    return result, np.stack([wide[i, k % 5 : k % 5 + height + 1, :width] for i, k in enumerate(ids)])


def _padded(images: np.ndarray, widths: Any, border: str, fill: float | None = None) -> np.ndarray:
    options = {"constant_values": white(images) if fill is None else fill} if border == "constant" else {}
    return np.pad(images, ((0, 0), *widths, (0, 0)), mode=NUMPY_BORDERS[border], **options)  # type: ignore[call-overload]


# With a matrix


def forward(size: tuple[int, ...], angle: float, scale: Any = (1, 1), shear: Any = (0, 0), shift: Any = (0, 0)) -> Any:
    """Return the matrix from places in the image to places in the result, both in (x, y, 1)."""
    t, (sx, sy) = np.deg2rad(angle), -np.tan(np.deg2rad(shear))  # to the right where y is less
    rotation = np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]])  # y points down
    matrix = np.eye(3)
    matrix[:2, :2] = np.array([[1, sx], [sy, 1]]) @ rotation @ np.diag(scale)
    center = np.array([size[1], size[0]]) / 2
    matrix[:2, 2] = center + shift - matrix[:2, :2] @ center
    return matrix


def by_scipy(image: np.ndarray, matrix: Any, border: str, fill: float, order: int = 1) -> np.ndarray:
    """Read an image where a matrix in (x, y, 1) leads from places in it; float64, not rounded."""
    from scipy.ndimage import map_coordinates

    rows, columns = np.indices(image.shape[:2]) + 0.5
    x, y, w = np.tensordot(np.linalg.inv(matrix), np.stack([columns, rows, np.ones_like(rows)]), axes=1)
    places = [y / w - 0.5, x / w - 0.5]
    planes = [
        map_coordinates(image[..., c].astype(np.float64), places, order=order, mode=SCIPY_BORDERS[border], cval=fill)
        for c in range(image.shape[2])
    ]
    return np.stack(planes, axis=-1)


@row("Rotate", "SciPy", WEIGHTS, levels=WEIGHTS_OFF, floats=1e-4, needs="scipy")
def rotate(images: np.ndarray, ids: np.ndarray) -> Pair:
    border, fill = border_of(images), white(images) / 5
    result, entry = drawn(augment.Rotate(170, border_mode=border, fill=fill, p=1), images, ids)
    matrices = [forward(images.shape[1:3], angle) for angle in entry["angle"]]
    return result, np.stack([by_scipy(*pair, border, fill) for pair in zip(images, matrices, strict=True)])


@row("functional.rotate", "OpenCV", "OpenCV reads bytes at 32nds of a pixel before 5, and rounds its own way", levels=1,
     floats=2e-3, needs="cv2")  # fmt: skip
def rotate_of_opencv(images: np.ndarray, ids: np.ndarray) -> Pair:
    import cv2

    height, width = images.shape[1:3]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 25, 1)
    border = ("constant", "replicate", "reflect")[sum(images.shape) % 3]
    options = {"flags": cv2.INTER_LINEAR, "borderMode": OPENCV_BORDERS[border]}
    expected = [cv2.warpAffine(image, matrix, (width, height), **options) for image in images]
    return F.rotate(images, 25, border_mode=border), np.stack(expected).reshape(images.shape)


@row("functional.rotate", "NumPy's rot90", "quarter turns of squares are exact")
def quarter_turns_by_rotate(images: np.ndarray, ids: np.ndarray) -> Pair:
    side = min(images.shape[1:3])
    squares = images[:, :side, :side]
    return F.rotate(squares, 90), np.rot90(squares, axes=(1, 2))


@row("Affine", "SciPy", WEIGHTS, levels=WEIGHTS_OFF, floats=1e-4, needs="scipy")
def affine(images: np.ndarray, ids: np.ndarray) -> Pair:
    border = border_of(images)
    transform = augment.Affine(
        scale=(0.5, 1.5), translate_percent=(-0.2, 0.2), rotate=(-180, 180), shear=(-20, 20), border_mode=border, p=1
    )
    result, entry = drawn(transform, images, ids)
    return result, _as_planned(images, entry, border)


@row("ShiftScaleRotate", "SciPy", WEIGHTS, levels=WEIGHTS_OFF, floats=1e-4, needs="scipy")
def shift_scale_rotate(images: np.ndarray, ids: np.ndarray) -> Pair:
    border = border_of(images)
    result, entry = drawn(augment.ShiftScaleRotate(border_mode=border, p=1), images, ids)
    return result, _as_planned(images, entry, border)


def _as_planned(images: np.ndarray, entry: Any, border: str) -> np.ndarray:
    size, expected = images.shape[1:3], []
    for i, image in enumerate(images):
        scale, shear, shift = (
            np.array([entry[f"{name}_x"][i], entry[f"{name}_y"][i]]) for name in ("scale", "shear", "translate")
        )
        matrix = forward(size, entry["angle"][i], scale, shear, shift * size[::-1])
        expected.append(by_scipy(image, matrix, border, 0.0))
    return np.stack(expected)


@row("functional.affine", "SciPy", WEIGHTS, levels=WEIGHTS_OFF, floats=1e-4, needs="scipy")
def functional_affine(images: np.ndarray, ids: np.ndarray) -> Pair:
    angle, scale = ids * 11.0, np.array([0.7, 1.4])
    result = F.affine(images, angle=angle, scale=tuple(scale), shear=(7, -3), translate=(2.25, -1), border_mode="wrap")
    matrices = [forward(images.shape[1:3], a, scale, (7, -3), (2.25, -1)) for a in angle]
    return result, np.stack([by_scipy(*pair, "wrap", 0.0) for pair in zip(images, matrices, strict=True)])


@row("functional.affine", "NumPy, nearest", "places on the edge between two pixels may fall to either", share=0.998)
def nearest(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = F.affine(images, angle=33.3, scale=1.3, interpolation="nearest", border_mode="replicate")
    rows, columns = np.indices(images.shape[1:3]) + 0.5
    matrix = np.linalg.inv(forward(images.shape[1:3], 33.3, (1.3, 1.3)))
    x, y, _ = np.tensordot(matrix, np.stack([columns, rows, np.ones_like(rows)]), axes=1)
    y, x = (np.clip(np.floor(v).astype(int), 0, n - 1) for v, n in zip((y, x), images.shape[1:3], strict=True))
    return result, images[:, y, x]


@row("Perspective", "SciPy", WEIGHTS, levels=WEIGHTS_OFF, floats=1e-4, needs="scipy")
def perspective(images: np.ndarray, ids: np.ndarray) -> Pair:
    border, (height, width) = border_of(images), images.shape[1:3]
    result, entry = drawn(augment.Perspective(scale=0.2, border_mode=border, p=1), images, ids)
    expected = []
    for image, corners in zip(images, entry["corners"], strict=True):
        # Eight equations: from the corners of the quadrilateral to those of the result.
        equations, right = [], []
        to = [(0, 0), (width, 0), (width, height), (0, height)]
        for (x, y), (u, v) in zip(corners * [width, height], to, strict=True):
            equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
            right += [u, v]
        matrix = np.append(np.linalg.solve(equations, right), 1).reshape(3, 3)
        expected.append(by_scipy(image, matrix, border, 0.0))
    return result, np.stack(expected)


# What covers


@row("CoarseDropout", "NumPy")
def coarse_dropout(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.CoarseDropout((1, 4), (0.2, 0.5), (0.1, 0.6), fill=white(images), p=1), images, ids)
    return result, covered(images, entry["holes"], white(images))


@row("RandomErasing", "NumPy")
def random_erasing(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.RandomErasing(p=1), images, ids)
    return result, covered(images, entry["holes"], 0)


@row("functional.erase", "NumPy")
def erase(images: np.ndarray, ids: np.ndarray) -> Pair:
    holes = np.stack([ids % 7 - 3, ids % 5 - 1, ids % 11, ids % 6], axis=1)[:, None]
    return F.erase(images, *holes[:, 0].T, fill=white(images) / 5), covered(images, holes, white(images) / 5)


def covered(images: np.ndarray, holes: np.ndarray, fill: float) -> np.ndarray:
    """Fill rectangles of top, left, height and width (N, holes, 4)."""
    rows, columns = np.indices(images.shape[1:3])
    result = images.copy()
    for image, its in zip(result, holes, strict=True):
        for top, left, height, width in its:
            inside = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
            image[inside] = fill
    return result


@row("XYMasking", "NumPy")
def bars(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width = images.shape[1:3]
    transform = augment.XYMasking((1, 3), 2, (1, (width + 2) // 3), (1, (height + 2) // 3), white(images), p=1)
    result, entry = drawn(transform, images, ids)
    return result, covered(images, entry["holes"], white(images))


@row("GridDropout", "NumPy")
def grid_dropout(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.GridDropout(0.6, fill=white(images) / 5, p=1), images, ids)
    return result, covered(images, entry["holes"], white(images) / 5)


@row("functional.grid_dropout", "NumPy")
def functional_grid_dropout(images: np.ndarray, ids: np.ndarray) -> Pair:
    expected = images.copy()
    for image, rows in zip(expected, ids % 4 + 1, strict=True):
        counts = min(rows, image.shape[0]), 1
        lines = [np.arange(n + 1) * size // n for n, size in zip(counts, image.shape[:2], strict=True)]
        for top, bottom in zip(lines[0], lines[0][1:], strict=False):
            for left, right in zip(lines[1], lines[1][1:], strict=False):
                high, wide = (min(max(int(n * 0.5), 1), n - 1) for n in (bottom - top, right - left))
                image[top : top + high, left : left + wide] = 0
    return F.grid_dropout(images, ids % 4 + 1, 1), expected


@row("functional.erase_holes", "NumPy")
def erase_holes(images: np.ndarray, ids: np.ndarray) -> Pair:
    holes = np.stack([np.stack([ids % 7 - 3, ids % 5 - 1, ids % 11, ids % 6], axis=1), np.full((len(ids), 4), 5)], 1)
    return F.erase_holes(images, holes, fill=white(images) / 5), covered(images, holes, white(images) / 5)


@row("RandomShadow", "NumPy", "factors have 24 bits", floats=1e-6)
def shadow(images: np.ndarray, ids: np.ndarray) -> Pair:
    transform = augment.RandomShadow((0, 0, 1, 1), (1, 3), 6, (0.2, 0.8), p=1)
    result, entry = drawn(transform, images, ids)
    polygons = entry["vertices"] * [images.shape[2], images.shape[1]]
    return result, shaded(images, polygons, 1 - entry["intensities"])


@row("functional.shade", "NumPy", "factors have 24 bits", floats=1e-6)
def shade(images: np.ndarray, ids: np.ndarray) -> Pair:
    polygons = np.random.default_rng(ids[0]).uniform(-5, max(images.shape[1:3]) + 5, (len(ids), 2, 5, 2))
    factors = np.stack([ids % 7 / 7, ids % 5 / 5], axis=1)
    return F.shade(images, polygons, factors), shaded(images, polygons, factors)


def shaded(images: np.ndarray, polygons: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Multiply the values of pixels whose center is to the right of an odd number of sides."""
    y, x = np.indices(images.shape[1:3]) + 0.5
    result = images.astype(np.float32)
    for image, its, of_each in zip(result, polygons, factors, strict=True):
        for polygon, factor in zip(its, of_each, strict=True):
            inside = np.zeros(y.shape, bool)
            for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
                if y0 != y1:
                    there = (np.minimum(y0, y1) <= y) & (y < np.maximum(y0, y1))
                    inside ^= there & (x >= x0 + (y - y0) * (x1 - x0) / (y1 - y0))
            values = image[inside] * np.float32(factor)
            image[inside] = np.rint(values) if images.dtype == np.uint8 else values
    return result.astype(images.dtype)
