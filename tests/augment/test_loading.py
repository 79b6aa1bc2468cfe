# SPDX-License-Identifier: Apache-2.0
"""A sample's image is the same whatever the workers, batches, order, ranks and starts of processes."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from burnish import augment
from loading_data import CLASSES, HEIGHT, WIDTH, Photos, Threads, photo, pipeline

torch = pytest.importorskip("torch")
from burnish.augment import torch as loading  # noqa: E402
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset  # noqa: E402
from torch.utils.data.distributed import DistributedSampler  # noqa: E402

N = 24
Contents = list[tuple[bytes, bytes]]


def contents(loader: Any) -> Contents:
    """Return images and labels of a pass, sorted, as bytes."""
    found = []
    for images, labels in loader:
        assert images.dtype == torch.float32
        assert images.shape[1:] == (3, 22, 24)
        for image, label in zip(images, labels, strict=True):
            found.append((image.numpy().tobytes(), label.numpy().tobytes()))
    return sorted(found)


@pytest.fixture(scope="module")
def alone() -> dict[int, Contents]:
    """Return all samples of two epochs, each made by itself."""
    data = loading.AugmentedDataset(Photos(N), pipeline())
    result = {}
    for epoch in (0, 1):
        data.set_epoch(epoch)
        samples = [data[i] for i in range(N)]
        result[epoch] = [(image.numpy().tobytes(), label.numpy().tobytes()) for image, label in samples]
        assert len(set(result[epoch])) == N
    assert not set(result[0]) & set(result[1])
    return result


CASES = [  # workers, batch, shuffle, kept from epoch to epoch, start of processes, collation
    (0, 1, False, False, None, None),
    (0, 7, True, False, None, "collate"),
    (0, 24, False, False, None, "collate"),
    (1, 5, True, True, "fork", "collate"),
    (2, 7, True, False, "fork", None),
    (2, 8, False, True, "fork", "collate"),
    (3, 3, True, True, "fork", None),
    (3, 24, True, False, "fork", "collate"),
    (2, 5, True, True, "spawn", "collate"),
]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more workers than processors
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_workers_batches_and_order(alone: dict[int, Contents], case: Any) -> None:
    workers, size, shuffle, persistent, start, collate = case
    data = loading.AugmentedDataset(Photos(N), pipeline())
    loader = DataLoader(data, size, shuffle=shuffle, num_workers=workers, persistent_workers=persistent,
                        multiprocessing_context=start, collate_fn=collate and loading.collate)  # fmt: skip
    for epoch in (0, 1):
        data.set_epoch(epoch)
        assert contents(loader) == sorted(alone[epoch])


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ranks(alone: dict[int, Contents], ranks: int) -> None:
    found = []
    for rank in range(ranks):
        data = loading.AugmentedDataset(Photos(N), pipeline())
        sampler = DistributedSampler(data, ranks, rank, shuffle=True, seed=1)
        sampler.set_epoch(1)
        data.set_epoch(1)
        found += contents(DataLoader(data, 5, sampler=sampler, collate_fn=loading.collate))
    assert sorted(found) == sorted(alone[1])


@pytest.mark.parametrize("kind", ["torch", "pil"])
def test_kinds_of_images(alone: dict[int, Contents], kind: str) -> None:
    if kind == "pil":
        pytest.importorskip("PIL")
    data = loading.AugmentedDataset(Photos(N, kind), pipeline())
    assert contents(DataLoader(data, 10, collate_fn=loading.collate)) == sorted(alone[0])


def test_parts_of_the_data_set(alone: dict[int, Contents]) -> None:
    data = loading.AugmentedDataset(Photos(N), pipeline())
    part = Subset(data, [17, 3, 9, 3])
    expected = sorted(alone[0][i] for i in (17, 3, 9, 3))
    assert contents(DataLoader(part, 3, collate_fn=loading.collate)) == expected
    assert contents(DataLoader(part, 3)) == expected
    assert data[-1][0].numpy().tobytes() == alone[0][N - 1][0]
    with pytest.raises(IndexError, match="index 24 is out of range for 24"):
        data[N]


def test_what_comes_is_the_pipeline() -> None:
    """With all samples in one batch, and partners in the batch: as a call of the pipeline."""
    arrays = np.stack([photo(i) for i in range(N)])
    expected = pipeline()(arrays, np.arange(N), 3, labels=np.arange(N) % CLASSES, out_layout="NCHW")
    data = loading.AugmentedDataset(Photos(N), pipeline(), partners="batch")
    indexed = loading.IndexedDataset(Photos(N))
    for each in (data, indexed):
        each.set_epoch(3)
    assert indexed[5][:2] == (5, 3)
    collated = DataLoader(indexed, N, collate_fn=loading.Collate(pipeline()), num_workers=1)
    for images, labels in (loading.collate(data.__getitems__(range(N))), next(iter(collated))):
        assert np.array_equal(images.numpy(), expected[0])
        assert np.array_equal(labels.numpy(), expected[1])


def test_partners_of_the_data_set() -> None:
    """A sample is mixed with what the pipeline makes of its partner, wherever that is."""
    transforms = pipeline().transforms
    arrays = np.stack([photo(i) for i in range(N)])
    before = augment.Compose(transforms[:-1], seed=7)(arrays, np.arange(N), 2, out_layout="NCHW")
    pipe = augment.Compose([*transforms[:-1], augment.MixUp(num_classes=N)], seed=7)
    data = loading.AugmentedDataset(list(zip(arrays, range(N), strict=True)), pipe)
    data.set_epoch(2)
    partners = set()
    for i in range(N):
        image, label = data[i]
        parts = label.nonzero().flatten().tolist()
        assert len(parts) == 2
        assert i in parts
        partner = sum(parts) - i
        partners.add(partner)
        own = np.float32(label[i])
        np.testing.assert_allclose(image, own * before[i] + (1 - own) * before[partner], atol=1e-6)
    assert len(partners) > N / 3


def test_pairs_of_labels() -> None:
    data = loading.AugmentedDataset(Photos(N), augment.MixUp())
    for collate in (None, loading.collate):
        images, labels = next(iter(DataLoader(data, 10, collate_fn=collate)))
        assert images.dtype == torch.uint8
        assert isinstance(labels, augment.MixedLabels)
        assert labels.labels.tolist() == [i % CLASSES for i in range(10)]
        assert labels.lam.shape == (10,)
        assert (labels.lam < 1).all()


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_use_one_thread(start: str) -> None:
    data = loading.AugmentedDataset(Threads(4), augment.HorizontalFlip())
    loader = DataLoader(data, 2, num_workers=1, multiprocessing_context=start, collate_fn=loading.collate)
    assert [labels.tolist() for _, labels in loader] == [[1, 1], [1, 1]]


def test_workers_write_to_shared_memory() -> None:
    data = loading.AugmentedDataset(Photos(4), augment.HorizontalFlip())
    assert all(images.is_shared() for images, _ in DataLoader(data, 2, num_workers=1, collate_fn=loading.collate))
    # Made there, not moved there when it is sent: in this process, as if it were a worker.
    info = torch.utils.data._utils.worker
    before, info._worker_info = info._worker_info, info.WorkerInfo(id=0, num_workers=1, seed=0, dataset=data)
    try:
        assert data.__getitems__([0, 1]).images.is_shared()
    finally:
        info._worker_info = before
    assert not data.__getitems__([0, 1]).images.is_shared()


def test_sizes_that_differ() -> None:
    data = [photo(i)[: 20 + i] for i in range(4)]
    made = loading.AugmentedDataset(data, augment.Normalize())
    (images,) = DataLoader(made, 4, collate_fn=loading.collate)
    assert [tuple(image.shape) for image in images] == [(3, 20 + i, WIDTH) for i in range(4)]
    cropped = loading.AugmentedDataset(data, augment.Compose([augment.RandomCrop(16, 16), augment.HorizontalFlip()]))
    (images,) = DataLoader(cropped, 4, collate_fn=loading.collate, num_workers=1)
    assert images.shape == (4, 3, 16, 16)
    with pytest.raises(ValueError, match="crop or resize to one size"):
        loading.AugmentedDataset([(image, 0) for image in data], augment.MixUp())[0]


def test_options() -> None:
    gray = [photo(i)[:, :, 0] for i in range(4)]
    data = loading.AugmentedDataset(gray, augment.Normalize(0.5, 0.5), out_layout="NHWC", dtype=torch.bfloat16)
    images = loading.collate(data.__getitems__([0, 1, 2]))
    assert images.shape == (3, HEIGHT, WIDTH, 1)
    assert images.dtype == torch.bfloat16
    photos = [photo(i) for i in range(4)]
    planes = [np.ascontiguousarray(image.transpose(2, 0, 1)) for image in photos]
    again = loading.AugmentedDataset(planes, augment.Normalize(), layout="NCHW")[2]
    assert torch.equal(again, loading.AugmentedDataset(photos, augment.Normalize())[2])
    images_of_pil = pytest.importorskip("PIL.Image")
    pictures = [images_of_pil.fromarray(image) for image in photos]
    assert torch.equal(again, loading.AugmentedDataset(pictures, augment.Normalize(), layout="NCHW")[2])


def test_labels_of_any_kind_pass() -> None:
    data = loading.AugmentedDataset([(photo(i), f"class {i}") for i in range(4)], augment.HorizontalFlip())
    assert data[3][1] == "class 3"
    for collate in (None, loading.collate):
        assert list(next(iter(DataLoader(data, 2, collate_fn=collate)))[1]) == ["class 0", "class 1"]


@pytest.mark.parametrize("workers", [0, 1])
def test_images_alone_with_the_collation_of_torch(workers: int) -> None:
    data = loading.AugmentedDataset([photo(i) for i in range(5)], augment.HorizontalFlip())
    expected = list(DataLoader(data, 2, collate_fn=loading.collate))
    found = list(DataLoader(data, 2, num_workers=workers))
    assert [images.shape[0] for images in found] == [2, 2, 1]
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_batches_are_lists_of_samples() -> None:
    data = loading.AugmentedDataset(Photos(5), augment.MixUp())
    batch = data.__getitems__([0, 3, 4])
    for each in (batch, pickle.loads(pickle.dumps(batch)), copy.copy(batch)):
        assert isinstance(each, list)
        assert torch.equal(each.images, batch.images)
        assert [int(labels.labels) for _, labels in each] == [0, 3, 0]
        assert all(torch.equal(image, own) for (image, _), own in zip(each, batch.images, strict=True))


def test_parts_of_labels_in_lists() -> None:
    """As many samples as classes: nobody could see that they were exchanged."""
    parts = np.eye(4)[[1, 1, 2, 1]]
    expected = None
    for kind in (np.asarray, torch.tensor, list, tuple):
        items = [(photo(i), kind(row.tolist())) for i, row in enumerate(parts)]
        data = loading.AugmentedDataset(items, augment.MixUp(), partners="batch")
        labels = np.asarray(loading.collate(data.__getitems__(range(4)))[1])
        expected = labels if expected is None else expected
        assert np.array_equal(labels, expected)
    assert np.allclose(labels.sum(axis=1), 1)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_gray_images_have_no_layout(layout: str) -> None:
    gray = photo(0)[:, :, 0]
    kinds = [gray, torch.from_numpy(gray)]
    for image in kinds:
        (made,) = DataLoader(loading.AugmentedDataset([image], augment.InvertImg(p=1), layout=layout))
        assert np.array_equal(made[0, 0], 255 - gray)


def test_names_of_samples() -> None:
    pipe = augment.GaussNoise(p=1)
    made = loading.Collate(pipe)
    expected = made([loading.Sample(3, 2, photo(0)), loading.Sample(4, 2, photo(1))])
    for kind in (np.int16, np.uint64, torch.tensor):
        samples = [loading.Sample(kind(i + 3), kind(2), photo(i)) for i in range(2)]  # type: ignore[arg-type]
        assert torch.equal(made(samples), expected)


def test_copies_have_an_epoch_of_their_own() -> None:
    data = loading.AugmentedDataset(Photos(4), augment.HorizontalFlip())
    data.set_epoch(5)
    for other in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert other.epoch == 5
        assert torch.equal(other[1][0], data[1][0])
        assert other._epoch.is_shared()
        other.set_epoch(6)
        assert data.epoch == 5


class Stream(IterableDataset):  # type: ignore[misc]
    """Samples that tell of themselves, each worker's share of them."""

    def __iter__(self) -> Iterator[Any]:
        info = torch.utils.data.get_worker_info()
        for i in range(info.id if info else 0, N, info.num_workers if info else 1):
            yield loading.Sample(i, 1, photo(i), i % CLASSES)


