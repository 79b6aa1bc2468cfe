# SPDX-License-Identifier: Apache-2.0
"""What a billion samples would take by burnish.ray: rates of one core measured here, bytes and hours from them.

python benchmarks/scaling.py [--divide N] [--samples 1e9] [--nodes 16] [--cores 64] [--gigabits 10] [--ray]

The stages of burnish.ray are functions of a batch; each is timed in this process with one thread, by processor time.
--ray also runs two of them through a local Ray with two workers, in turns with the same work here.
"""

from __future__ import annotations

import argparse
import io
import math
import pickle
import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import burnish
import numpy as np
from burnish import augment, quality
from burnish.neighbors import kneighbors
from burnish.ray import Augment, Score
from burnish.ray._columns import threads
from burnish.ray._issues import _merge, _ReadShard
from embeddings import embeddings
from timing import cpu_clock, measure

CLASSES, WIDTH, BLOCK = 1000, 768, 1 << 16
STORE = 64e9  # bytes of Ray's object store on a node
FILTER = "prune_by_noise_rate"


class Rate(NamedTuple):
    """Units a second on one core."""

    what: str
    unit: str
    value: float


def photographs(n: int, side: int) -> Any:
    """Smooth random pictures with some grain: as a JPEG about as large as a photograph of that size."""
    rng = np.random.default_rng(n)
    coarse = rng.integers(0, 256, (n, side // 16, side // 16, 3), np.uint8)
    images = augment.Resize(side, side)(coarse)
    return np.clip(images.astype(np.int16) + rng.integers(-12, 13, images.shape), 0, 255).astype(np.uint8)


def pipeline() -> augment.Compose:
    steps = [augment.RandomResizedCrop((224, 224)), augment.HorizontalFlip(), augment.ColorJitter()]
    return augment.Compose(steps, seed=1)


def predictions(n: int) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    labels = rng.integers(0, CLASSES, n)
    logits = rng.normal(size=(n, CLASSES)).astype(np.float32)
    logits[np.arange(n), np.where(rng.random(n) < 0.9, labels, rng.integers(0, CLASSES, n))] += 8
    return {"id": np.arange(n), "label": labels, "logits": logits}


def rate(what: str, unit: str, number: int, call: Callable[[], Any], repeats: int) -> Rate:
    call()
    return Rate(what, unit, number / statistics.median(cpu_clock(call) for _ in range(repeats)))


def image_rates(divide: int, repeats: int) -> tuple[list[Rate], float]:
    """Return rates, and the bytes of a file."""
    from PIL import Image

    images = photographs(max(4, 256 // divide), 256)
    ids = np.arange(len(images))
    stage = Augment(pipeline())
    files = []
    for image in images[:32]:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "jpeg", quality=90)
        files.append(file.getvalue())
    file_bytes = sum(map(len, files)) / len(files)
    rates = [
        rate(f"decode JPEG, 256 x 256, {file_bytes / 1e3:.0f} KB (Pillow)", "images", len(files),
             lambda: [np.asarray(Image.open(io.BytesIO(file))) for file in files], repeats),
        rate("augment to 224 x 224 (crop and resize, flip, color)", "images", len(images),
             lambda: stage({"image": images, "id": ids}), repeats),
    ]  # fmt: skip
    return rates, file_bytes


def prediction_rates(divide: int, repeats: int) -> tuple[list[Rate], int]:
    """Return rates, and the bytes that a worker sends for each part of a pass."""
    rows = max(64, (1 << 14) // divide)
    batch = predictions(rows)
    stage = Score(logits="logits")
    rates = [
        rate(f"score, {CLASSES} classes: entropy, confidence, margin", "rows", rows, lambda: stage(batch), repeats)
    ]
    sent = 0
    for filter_by in ("auto", FILTER):
        seconds = 0.0
        seen = quality.LabelIssueAccumulator(CLASSES, filter_by=filter_by)
        while not seen.done:
            read = _ReadShard(seen, ["id", "label", "logits"], "logits", share=np.array)
            seconds += rows / rate("", "", rows, lambda read=read: read(batch), repeats).value
            part = read(batch)
            sent = max(sent, len(pickle.dumps(part)))
            part._candidates = seen._candidates
            seen = part.finish_pass()
        rates.append(Rate(f"label issues, {filter_by}, all {seen.num_passes} passes", "rows", rows / seconds))
    joint = quality.LabelIssueAccumulator(CLASSES, filter_by=FILTER).update(batch["label"], logits=batch["logits"])
    joint.finish_pass().update(batch["label"], logits=batch["logits"])
    rates.append(rate(f"merge two parts, {FILTER}", "merges", 1, lambda: _merge(joint, _shifted(joint, rows)), repeats))
    return rates, sent


def _shifted(part: Any, rows: int) -> Any:
    other = pickle.loads(pickle.dumps(part))
    other._ranges = [(first + rows, last + rows) for first, last in other._ranges]
    return other


def neighbor_rate(divide: int, repeats: int) -> Rate:
    rows = max(128, BLOCK // 4 // divide)
    X = embeddings(2 * rows, WIDTH)
    call = lambda: kneighbors(X[:rows], 5, X[rows:], metric="sqeuclidean")  # noqa: E731
    return rate(f"5 neighbors, {rows} by {rows} rows of {WIDTH}", "pairs", rows * rows, call, repeats)


def estimate(
    rates: Sequence[Rate], file_bytes: float, sent: int, samples: float, nodes: int, cores: int, gigabits: float
) -> list[str]:
    decode, change, score, auto, prune, merge, pairs = (one.value for one in rates)
    images = 1 / (1 / decode + 1 / change)
    all_cores, wire = nodes * cores, nodes * gigabits / 8 * 1e9

    def line(work: str, read: float, units: float, per_core: float, busy: float = all_cores) -> str:
        seconds = max(units / per_core / busy, read / wire)
        bound = "cores" if units / per_core / busy > read / wire else "network"
        took = f"{seconds:10.1f} s" if seconds < 600 else f"{seconds / 3600:10.1f} h"
        return f"{work:58} {read / 1e12:9.3f} TB {took}  {bound}"

    parts = samples / max(1, (1 << 24) // CLASSES)
    lines = [
        f"{samples:.0e} samples, {nodes} nodes of {cores} cores, {gigabits:g} Gbit/s each",
        line("decode and augment, results used where they are made", file_bytes * samples, samples, images),
        line("the same, results sent elsewhere (150 KB each)", (file_bytes + 150528) * samples, samples, images),
        line(f"score {CLASSES} float32 logits", 4 * CLASSES * samples, samples, score),
        line("label issues, auto (one pass)", 4 * CLASSES * samples, samples, auto),
        line(f"label issues, {FILTER} (three passes)", 3 * 4 * CLASSES * samples, samples, prune),
        f"  merged there: {parts:.0f} parts of {sent / 1e6:.1f} MB, {parts * sent / 1e12:.2f} TB",
        f"  merged by one process: {parts / 32:.0f} of these, {parts / 32 / merge:.0f} s",
    ]  # fmt: skip
    for rows in (1e5, 1e6, 1e7, 1e8, 1e9):
        blocks = math.ceil(rows / min(BLOCK, max(1 << 12, rows / all_cores / 2)))  # as burnish.ray.smote cuts them
        work = f"SMOTE neighbors in a class of {rows:.0e} rows of {WIDTH}"
        size = rows * 4 * WIDTH
        read = size * (
            min(blocks, nodes) if size <= STORE else blocks
        )  # a node keeps what it has fetched while it fits
        lines.append(line(work, read, rows * rows, pairs, min(blocks, all_cores)))
    return lines


def through_ray(divide: int) -> list[str]:
    """Compare two workers with the same work here, by wall time, in turns."""
    import logging

    import pyarrow as pa
    import ray
    from ray.data.extensions import ArrowTensorArray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    rows = max(64, 4096 // divide)
    images, batch = photographs(rows, 256), predictions(16 * rows)
    work = [
        ("augment", {"image": images, "id": np.arange(rows)}, Augment(pipeline())),
        ("score", batch, Score(logits="logits")),
    ]
    lines = []
    for name, columns, stage in work:
        n = len(columns["id"])
        tables = [
            pa.table({key: ArrowTensorArray.from_numpy(value[part]) for key, value in columns.items()})
            for part in np.array_split(np.arange(n), 8)
        ]
        ds = ray.data.from_arrow(tables).materialize()
        size = 64 if name == "augment" else 1024
        mapped = ds.map_batches(stage, batch_size=size, zero_copy_batch=True)
        batches = [{key: value[k : k + size] for key, value in columns.items()} for k in range(0, n, size)]
        calls = {
            "ray": mapped.materialize,
            "here": lambda batches=batches, stage=stage: [stage(batch) for batch in batches],
        }
        taken = {key: statistics.median(seconds) for key, seconds in measure(calls, least=5, most=5).items()}
        both = f"{taken['ray']:6.2f} s by two workers of Ray, {taken['here']:6.2f} s by one thread"
        lines.append(f"{name:10} {n} rows: {both}")
    ray.shutdown()
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--divide", type=int, default=1, help="measure on a part of the rows, to try it")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--samples", type=float, default=1e9)
    parser.add_argument("--nodes", type=int, default=16)
    parser.add_argument("--cores", type=int, default=64)
    parser.add_argument("--gigabits", type=float, default=10)
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args(arguments)
    with threads(1):
        report(options)


def report(options: argparse.Namespace) -> None:
    of_images, file_bytes = image_rates(options.divide, options.repeats)
    of_predictions, sent = prediction_rates(options.divide, options.repeats)
    rates = [*of_images, *of_predictions, neighbor_rate(options.divide, options.repeats)]
    print(f"one core, {burnish.build_info()['isa_level']}, median of {options.repeats} by processor time")
    for one in rates:
        print(f"{one.what:62} {one.value:14,.0f} {one.unit}/s")
    print()
    print(*estimate(rates, file_bytes, sent, options.samples, options.nodes, options.cores, options.gigabits), sep="\n")
    if options.ray:
        print()
        print(*through_ray(options.divide), sep="\n")


if __name__ == "__main__":
    main()
