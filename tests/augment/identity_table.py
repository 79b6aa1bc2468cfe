# SPDX-License-Identifier: Apache-2.0
"""Print how many images differ between ways to make them: ``python tests/augment/identity_table.py``.

Every image is made once by itself, on one thread at the lowest instruction set level; then again with each number of
threads, level, batch split, order, and by torch's loader with each number of workers, and all bits are compared.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import burnish
import numpy as np
from burnish import _core, augment
from loading_data import CLASSES, Photos, pipeline

THREADS = (1, 2, 7)
BATCHES = (1, 7, 64)
WORKERS = (0, 1, 2, 3)
EPOCHS = (0, 1)


def pipelines() -> dict[str, augment.Compose]:
    """Return pipelines to bytes, to floats, and with mixing."""
    steps = pipeline().transforms
    everything = [
        augment.RandomCrop(22, 24, padding=2, border_mode="reflect"),
        augment.HorizontalFlip(),
        augment.OneOf([augment.Rotate(30, p=1), augment.Affine(scale=(0.8, 1.2), shear=(-5, 5), p=1)], p=0.8),
        augment.SomeOf([augment.ColorJitter(), augment.RGBShift(), augment.InvertImg(p=0.2)], n=2),
        augment.Sequential([augment.GaussNoise(var_limit=(10, 50)), augment.GaussianBlur((3, 7))], p=0.7),
        augment.CoarseDropout(),
        augment.RandomErasing(),
    ]
    return {
        "bytes": augment.Compose(everything, seed=5),
        "floats": augment.Compose(steps[:-1], seed=6),
        "mixed": augment.Compose(steps, seed=7),
    }


@dataclass(frozen=True)
class Way:
    """How images are made; without workers, a call for each batch, on so many threads."""

    threads: int = 1
    level: str = "v2"
    batch: int = 1
    order: str = "as they come"
    workers: int | None = None
    start: str = ""

    def cells(self) -> list[str]:
        by = "calls" if self.workers is None else f"loader, {self.workers} workers {self.start}".strip()
        return [by, str(self.threads), self.level, str(self.batch), self.order]


def ways(levels: list[str], small: bool) -> Iterator[Way]:
    """Yield all combinations without workers, and those that matter with them."""
    orders = ("as they come", "reversed", "shuffled")
    for level in levels:
        for threads in (2,) if small else THREADS:
            for batch in BATCHES[1:2] if small else BATCHES:
                for order in orders[2:] if small else orders:
                    yield Way(threads, level, batch, order)
    for workers in (0, 1) if small else WORKERS:
        for batch in BATCHES[1:2] if small else BATCHES:
            for order in orders[2:] if small else orders[::2]:
                yield Way(1, levels[-1], batch, order, workers, "forked" if workers else "")
    if not small:
        yield Way(1, levels[-1], 7, "shuffled", 2, "spawned")


def in_order(n: int, order: str) -> np.ndarray:
    names = np.arange(n)
    return {"as they come": names, "reversed": names[::-1]}.get(order, np.random.default_rng(n).permutation(n))


def made(pipe: augment.Compose, n: int, epoch: int, way: Way) -> dict[int, bytes]:
    """Return each sample's image and label as bytes."""
    if way.workers is not None:
        return _loaded(pipe, n, epoch, way)
    if any(leaf._mixes for leaf in pipe._leaves()):
        return _of_data_set(pipe, n, epoch, way)  # where partners do not depend on the batch
    photos, names, result = Photos(n), in_order(n, way.order), {}
    for first in range(0, n, way.batch):
        ids = names[first : first + way.batch]
        batch = np.stack([photos[i][0] for i in ids])
        for i, image in zip(ids.tolist(), pipe(batch, ids, epoch, out_layout="NCHW"), strict=True):
            result[i] = image.tobytes() + bytes([i % CLASSES])
    return result


