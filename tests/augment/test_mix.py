# SPDX-License-Identifier: Apache-2.0
"""Images and labels mixed in pairs: MixUp, CutMix, and the functions beneath them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812

IDS = np.array([5, 11, 2, 900, -4, 1 << 40, 7, 8])
LABELS = np.array([0, 1, 2, 3, 4, 0, 1, 2])
# Trees that end in circles, a circle of all, everybody's friend, nobody's.
MAPS = [[1, 2, 0, 0, 3, 3, 7, 6], [3, 5, 1, 7, 6, 4, 0, 2], [4, 4, 4, 4, 4, 4, 4, 4], [0, 1, 2, 3, 4, 5, 6, 7]]


@pytest.fixture
def mixing() -> augment.Compose:
    """Return a pipeline that varies, normalizes and mixes."""
    return augment.Compose(
        [
            augment.RandomCrop(32, 40),
            augment.HorizontalFlip(),
            augment.ColorJitter(),
            augment.Normalize(),
            augment.OneOf([augment.MixUp(0.4, num_classes=5), augment.CutMix(1.0)], p=0.6),
        ],
        seed=3,
    )


def values(dtype: str, shape: tuple[int, ...] = (8, 13, 11, 3)) -> np.ndarray:
    numbers = np.random.default_rng(0).normal(100, 60, shape)
    return np.clip(numbers, 0, 255).astype(np.uint8) if dtype == "uint8" else numbers.astype(dtype)


# ---- the functions ----


@pytest.mark.parametrize("partner", MAPS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float16", "float64"])
def test_mixup_is_the_formula(dtype: str, partner: list[int]) -> None:
    images = values(dtype)
    lam = np.array([0.0, 1, 0.5, 0.25, 0.3, 0.9, 1 / 3, 1e-9])
    found = F.mixup(images, partner, lam)
    assert found.dtype == images.dtype
    # torchvision: batch.roll(1, 0).mul_(1.0 - lam).add_(batch.mul(lam)), with one lambda.
    number = np.float64 if dtype == "float64" else np.float32
    own, other = (weight.astype(number)[:, None, None, None] for weight in (lam, 1 - lam))
    wide = images.astype(number)
    expected = wide[partner] * other + wide * own
    assert np.array_equal(found, np.rint(expected).astype(np.uint8) if dtype == "uint8" else expected.astype(dtype))
    exact = lam[:, None, None, None] * images.astype(np.float64)
    exact += (1 - lam)[:, None, None, None] * images[partner].astype(np.float64)
    assert np.abs(found - exact).max() <= {"uint8": 0.5001, "float16": 0.2, "float32": 5e-5, "float64": 1e-12}[dtype]


def test_mixup_as_torchvision() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16):
        batch = torch.rand(5, 3, 7, 9).to(dtype)
        found = F.mixup(batch, [4, 0, 1, 2, 3], 0.3)
        expected = batch.roll(1, 0).float().mul_(1.0 - 0.3).add_(batch.float().mul(0.3)).to(dtype)
        assert found.dtype == dtype
        assert torch.equal(found, expected)


@pytest.mark.parametrize("partner", MAPS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float16"])
def test_cutmix_copies_boxes(dtype: str, partner: list[int]) -> None:
    images = values(dtype)
    rng = np.random.default_rng(1)
    top, left = rng.integers(0, 14, 8), rng.integers(0, 12, 8)
    height, width = rng.integers(0, 14 - top), rng.integers(0, 12 - left)
    height[2], width[3], top[4], left[4], height[4], width[4] = 0, 0, 0, 0, 13, 11
    expected = images.copy()
    for i in range(8):
        place = slice(top[i], top[i] + height[i]), slice(left[i], left[i] + width[i])
        expected[i][place] = images[partner[i]][place]
    assert np.array_equal(F.cutmix(images, partner, top, left, height, width), expected)
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    found = F.cutmix(planes, partner, top, left, height, width, layout="NCHW")
    assert np.array_equal(found.transpose(0, 2, 3, 1), expected)


def arrangements(images: np.ndarray) -> dict[str, tuple[Any, str]]:
    """Return the same images as they may lie in memory."""
    wide = np.zeros((len(images), 2 * images.shape[1], 3 * images.shape[2], images.shape[3] + 1), images.dtype)
    strided = wide[:, ::2, ::3, 1:]
    strided[:] = images
    backwards = np.ascontiguousarray(images[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    turned = np.ascontiguousarray(images.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0)
    return {
        "dense": (images.copy(), "NHWC"),
        "strided": (strided, "NHWC"),
        "backwards": (backwards, "NHWC"),
        "turned": (turned, "NHWC"),
        "planes": (planes, "NCHW"),
        "planes of pixels": (images.copy().transpose(0, 3, 1, 2), "NCHW"),
        "list": ([image.copy() for image in images], "NHWC"),
        "list of planes": (list(planes), "NCHW"),
    }


@pytest.mark.parametrize("partner", MAPS)
@pytest.mark.parametrize("name", arrangements(values("uint8")))
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_anywhere_in_memory(dtype: str, name: str, partner: list[int]) -> None:
    images = values(dtype)
    lam = np.array([0.2, 1, 0.5, 0.7, 1, 0.9, 0.4, 0.1])
    blends = F.mixup(images, partner, lam)
    boxes = F.cutmix(images, partner, 2, 3, [5, 0, 11, 4, 5, 5, 5, 5], 7)
    for function, parameters, expected in ((F.mixup, (lam,), blends),
                                           (F.cutmix, (2, 3, [5, 0, 11, 4, 5, 5, 5, 5], 7), boxes)):  # fmt: skip
        given, layout = arrangements(images)[name]
        before = [np.array(image) for image in given]
        results = [function(given, partner, *parameters, layout=layout)]
        assert all(np.array_equal(image, old) for image, old in zip(given, before, strict=True))
        results.append(function(given, partner, *parameters, layout=layout, out=given))
        assert results[1] is given
        for result in results:
            stacked = np.stack(list(result))
            assert np.array_equal(stacked if layout == "NHWC" else stacked.transpose(0, 2, 3, 1), expected)


@pytest.mark.parametrize("shape", [(40, 300, 200, 3), (300, 32, 32, 3), (3, 1, 20000, 1), (4, 20000, 1, 2)])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_bands_and_threads(shape: tuple[int, ...], layout: str, threads: int) -> None:
    rng = np.random.default_rng(2)
    images = rng.random(shape, np.float32)  # the first is above the size that is written past the cache
    images = images if layout == "NHWC" else np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    partner, lam = rng.integers(0, len(images), len(images)), rng.random(len(images))
    own, other = (weight.astype(np.float32)[:, None, None, None] for weight in (lam, 1 - lam))
    expected = images * own + images[partner] * other
    assert np.array_equal(F.mixup(images, partner, lam, layout=layout), expected)
    height, width = shape[1:3]
    top, left = rng.integers(0, height, len(images)), rng.integers(0, width, len(images))
    boxes = top, left, rng.integers(0, height - top + 1), rng.integers(0, width - left + 1)
    pasted = images.copy()
    for result, mate, (y, x, h, w) in zip(pasted, images[partner], np.transpose(boxes), strict=True):
        place: Any = (slice(y, y + h), slice(x, x + w)) if layout == "NHWC" else np.s_[:, y : y + h, x : x + w]
        result[place] = mate[place]
    assert np.array_equal(F.cutmix(images, partner, *boxes, layout=layout), pasted)
    assert np.array_equal(F.cutmix(images.copy(), partner, *boxes, layout=layout, out=images.copy()), pasted)
    assert np.array_equal(F.mixup(images, partner, lam, layout=layout, out=images), expected)


def test_levels(isa: str) -> None:
    lam = np.array([0.2, 1, 0.5, 0.7, 0.123456789, 0.9, 0.4, 0.1])
    for dtype in ("uint8", "float32", "float16", "float64"):
        images = values(dtype)
        wide = images.astype(np.float64 if dtype == "float64" else np.float32)
        own, other = (weight.astype(wide.dtype)[:, None, None, None] for weight in (lam, 1 - lam))
        expected = wide * own + wide[MAPS[1]] * other
        expected = np.rint(expected).astype(np.uint8) if dtype == "uint8" else expected.astype(dtype)
        assert np.array_equal(F.mixup(images, MAPS[1], lam), expected)


def test_all_bytes() -> None:
    first, second = (bytes_.reshape(1, 256, 256, 1).astype(np.uint8) for bytes_ in np.mgrid[:256, :256])
    images = np.concatenate([first, second])
    for lam in np.random.default_rng(0).random(20):
        exact = lam * first + (1 - lam) * second
        found = F.mixup(images, [1, 0], [lam, 1])[0]
        assert np.abs(found - exact).max() < 0.5001
    halves = F.mixup(images, [1, 0], 0.5)[0]
    assert np.array_equal(halves, np.rint((first[0] + second[0].astype(float)) / 2))  # ties to even
    assert np.array_equal(F.mixup(images, [0, 1], 0.3), images)


def test_nan_of_a_partner_stays_where_nothing_is_taken() -> None:
    images = np.ones((2, 4, 4, 1), np.float32)
    images[1] = np.nan
    assert (F.mixup(images, [1, 0], [1, 1])[0] == 1).all()
    assert np.isnan(F.mixup(images, [1, 0], [0.9, 1])[0]).all()
    assert np.isnan(F.cutmix(images, [1, 0], 1, 1, 2, 2)[0]).sum() == 4


def test_soft_labels() -> None:
    lam = np.array([0.25, 1, 0.5, 0, 0.1, 0.2, 0.3, 0.9])
    partner = [1, 2, 0, 0, 3, 0, 7, 6]
    once = np.eye(5)[LABELS]
    expected = lam[:, None] * once + (1 - lam)[:, None] * once[partner]
    for labels in (LABELS, LABELS.astype(np.uint8), LABELS.tolist(), once, once.astype(np.float32), once.astype(bool)):
        found = F.soft_labels(labels, 5, partner, lam)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-7)
        assert found[5].tolist() == [1, 0, 0, 0, 0]  # both of one class
        assert np.array_equal(F.soft_labels(labels, 5), once)
    torch = pytest.importorskip("torch")
    found = F.soft_labels(torch.from_numpy(LABELS), 5, torch.tensor(partner), torch.tensor(lam))
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-7)


# ---- what is drawn ----


@pytest.mark.parametrize("alpha", [0.2, 0.4, 1.0, 2.0, 7.5, 1000.0])
def test_lambda_is_from_beta(alpha: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    lam = augment.MixUp(alpha).plan(np.arange(50000))["MixUp"]["lam"]
    assert stats.kstest(lam, stats.beta(alpha, alpha).cdf).pvalue > 1e-3
    assert abs((lam < 0.5).mean() - 0.5) < 0.01


def test_lambda_is_rounded_only() -> None:
    special = pytest.importorskip("scipy.special")
    from burnish.augment._numbers import symmetric_beta

    # With v = 0 the draw is a function of u: (2 lambda - 1)^2 = 1 - u^(1 / alpha).
    for alpha in (0.1, 0.5, 1.0, 3.0, 50.0):
        u = np.linspace(1e-6, 1 - 1e-6, 1001)
        lam = symmetric_beta(u, np.zeros(1001), alpha)
        exact = 0.5 + 0.5 * np.sqrt(-special.expm1(np.log(u) / alpha))
        np.testing.assert_allclose(lam, exact, rtol=0, atol=2e-15 * (1 + alpha))


def test_boxes_are_those_of_torchvision() -> None:
    stats = pytest.importorskip("scipy.stats")
    n, height, width = 20000, 37, 90
    box = augment.CutMix(0.7).plan(np.arange(n), sizes=(height, width))["CutMix"]["box"]
    assert (box >= 0).all()
    assert (box[:, :2] + box[:, 2:] <= [height, width]).all()
    rng = np.random.default_rng(5)
    theirs = np.empty((n, 4), int)  # torchvision.transforms.v2.CutMix.make_params
    for i, (lam, y, x) in enumerate(zip(rng.beta(0.7, 0.7, n), rng.integers(0, height, n), rng.integers(0, width, n),
                                        strict=True)):  # fmt: skip
        r = 0.5 * np.sqrt(1.0 - lam)
        half_w, half_h = int(r * width), int(r * height)
        x1, y1 = max(x - half_w, 0), max(y - half_h, 0)
        x2, y2 = min(x + half_w, width), min(y + half_h, height)
        theirs[i] = y1, x1, y2 - y1, x2 - x1
    for column in range(4):
        assert stats.ks_2samp(box[:, column], theirs[:, column]).pvalue > 1e-3
    assert stats.ks_2samp(box[:, 2] * box[:, 3], theirs[:, 2] * theirs[:, 3]).pvalue > 1e-3


def test_chance() -> None:
    plan = augment.MixUp(p=0.3).plan(np.arange(20000))
    assert abs(plan["MixUp"].applies.mean() - 0.3) < 0.015
    plan = augment.OneOf([augment.MixUp(p=0.2), augment.CutMix(p=0.6)], p=0.5).plan(np.arange(20000), sizes=(9, 9))
    first, second = plan["MixUp"].applies, plan["CutMix"].applies
    assert not (first & second).any()
    assert abs(first.mean() - 0.125) < 0.01
    assert abs(second.mean() - 0.375) < 0.015


def test_partners_are_others() -> None:
    counts = np.zeros((6, 6), int)
    pipe = augment.MixUp()
    for epoch in range(6000):
        partner = pipe.plan(np.arange(6) * 7, epoch)["MixUp"]["partner"]
        counts[np.arange(6), partner] += 1
        assert sorted(partner) == list(range(6))
    assert (np.diag(counts) == 0).all()
    others = counts[~np.eye(6, dtype=bool)]
    assert np.abs(others - 1200).max() < 160  # about five standard deviations
    partner = pipe.plan(np.arange(6) * 7, 3)["MixUp"]["partner"]
    assert not np.array_equal(partner, np.roll(np.arange(6), 1))


def test_partners_do_not_depend_on_the_order() -> None:
    pipe = augment.CutMix()
    ids = np.array([5, 11, 2, 900, -4, 1 << 40, 7, 8, 11, 2])
    entry = pipe.plan(ids, 4, sizes=(9, 9))["CutMix"]
    mates = {name: ids[partner] for name, partner in zip(ids, entry["partner"], strict=True)}
    assert all(mates[name] != name for name in ids)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(10)
        again = pipe.plan(ids[order], 4, sizes=(9, 9))["CutMix"]
        assert [mates[name] for name in ids[order]] == ids[order][again["partner"]].tolist()
        assert np.array_equal(again["box"], entry["box"][order])
    apart = pipe.plan(ids[:5], 4, sizes=(9, 9))["CutMix"]  # lambda and box stay, partners are found among the five
    assert np.array_equal(apart["box"], entry["box"][:5])


def test_partners_in_a_data_set() -> None:
    from burnish.augment._mates import Mates

    n, ids = 7, np.arange(7)
    pipe = augment.Compose([augment.RandomCrop(20, 20), augment.MixUp(p=0.6)], seed=2)
    counts = np.zeros((n, n), int)
    for epoch in range(4000):
        partners = pipe._partners(ids, epoch, n)
        counts[ids, partners] += 1
    assert np.abs(np.diag(counts) / 4000 - 0.4).max() < 0.05
    assert np.abs(counts[~np.eye(n, dtype=bool)] / 4000 - 0.1).max() < 0.03
    assert pipe._partners([4, 2], 9, n).tolist() == pipe._partners(ids, 9, n)[[4, 2]].tolist()
    partners = pipe._partners([3], 9, n)
    names = np.array([3, *partners])
    plan = pipe._plan(names, 9, (30, 30), 3, Mates(names, n, 1))
    assert plan["MixUp"]["partner"][0] == (1 if plan["MixUp"].applies[0] else 0)
    with pytest.raises(ValueError, match="'ids' must be 0 to 6"):
        pipe._partners([7], 0, n)


# ---- pipelines ----


@pytest.fixture
def expected(mixing: augment.Compose, photos: np.ndarray) -> Any:
    return mixing(photos, IDS, epoch=2, labels=LABELS)


def test_pipeline_step_by_step(mixing: augment.Compose, photos: np.ndarray, expected: Any) -> None:
    images, labels = expected
    before = augment.Compose(mixing.transforms[:-1], seed=3)(photos, IDS, epoch=2)
    plan = mixing.plan(IDS, 2, sizes=(37, 53))
    blend, cut = plan["MixUp"], plan["CutMix"]
    assert blend.applies.any()
    assert cut.applies.any()
    assert not (blend.applies | cut.applies).all()
    classes = np.eye(5)[LABELS]
    for i in range(8):
        result, part, mate = before[i].copy(), 1.0, i
        if blend.applies[i]:
            part, mate = blend["lam"][i], blend["partner"][i]
            result = before[i] * np.float32(part) + before[mate] * np.float32(1 - part)
        elif cut.applies[i]:
            mate = cut["partner"][i]
            top, left, height, width = cut["box"][i]
            place = slice(top, top + height), slice(left, left + width)
            result[place] = before[mate][place]
            part = 1 - height * width / (32 * 40)
        assert np.array_equal(images[i], result)
        np.testing.assert_allclose(labels[i], part * classes[i] + (1 - part) * classes[mate], atol=1e-7)
    assert labels.dtype == np.float32
    assert np.allclose(labels.sum(axis=1), 1)


def test_order_of_the_batch(mixing: augment.Compose, photos: np.ndarray, expected: Any) -> None:
    order = np.random.default_rng(1).permutation(8)
    images, labels = mixing(photos[order], IDS[order], epoch=2, labels=LABELS[order])
    assert np.array_equal(images, expected[0][order])
    assert np.array_equal(labels, expected[1][order])


def test_containers(mixing: augment.Compose, photos: np.ndarray, expected: Any) -> None:
    listed, labels = mixing(list(photos), IDS, epoch=2, labels=LABELS.tolist())
    assert np.array_equal(np.stack(listed), expected[0])
    assert np.array_equal(labels, expected[1])
    out = np.empty((8, 3, 32, 40), np.float32)
    for given in (photos, list(photos)):
        images, _ = mixing(given, IDS, epoch=2, labels=LABELS, out=out, out_layout="NCHW")
        assert images is out
        assert np.array_equal(out.transpose(0, 2, 3, 1), expected[0])
        out[:] = 0
    apart = [np.empty((32, 40, 3), np.float32) for _ in photos]
    mixing(list(photos), IDS, epoch=2, labels=LABELS, out=tuple(apart))
    assert np.array_equal(np.stack(apart), expected[0])
    one_hot = mixing(photos, IDS, epoch=2, labels=np.eye(5)[LABELS])[1]
    assert np.array_equal(one_hot, expected[1])


def test_torch(mixing: augment.Compose, photos: np.ndarray, expected: Any) -> None:
    torch = pytest.importorskip("torch")
    given = torch.from_numpy(photos).permute(0, 3, 1, 2)
    images, labels = mixing(given, torch.from_numpy(IDS), epoch=2, labels=torch.from_numpy(LABELS))
    assert np.array_equal(images.permute(0, 2, 3, 1).numpy(), expected[0])
    assert labels.dtype == torch.float32
    assert np.array_equal(labels.numpy(), expected[1])
    half, _ = mixing(given, IDS, epoch=2, labels=LABELS, dtype=torch.bfloat16)
    assert half.dtype == torch.bfloat16
    assert (half.float() - images).abs().max() < 0.05
    pairs = augment.MixUp()(given, IDS, labels=torch.from_numpy(LABELS))[1]
    assert all(isinstance(part, torch.Tensor) for part in pairs)


def test_threads(mixing: augment.Compose, photos: np.ndarray, expected: Any, threads: int) -> None:
    images, labels = mixing(photos, IDS, epoch=2, labels=LABELS)
    assert np.array_equal(images, expected[0])
    assert np.array_equal(labels, expected[1])


def test_isa(mixing: augment.Compose, photos: np.ndarray, expected: Any, isa: str) -> None:
    assert np.array_equal(mixing(photos, IDS, epoch=2, labels=LABELS)[0], expected[0])


def test_pairs_of_labels(photos: np.ndarray) -> None:
    pipe = augment.Compose([augment.MixUp(p=0.7)], seed=1)
    images, labels = pipe(photos, IDS, labels=LABELS)
    assert isinstance(labels, augment.MixedLabels)
    entry = pipe.plan(IDS)["MixUp"]
    assert np.array_equal(labels.labels, LABELS)
    mates = np.where(entry.applies, entry["partner"], np.arange(8))
    assert np.array_equal(labels.partner_labels, LABELS[mates])
    assert labels.lam.dtype == np.float32
    assert np.array_equal(labels.lam, np.where(entry.applies, entry["lam"], 1).astype(np.float32))
    assert images.dtype == np.uint8
    blended = F.mixup(photos, mates, np.where(entry.applies, entry["lam"], 1))
    assert np.array_equal(images, blended)


def test_labels_pass_through(photos: np.ndarray) -> None:
    pipe = augment.Compose([augment.HorizontalFlip()])
    labels = ["cat"] * 8
    images, same = pipe(photos, IDS, labels=labels)
    assert same is labels
    assert np.array_equal(images, pipe(photos, IDS))
    with pytest.raises(ValueError, match="8 images and 7 labels"):
        pipe(photos, IDS, labels=labels[1:])
    assert pipe.apply(photos, pipe.plan(IDS), LABELS)[1] is LABELS
    assert pipe(photos[0], labels=3)[1] == 3


def test_plan(mixing: augment.Compose, photos: np.ndarray, expected: Any, tmp_path: Path) -> None:
    plan = mixing.plan(IDS, 2, sizes=(37, 53))
    plan.save(tmp_path / "plan.npz")
    for copy in (plan, augment.Plan.load(tmp_path / "plan.npz"), augment.Plan.from_dict(plan.to_dict())):
        images, labels = mixing.apply(photos, copy, LABELS)
        assert np.array_equal(images, expected[0])
        assert np.array_equal(labels, expected[1])
        assert np.array_equal(mixing.apply(photos, copy), expected[0])
    again = augment.from_dict(json.loads(json.dumps(mixing.to_dict())))
    assert repr(again) == repr(mixing)
    assert np.array_equal(again(photos, IDS, epoch=2, labels=LABELS)[0], expected[0])
    assert repr(augment.MixUp(0.2, 10)) == "MixUp(alpha=0.2, num_classes=10, p=1.0)"


def test_edited_plan(photos: np.ndarray) -> None:
    pipe = augment.CutMix(num_classes=5)
    plan = pipe.plan(IDS, sizes=(37, 53))
    plan["CutMix"]["box"] = [0, 0, 37, 53]
    plan["CutMix"]["partner"] = 3
    images, labels = pipe.apply(photos, plan, LABELS)
    assert all(np.array_equal(image, photos[3]) for image in images)
    assert (labels[:, 3] == 1).all()
    for name, value, message in (
        ("partner", 8, "must have a place, 0 to 7"),
        ("partner", -1, "must have a place, 0 to 7"),
        ("box", [1, 0, 37, 53], "reaches beyond"),
        ("box", [-1, 0, 1, 1], "reaches beyond"),
    ):
        plan = pipe.plan(IDS, sizes=(37, 53))
        plan["CutMix"][name] = value
        with pytest.raises(ValueError, match=message):
            pipe.apply(photos, plan, LABELS)
    blend = augment.MixUp(num_classes=5)
    plan = blend.plan(IDS)
    plan["MixUp"]["lam"] = 1.5
    with pytest.raises(ValueError, match="'lam' must have a number from 0 to 1"):
        blend.apply(photos, plan, LABELS)
    either = augment.OneOf([augment.MixUp(), augment.CutMix()], p=1)
    plan = either.plan(IDS, sizes=(37, 53))
    plan["MixUp"].applies[:] = True
    with pytest.raises(ValueError, match="to be mixed twice"):
        either.apply(photos, plan, LABELS)


def test_few_samples(mixing: augment.Compose, photos: np.ndarray) -> None:
    images, labels = mixing(photos[:1], [5], epoch=2, labels=[4])
    assert np.array_equal(images, augment.Compose(mixing.transforms[:-1], seed=3)(photos[:1], [5], epoch=2))
    assert labels.tolist() == [[0, 0, 0, 0, 1]]
    images, labels = mixing(photos[[0, 0]], [5, 5], epoch=2, labels=[4, 4])  # one sample, twice
    assert np.array_equal(images[0], images[1])
    assert labels[0].tolist() == [0, 0, 0, 0, 1]
    for empty in (np.zeros((0, 37, 53, 3), np.uint8), []):
        images, labels = mixing(empty, [], labels=[])
        assert len(images) == 0
        assert labels.shape == (0, 5)
    assert mixing(np.zeros((0, 37, 53, 3), np.uint8), [], labels=np.zeros((0, 5)))[0].shape == (0, 32, 40, 3)
    assert [len(part) for part in augment.MixUp()([], [], labels=[])[1]] == [0, 0, 0]


@pytest.mark.parametrize("transform", [augment.MixUp(num_classes=5), augment.CutMix(num_classes=5)])
def test_pillow(photos: np.ndarray, transform: Any) -> None:
    image = pytest.importorskip("PIL.Image")
    given = [image.fromarray(photo) for photo in photos]
    pipe = augment.Compose([augment.HorizontalFlip(), transform])
    made, labels = pipe(given, IDS, labels=LABELS)
    expected = pipe(photos, IDS, labels=LABELS)
    assert all(isinstance(each, image.Image) for each in made)
    assert np.array_equal(np.stack([np.asarray(each) for each in made]), expected[0])
    assert np.array_equal(labels, expected[1])
    out = np.empty_like(photos)
    assert pipe(given, IDS, labels=LABELS, out=out)[0] is out
    assert np.array_equal(out, expected[0])
    planes = pipe(given, IDS, labels=LABELS, out_layout="NCHW")[0]
    assert np.array_equal(np.stack(planes).transpose(0, 2, 3, 1), expected[0])


def test_labels_of_bfloat16() -> None:
    torch = pytest.importorskip("torch")
    parts = torch.eye(4)
    expected = augment.MixUp()(PHOTOS, labels=parts)[1]
    assert torch.equal(augment.MixUp()(PHOTOS, labels=parts.to(torch.bfloat16))[1], expected)


def _replayed(edit: Callable[[Any], Any]) -> Any:
    pipe = augment.Compose([augment.HorizontalFlip(), augment.MixUp()])
    plan = pipe.plan([1, 2, 3, 4])
    edit(plan["MixUp"])
    return pipe.apply(PHOTOS, plan, [0, 1, 2, 3])


def test_failure_leaves_out_as_it_was(mixing: augment.Compose, photos: np.ndarray) -> None:
    out = np.full((8, 32, 40, 3), 7, np.float32)
    for labels in (LABELS + 1, LABELS[:7], np.full((8, 5), np.nan)):
        with pytest.raises(ValueError, match="labels"):
            mixing(photos, IDS, epoch=2, labels=labels, out=out)
    assert (out == 7).all()


PHOTOS = np.zeros((4, 6, 5, 3), np.uint8)
SOFT = np.full((4, 3), 0.25)
BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "MixUp: 'alpha' is 0; accepted: a number from 0.001": (ValueError, lambda: augment.MixUp(0)),
    "MixUp: 'alpha' is -1": (ValueError, lambda: augment.MixUp(-1)),
    "CutMix: 'alpha' is nan": (ValueError, lambda: augment.CutMix(float("nan"))),
    "CutMix: 'alpha' is '1'": (TypeError, lambda: augment.CutMix("1")),  # type: ignore[arg-type]
    "MixUp: 'num_classes' is 0": (ValueError, lambda: augment.MixUp(num_classes=0)),
    "MixUp must stand last": (ValueError, lambda: augment.Compose([augment.MixUp(), augment.Normalize()])),
    "put two of which a sample takes one into a OneOf": (
        ValueError, lambda: augment.Compose([augment.MixUp(), augment.CutMix()])),
    "has some that mix images and some that do not": (
        ValueError, lambda: augment.OneOf([augment.MixUp(), augment.HorizontalFlip()])),
    "SomeOf: 'transforms' has some that mix images": (ValueError, lambda: augment.SomeOf([augment.MixUp()])),
    "'labels' is missing, which MixUp mixes": (ValueError, lambda: augment.MixUp()(PHOTOS)),
    "'labels' goes with 'images'": (TypeError, lambda: augment.HorizontalFlip()(image=PHOTOS[0], labels=1)),
    "this is one image": (ValueError, lambda: augment.MixUp()(PHOTOS[0], labels=[1])),
    "4 images and 3 labels": (ValueError, lambda: augment.MixUp()(PHOTOS, labels=[1, 2, 3])),
    "'labels' has dtype float64": (TypeError, lambda: augment.MixUp()(PHOTOS, labels=[1.0, 2, 3, 4])),
    "'labels' has dtype bool": (TypeError, lambda: augment.MixUp()(PHOTOS, labels=[True, False] * 2)),
    "'labels' has dtype <U1": (TypeError, lambda: augment.MixUp()(PHOTOS, labels=list("abcd"))),
    "'labels' is 3 for sample 2; accepted: 0 to 2": (
        ValueError, lambda: augment.MixUp(num_classes=3)(PHOTOS, labels=[0, 1, 3, 4])),
    "'labels' is -100 for sample 1": (ValueError, lambda: augment.MixUp()(PHOTOS, labels=[0, -100, 3, 4])),
    "'labels' is [0.25 0.25  nan] for sample 3": (
        ValueError, lambda: augment.MixUp()(PHOTOS, labels=np.where(np.arange(12).reshape(4, 3) > 10, np.nan, SOFT))),
    "'labels' is [2. 2. 2.] for sample 0": (ValueError, lambda: augment.MixUp()(PHOTOS, labels=SOFT * 8)),
    "'labels' has 3 classes and 'num_classes' is 4": (
        ValueError, lambda: augment.MixUp(num_classes=4)(PHOTOS, labels=SOFT)),
    "'labels' has shape (4, 3, 1)": (ValueError, lambda: augment.MixUp()(PHOTOS, labels=SOFT[..., None])),
    "'num_classes' is 3 and 4": (
        ValueError,
        lambda: augment.OneOf([augment.MixUp(num_classes=3), augment.CutMix(num_classes=4)])(PHOTOS, labels=SOFT)),
    "'plan' lacks 'partner'": (ValueError, lambda: _replayed(lambda entry: entry.params.pop("partner"))),
    "'plan' lacks 'lam'": (ValueError, lambda: _replayed(lambda entry: entry.params.pop("lam"))),
    "'applies' of MixUp must be 4 bools": (
        ValueError, lambda: _replayed(lambda entry: setattr(entry, "applies", [True] * 4))),
    "CutMix needs 'sizes'": (ValueError, lambda: augment.CutMix().plan([1, 2])),
    "of its partner, sample": (
        ValueError, lambda: augment.MixUp()([PHOTOS[0], PHOTOS[0, 1:]], labels=[1, 2])),
    "mixup: 'images' is one image": (ValueError, lambda: F.mixup(PHOTOS[0], 0, 1)),
    "mixup: 'images' has dtype int64": (TypeError, lambda: F.mixup(PHOTOS.astype(int), 0, 1)),
    "mixup: 'partner' is 4 in place 0": (ValueError, lambda: F.mixup(PHOTOS, 4, 1)),
    "mixup: 'partner' is -1 in place 3": (ValueError, lambda: F.mixup(PHOTOS, [0, 1, 2, -1], 1)),
    "mixup: 'partner' has dtype float64": (TypeError, lambda: F.mixup(PHOTOS, 0.5, 1)),
    "mixup: 'partner' has shape (3,)": (ValueError, lambda: F.mixup(PHOTOS, [0, 1, 2], 1)),
    "mixup: 'lam' is nan in place 0": (ValueError, lambda: F.mixup(PHOTOS, 0, np.nan)),
    "mixup: 'lam' is 1.5 in place 0": (ValueError, lambda: F.mixup(PHOTOS, 0, 1.5)),
    "mixup: 'out' has dtype float32": (TypeError, lambda: F.mixup(PHOTOS, 0, 1, out=PHOTOS.astype(np.float32))),
    "mixup: 'out' has 5 images": (ValueError, lambda: F.mixup(PHOTOS, 0, 1, out=np.empty((5, 6, 5, 3), np.uint8))),
    "mixup: 'out' has an image of 5 x 5 x 3": (
        ValueError, lambda: F.mixup(PHOTOS, 0, 1, out=np.empty((4, 5, 5, 3), np.uint8))),
    "mixup: 'out' shares memory": (ValueError, lambda: F.mixup(PHOTOS, 0, 1, out=PHOTOS[::-1])),
    "mixup: images differ in size": (ValueError, lambda: F.mixup([PHOTOS[0], PHOTOS[0, 1:]], [1, 0], 1)),
    "cutmix: the box of sample 0 is of 7 x 2": (ValueError, lambda: F.cutmix(PHOTOS, 0, 0, 0, 7, 2)),
    "pixels at -1, 0": (ValueError, lambda: F.cutmix(PHOTOS, 0, -1, 0, 2, 2)),
    "pixels at 9223372036854775807, 0": (ValueError, lambda: F.cutmix(PHOTOS, 0, (1 << 63) - 1, 0, 2, 2)),
    "soft_labels: 'partner' and 'lam' go together": (TypeError, lambda: F.soft_labels([1], 2, lam=1)),
    "soft_labels: 'num_classes' is missing": (TypeError, lambda: F.soft_labels([1])),
    "soft_labels: 'lam' is 2": (ValueError, lambda: F.soft_labels([1], 2, [0], [2])),
    "soft_labels: 'partner' is 1": (ValueError, lambda: F.soft_labels([1], 2, [1], [1])),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_labels_on_a_gpu_are_mixed_by_torch_in_the_same_way() -> None:
    """The path that moves nothing to the CPU, with tensors that are there."""
    torch = pytest.importorskip("torch")
    from burnish.augment._labels import _mix_on_gpu, mix_labels

    lam = np.array([0.25, 1, 0.5, 0, 0.1, 0.2, 0.3, 0.9])
    partner = np.array([1, 2, 0, 0, 3, 0, 7, 6])
    labels = torch.from_numpy(LABELS)
    for given, classes in ((labels, 5), (torch.eye(5)[labels], 5)):
        found = _mix_on_gpu(given, partner, lam, classes)
        assert found.dtype == torch.float32
        assert torch.equal(found, mix_labels(given, partner, lam, classes))
    pairs = zip(_mix_on_gpu(labels, partner, lam, None), mix_labels(labels, partner, lam, None), strict=True)
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in pairs)