@pytest.mark.parametrize("workers", [0, 2])
def test_streams(workers: int) -> None:
    pipe = augment.Compose(pipeline().transforms[:-1], seed=7)
    expected = pipe(np.stack([photo(i) for i in range(N)]), np.arange(N), 1, out_layout="NCHW")
    found = []
    for images, _ in DataLoader(Stream(), 5, num_workers=workers, collate_fn=loading.Collate(pipe)):
        found += [image.numpy().tobytes() for image in images]
    assert sorted(found) == sorted(image.tobytes() for image in expected)
    with pytest.raises(TypeError, match="whose samples have no index"):
        loading.AugmentedDataset(Stream(), pipe)


class Same(Dataset):  # type: ignore[misc]
    """One item, twice."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return self.item


def made_of(item: Any, pipe: Any = None) -> Any:
    return loading.AugmentedDataset(Same(item), pipe or augment.HorizontalFlip())[0]


def collated(*samples: Any) -> Any:
    return loading.Collate(augment.Normalize())(samples)


SAMPLE = loading.Sample(0, 0, photo(0))
BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "the data set has a dict": (TypeError, lambda: made_of({"image": photo(0)})),
    "the data set has a tuple of 3": (TypeError, lambda: made_of((photo(0), 1, 2))),
    "dtype int64; accepted: uint8": (TypeError, lambda: made_of(photo(0).astype(int))),
    "image 0 has shape": (ValueError, lambda: made_of(np.zeros((2, 2, 2, 2), np.uint8))),
    "the samples have no labels": (ValueError, lambda: made_of(photo(0), augment.MixUp())),
    "'labels' is 7 for sample 0": (ValueError, lambda: made_of((photo(0), 7), augment.MixUp(num_classes=3))),
    "'pipe' is a builtin_function_or_method": (TypeError, lambda: loading.Collate(len)),  # type: ignore[arg-type]
    "'out_layout' is 'CHWN'": (ValueError, lambda: loading.Collate(augment.Normalize(), out_layout="CHWN")),
    "'partners' is 'all'": (ValueError, lambda: loading.AugmentedDataset(Photos(2), augment.MixUp(), partners="all")),
    "'dataset' is a builtin_function": (TypeError, lambda: loading.IndexedDataset(len)),
    "'epoch' is 0.5": (TypeError, lambda: loading.IndexedDataset(Photos(2)).set_epoch(0.5)),  # type: ignore[arg-type]
    "the batch must have Samples": (TypeError, lambda: collated()),
    "samples of the epochs [0, 1]": (ValueError, lambda: collated(SAMPLE, SAMPLE._replace(epoch=1))),
    "'ids' has dtype float64": (TypeError, lambda: collated(SAMPLE._replace(id=1.7))),
    "'ids' has 9223372036854775808": (ValueError, lambda: collated(SAMPLE._replace(id=1 << 63))),
    "'epoch' is '0'": (TypeError, lambda: collated(SAMPLE._replace(epoch="0"))),
    "sample 1 of the batch has no label": (ValueError, lambda: collated(SAMPLE._replace(label=1), SAMPLE)),
    "tensors and other images": (TypeError, lambda: collated(SAMPLE, SAMPLE._replace(image=torch.zeros(3, 4, 4)))),
    "the batch is a list": (TypeError, lambda: loading.collate([])),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_modes_of_pil() -> None:
    image = pytest.importorskip("PIL.Image")
    with pytest.raises(TypeError, match="an image has the mode 'P'"):
        made_of(image.fromarray(photo(0)).convert("P"))
    assert made_of(image.fromarray(photo(0)).convert("L")).shape == (1, HEIGHT, WIDTH)
