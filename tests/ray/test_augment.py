# SPDX-License-Identifier: Apache-2.0
"""Augmentation by Ray Data against the pipeline called once, in this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray.data")

from blocks import dataset, dying_once, rows_of
from burnish import augment
from burnish.ray import Augment, ids_of

pytestmark = pytest.mark.usefixtures("cluster")


def pipeline() -> augment.Compose:
    return augment.Compose([augment.RandomCrop(12, 12), augment.HorizontalFlip(), augment.ColorJitter()], seed=3)


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (60, 16, 16, 3), np.uint8)


@pytest.mark.parametrize(("size", "batch_size"), [(60, 60), (7, 5), (13, 1)])
def test_images_are_those_of_one_process(images: np.ndarray, size: int, batch_size: int) -> None:
    ids = np.arange(60) * 3
    order = np.random.default_rng(size).permutation(-(-60 // size))
    ds = dataset({"image": images, "id": ids}, size, order).map_batches(
        Augment(pipeline(), epoch=2), batch_size=batch_size
    )
    assert (rows_of(ds)["image"] == pipeline()(images, ids, 2)).all()


def test_a_killed_worker_changes_nothing(images: np.ndarray, tmp_path: Path) -> None:
    ids = np.arange(60)
    ds = dataset({"image": images, "id": ids}, 10)
    ds = ds.map_batches(dying_once(tmp_path / "died")).map_batches(Augment(pipeline()), batch_size=4)
    made = rows_of(ds)
    assert (tmp_path / "died").exists()
    assert (made["image"] == pipeline()(images, ids)).all()
    assert made["id"].tolist() == ids.tolist()


def test_images_of_many_sizes(rng: np.random.Generator) -> None:
    images = [rng.integers(0, 256, (5 + k % 3, 9, 3), np.uint8) for k in range(9)]
    apart = np.empty(9, object)
    apart[:] = images
    stage = Augment(augment.HorizontalFlip(p=0.5))
    expected = augment.HorizontalFlip(p=0.5)(images, np.arange(9))
    made = stage({"image": apart, "id": np.arange(9)})["image"]
    assert all((one == other).all() for one, other in zip(made, expected, strict=True))
    alike = stage({"image": apart[:1], "id": np.arange(1)})["image"]
    assert alike.shape == (1, 5, 9, 3)
    assert len(stage({"image": apart[:0], "id": np.arange(0)})["image"]) == 0


def test_paths_serve_as_ids(images: np.ndarray) -> None:
    paths = np.array([f"train/{k}.jpg" for k in range(60)], object)
    made = Augment(pipeline(), id="path")({"image": images, "path": paths})["image"]
    assert (made == pipeline()(images, ids_of(paths))).all()
    assert len(set(ids_of(paths).tolist())) == 60
    assert ids_of(paths).min() >= 0
    assert ids_of(["é\udc80"]).shape == (1,)
    with pytest.raises(TypeError, match="ids_of: 'names' has a int"):
        ids_of([1])


def test_the_stage_leaves_the_number_of_threads_alone(images: np.ndarray) -> None:
    import burnish

    before = burnish.get_num_threads()
    Augment(pipeline(), num_threads=before + 1)({"image": images, "id": np.arange(60)})
    assert burnish.get_num_threads() == before


def test_what_depends_on_the_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="Augment: 'pipeline' has MixUp, whose partners"):
        Augment(augment.Compose([augment.MixUp()]))


def test_wrong_arguments(images: np.ndarray) -> None:
    with pytest.raises(TypeError, match="Augment: 'pipeline' is a str; accepted"):
        Augment("flip")
    with pytest.raises(ValueError, match="Augment: there is no column 'id'; accepted: 'image', 'ID'"):
        Augment(pipeline())({"image": images, "ID": np.arange(60)})
    with pytest.raises(TypeError, match="Augment: 'id' has dtype float64"):
        Augment(pipeline())({"image": images, "id": np.arange(60.0)})
    with pytest.raises(ValueError, match="'num_threads' is 0"):
        Augment(pipeline(), num_threads=0)