def _of_data_set(pipe: augment.Compose, n: int, epoch: int, way: Way) -> dict[int, bytes]:
    from burnish.augment.torch import AugmentedDataset, collate

    data, names, result = AugmentedDataset(Photos(n), pipe), in_order(n, way.order), {}
    data.set_epoch(epoch)
    for first in range(0, n, way.batch):
        ids = names[first : first + way.batch].tolist()
        result.update(_as_bytes(ids, *collate(data.__getitems__(ids))))
    return result


def _loaded(pipe: augment.Compose, n: int, epoch: int, way: Way) -> dict[int, bytes]:
    from burnish.augment.torch import AugmentedDataset, collate
    from torch.utils.data import DataLoader

    data, names, result = AugmentedDataset(Photos(n), pipe), in_order(n, way.order).tolist(), {}
    start = {"forked": "fork", "spawned": "spawn"}.get(way.start)
    loader = DataLoader(data, way.batch, sampler=names, num_workers=way.workers or 0, collate_fn=collate,
                        multiprocessing_context=start, persistent_workers=bool(way.workers))  # fmt: skip
    for each in sorted({0, epoch}):  # the epoch reaches workers that are there already
        data.set_epoch(each)
        result.clear()
        for images, labels in loader:
            result.update(_as_bytes(names[len(result) : len(result) + len(images)], images, labels))
    return result


def _as_bytes(ids: list[int], images: Any, labels: Any) -> dict[int, bytes]:
    def label(i: int) -> bytes:
        return bytes(labels[i].numpy().tobytes()) if labels.ndim == 2 else bytes([int(labels[i])])

    return {name: images[i].numpy().tobytes() + label(i) for i, name in enumerate(ids)}


def differing(n: int, way: Way, expected: dict[tuple[str, int], dict[int, bytes]]) -> dict[str, int]:
    """Return how many images differ, of each pipeline."""
    threads, level = burnish.get_num_threads(), burnish.build_info()["isa_level"]
    burnish.set_num_threads(way.threads)
    _core.set_isa_level(way.level)
    counts = {}
    try:
        for name, pipe in pipelines().items():
            counts[name] = 0
            for epoch in EPOCHS:
                found = made(pipe, n, epoch, way)
                assert found.keys() == expected[name, epoch].keys()
                counts[name] += sum(found[i] != image for i, image in expected[name, epoch].items())
    finally:
        burnish.set_num_threads(threads)
        _core.set_isa_level(level)
    return counts


def levels() -> list[str]:
    """Return the instruction set levels that this processor has."""
    before, found = burnish.build_info()["isa_level"], []
    for level in burnish.build_info()["isa_levels"]:
        try:
            _core.set_isa_level(level)
            found.append(level)
        except ValueError:
            pass
    _core.set_isa_level(before)
    return found


def table(n: int, small: bool) -> Iterator[tuple[list[str], dict[str, int]]]:
    """Yield each way and how many images differ from those that are made one by one."""
    known = levels()
    first = Way(level=known[0])
    threads, level = burnish.get_num_threads(), burnish.build_info()["isa_level"]
    burnish.set_num_threads(1)
    _core.set_isa_level(known[0])
    expected = {(name, epoch): made(pipe, n, epoch, first) for name, pipe in pipelines().items() for epoch in EPOCHS}
    burnish.set_num_threads(threads)
    _core.set_isa_level(level)
    for way in ways(known, small):
        yield way.cells(), differing(n, way, expected)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--images", type=int, default=64, help="how many, in each of two epochs")
    parser.add_argument("--small", action="store_true", help="a few ways only")
    options = parser.parse_args()
    n = options.images
    names = list(pipelines())
    print(f"{n} images in each of {len(EPOCHS)} epochs, compared with the same ones made one by one; differing:")
    print("| made by | threads | level | batch | order | images | " + " | ".join(names) + " |")
    print("|" + " --- |" * (6 + len(names)))
    wrong = 0
    warnings.filterwarnings("ignore", "This DataLoader will create")  # more workers than processors
    for cells, counts in table(n, options.small):
        wrong += sum(counts.values())
        row = [*cells, str(n * len(EPOCHS)), *(str(counts[name]) for name in names)]
        print("| " + " | ".join(row) + " |", flush=True)
    print(f"{wrong} images differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
