# SPDX-License-Identifier: Apache-2.0
"""One interpolation instead of several: nearer to the truth, and how far from the several at most."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import psnr_table as chains
import pytest
from burnish import augment


@pytest.fixture(scope="module")
def photographs() -> Any:
    pytest.importorskip("sklearn")
    pytest.importorskip("PIL")
    return {name: chains.photograph(name) for name in chains.PHOTOS}


@pytest.mark.parametrize("interpolation", chains.INTERPOLATIONS)
@pytest.mark.parametrize("title", chains.CHAINS)
@pytest.mark.parametrize("name", chains.PHOTOS)
def test_better(photographs: Any, name: str, title: str, interpolation: str) -> None:
    fine, image = photographs[name]
    chain = chains.CHAINS[title]
    expected, inside = chains.truth(fine, chain)
    assert inside.mean() > 0.3
    found = chains.results(image, chain, interpolation)
    ratios = {way: chains.psnr(result, expected, inside) for way, result in found.items()}
    assert ratios["fused"] > ratios["step by step"] + (1.5 if interpolation == "bilinear" else 0.7)
    if "Albumentations" in ratios:
        assert abs(ratios["step by step"] - ratios["Albumentations"]) < 0.05  # the same steps
        assert ratios["fused"] > ratios["Albumentations"] + 0.7


def reach(matrices: list[np.ndarray], interpolation: str) -> float:
    """Return how far from a place in the image the pixels may lie that several interpolations read, along an axis."""
    each = 1.0 if interpolation == "bilinear" else 2.0
    far = 0.0
    for matrix in reversed(matrices):
        far = np.abs(matrix[:2, :2]).sum(axis=1).max() * far + each
    return far


@pytest.mark.parametrize("interpolation", chains.INTERPOLATIONS)
@pytest.mark.parametrize("title", chains.CHAINS)
def test_difference_is_bounded(photographs: Any, title: str, interpolation: str) -> None:
    """Both lie within the values of the pixels that the steps read; bicubic weights sum up to 1.375 squared at most."""
    ndimage = pytest.importorskip("scipy.ndimage")
    for _, image in photographs.values():
        chain = chains.CHAINS[title]
        height, width = image.shape[:2]
        matrices = chains.matrices(chain, height, width)
        product = np.linalg.multi_dot([*matrices, np.eye(3)])
        u, v = chains.reference.places(product, height, width)
        inside = np.ones((height, width), bool)
        partial = np.eye(3)
        for matrix in reversed(matrices):
            partial = matrix @ partial
            x, y = chains.reference.places(partial, height, width)
            margin = 2 * len(chain) + 6
            inside &= (x > margin) & (x < width - margin) & (y > margin) & (y < height - margin)
        assert inside.any()
        size = 2 * math.ceil(reach(matrices, interpolation) + 0.5) + 1
        highest, lowest = (f(image, size=(size, size, 1)) for f in (ndimage.maximum_filter, ndimage.minimum_filter))
        row, column = (np.clip(np.rint(place), 0, n - 1).astype(int) for place, n in ((v, height), (u, width)))
        high, low = (values[row, column].astype(float) for values in (highest, lowest))
        # The sizes of Keys' weights (a = -3/4) sum up to 1.375 at most along an axis, those of bilinear ones to 1.
        sizes = 1.0 if interpolation == "bilinear" else 1.375**2
        middle, half = (high + low) / 2, (high - low) / 2
        found = chains.results(image, chain, interpolation)
        for way, steps in (("fused", 1), ("step by step", len(chain))):
            # Each step rounds by half a level, and the ones after it let that grow.
            rounding = 0.5 * sum(sizes**k for k in range(steps)) + 1e-2
            far = np.abs(found[way] - middle)[inside] - half[inside] * sizes**steps
            assert far.max() <= rounding, way
        apart = np.abs(found["fused"].astype(float) - found["step by step"])[inside]
        bound = (half * (sizes + sizes ** len(chain)))[inside] + 2 * rounding
        assert (apart <= bound).all()
        assert 0 < apart.mean() < 8


def test_flat_parts_do_not_differ() -> None:
    """Where all pixels that are read are equal, so are both results."""
    image = np.full((60, 80, 3), 133, np.uint8)
    for interpolation in chains.INTERPOLATIONS:
        for chain in chains.CHAINS.values():
            pipe = augment.Compose(chains.steps(augment, chain, interpolation))  # type: ignore[arg-type]
            fused, unfused = pipe(image), pipe(image, fuse=False)
            middle = slice(25, 35), slice(30, 50)
            assert (fused[middle] == 133).all()
            assert (unfused[middle] == 133).all()


def test_one_resampling_alone() -> None:
    """Flips and crops about one warp cost nothing, and change nothing."""
    image = np.random.default_rng(0).integers(0, 256, (90, 110, 3), dtype=np.uint8)
    for interpolation in ("nearest", "bilinear", "bicubic"):
        pipe = augment.Compose(
            [
                augment.CenterCrop(80, 101),
                augment.HorizontalFlip(p=1),
                augment.Rotate((20, 20), interpolation, border_mode="reflect", p=1),
                augment.VerticalFlip(p=1),
                augment.Transpose(p=1),
                augment.CenterCrop(60, 50),
            ]
        )
        assert np.array_equal(pipe(image), pipe(image, fuse=False))
