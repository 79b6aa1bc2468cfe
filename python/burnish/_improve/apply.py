# SPDX-License-Identifier: Apache-2.0
"""The improved set, written: files as they are, varied copies, features; a manifest of what came from where and why.

Only the training part is written. Held-out images stay where they are, since they are not changed. Nothing is drawn but
what copies look like, and no time or place is written down: the same call writes the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._files import replacing
from burnish._improve.copies import LONGEST, varied
from burnish._improve.feature_rows import feature_labels, feature_rows
from burnish._improve.manifest import (
    FEATURES,
    FOLDER,
    MANIFEST,
    NEXT,
    NPZ,
    OUTPUTS,
    TABLE,
    Form,
    Plan,
    Row,
    head_of,
    rows_of,
    write_manifest,
)
from burnish._improve.place import digest_of_file, known_digests, refuse_foreign, refuse_own_data
from burnish._improve.proposals import DROPS
from burnish._words import one_line
from burnish.data import DataError
from burnish.data._decode import decode
from burnish.data._image_set import Content
from burnish.data._npz import array_file
from burnish.data._tree import Progress, encoded, in_order, silent, write_tree, writing

_GRAY = ("1", "L", "LA", "La", "I", "F")


@dataclass(frozen=True)
class Applied:
    """What was written.

    Attributes
    ----------
    written : tuple of pathlib.Path
        Files and folders.
    counts : dict of str to int
        Rows of the manifest by action.
    """

    written: tuple[Path, ...]
    counts: dict[str, int]


def apply(
    plan: Plan,
    out: Path,
    *,
    features: npt.NDArray[Any] | None = None,
    form: Form = "folder",
    workers: int | None = None,
    progress: Progress = silent,
) -> Applied:
    """Write the improved set.

    Parameters
    ----------
    plan : Plan
    out : path
        Where ``improved/CLASS/FILE`` and ``manifest.json`` go.
    features : float array of shape (N, D), optional
        To be written, too, to ``improved-features.npz``: those of the images that are kept, and between them what the
        proposals interpolate.
    form : {"folder", "table", "npz"}, default "folder"
        "table": with ``improved.csv`` (path, label) beside the folder; "npz": ``improved.npz`` instead of it.
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called with the number of images written and of all.

    Returns
    -------
    Applied

    Raises
    ------
    DataError
        If something cannot be read or written, or something is in the way that burnish did not write. Nothing has
        changed then.
    """
    refuse_foreign(out)
    refuse_own_data(plan.images, out)
    job = _Job(plan, *rows_of(plan, form))
    if features is None and job.between:
        raise ValueError("apply: 'features' is None; accepted where 'proposals' interpolates: an array")
    head = head_of(plan, job.rows)
    with _features_beside(job, out, features) as outputs:
        if form == "npz":
            _write_npz(job, out, head, outputs, workers, progress)
            written = [out / NPZ]
        else:
            _write_folder(job, out, head, outputs, form == "table", workers, progress)
            written = [out / FOLDER] + ([out / TABLE] if form == "table" else [])
    written += [out / FEATURES] if features is not None else []
    with writing(out):
        for path in {out / name for name in OUTPUTS} - {*written}:  # of an earlier run
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        (out / NEXT).replace(out / MANIFEST)
    return Applied((*written, out / MANIFEST), dict(Counter(row.action for row in job.rows)))


def write_plan(plan: Plan, out: Path) -> bool:
    """Write a manifest of what `apply` would do, without files.

    Returns
    -------
    bool
        False where there is an improved set already, whose manifest is left as it is.
    """
    if any(os.path.lexists(out / name) for name in OUTPUTS):
        return False
    known_digests(out)  # refuses a manifest of somebody else
    rows = [replace(row, file=None) for row in rows_of(plan, "folder")[0]]
    write_manifest(out / MANIFEST, {**head_of(plan, rows), "applied": False}, rows)
    return True


class _Job:
    """Reads sources and makes copies, on any thread."""

    def __init__(self, plan: Plan, rows: list[Row], samples: list[int]) -> None:
        self.plan, self.images, self.rows, self.samples = plan, plan.images, rows, samples
        self.inside = [j for j, row in enumerate(rows) if row.file is not None and not row.is_between]
        self.between = [j for j, row in enumerate(rows) if row.is_between]
        self.between_digests: Sequence[str] = ()
        self.source_digests: dict[int, str] = {}
        self._pixels = functools.lru_cache(maxsize=16)(self._decoded)  # copies of one image follow each other

    def source(self, i: int) -> Content:
        """Return an image as it is kept, and note its digest."""
        try:
            content = self.images.content(i)
        except Exception as error:  # what lies in a zip can fail in many ways
            raise DataError(f"{self.images.ids[i]} cannot be read any more: {one_line(error)}") from error
        self.source_digests[i] = hashlib.sha256(
            content if isinstance(content, bytes) else np.ascontiguousarray(content).data
        ).hexdigest()
        return content

    def _decoded(self, i: int) -> tuple[npt.NDArray[np.uint8], bool, tuple[int, ...]]:
        """Return an image as RGB, whether it was gray, and the shape it had if it was an array."""
        from PIL import Image

        content = self.source(i)
        is_file = isinstance(content, bytes)
        found = decode(content, least=LONGEST if is_file else 1 << 30)
        if found.image is None:
            raise DataError(f"{self.images.ids[i]} cannot be read any more: {found.text}")
        if is_file:
            found.image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        gray = found.mode in _GRAY or found.mode.startswith("I;16")
        return np.array(found.image), gray, () if isinstance(content, bytes) else content.shape

    def _copies(self, chosen: Sequence[int]) -> dict[int, tuple[npt.NDArray[np.uint8], tuple[int, ...]]]:
        """Return, by row, pixels of copies, gray (H, W) where the image is, and the shape of the image as an array."""
        from PIL import Image

        rows, sources = [self.rows[j] for j in chosen], [self._pixels(self.samples[j]) for j in chosen]
        made = varied(self.plan.pipeline, [source[0] for source in sources],
                      [row.source for row in rows], [row.number for row in rows])  # fmt: skip
        return {
            j: (np.array(Image.fromarray(pixels).convert("L")) if gray else pixels, shape)
            for j, pixels, (_, gray, shape) in zip(chosen, made, sources, strict=True)
        }

    def files(self, places: range) -> Iterator[bytes]:
        """Yield what is to be in files of the improved set."""
        chosen = [self.inside[place] for place in places]
        copies = self._copies([j for j in chosen if self.rows[j].number])
        for j in chosen:
            if j in copies:
                yield encoded(copies[j][0])
            else:
                content = self.source(self.samples[j])
                yield content if isinstance(content, bytes) else encoded(content)

    def arrays(self, places: range) -> Iterator[npt.NDArray[np.uint8]]:
        """Yield what is to be in the array of the improved set."""
        chosen = [self.inside[place] for place in places]
        copies = self._copies([j for j in chosen if self.rows[j].number])
        for j in chosen:
            if j in copies:
                yield _shaped(*copies[j])
            else:
                content = self.source(self.samples[j])
                yield np.array(decode(content).image) if isinstance(content, bytes) else content

    def finished(self, digests: Sequence[str]) -> list[Row]:
        """Return the rows with digests; reads what has not been read yet: what is dropped."""
        written = dict(zip(self.inside + self.between, [*digests, *self.between_digests], strict=True))
        for i, row in zip(self.samples, self.rows, strict=True):
            if row.action in (*DROPS, "no-label") and i not in self.source_digests:
                self.source(i)
        return [
            replace(row, sha256=written.get(j), source_sha256=self.source_digests.get(i))
            for j, (i, row) in enumerate(zip(self.samples, self.rows, strict=True))
        ]


def _shaped(pixels: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return a copy with the axes and channels of the array that it was made from."""
    if len(shape) == 2:
        return pixels
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    if shape[2:] not in ((), (4,)):
        return pixels
    colors = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    if not shape:  # of a file, which is read in colors
        return colors
    return np.concatenate([colors, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2)


@contextmanager
def _features_beside(job: _Job, out: Path, features: npt.NDArray[Any] | None) -> Iterator[dict[str, str]]:
    """Write features, and put them in their place when all else is; give what is written with its digest."""
    if features is None:
        yield {}
        return
    inside = [j for j in job.inside if not job.rows[j].number]
    kept = np.array([job.samples[j] for j in inside], np.int64)
    digests: list[str] = []

    def noted() -> Iterator[npt.NDArray[Any]]:
        for block in feature_rows(features, kept, job.plan.proposals):
            digests.extend(hashlib.sha256(row.data).hexdigest() for row in np.ascontiguousarray(block))
            yield block

    rows = [job.rows[j] for j in inside + job.between]
    with array_file(out / FEATURES) as (arrays, partial):
        arrays.add_rows("features", (len(rows), features.shape[1]), features.dtype, noted())
        arrays.add("labels", feature_labels(job.images.labels, kept, job.plan.proposals))
        arrays.add("names", np.array(job.images.names, "U"))
        arrays.add("ids", np.array([row.source for row in rows], "U"))
        arrays.add("neighbors", np.array([row.neighbor or "" for row in rows], "U"))
        arrays.add("steps", np.array([row.step or 0.0 for row in rows]))
        arrays.finish()
        job.between_digests = digests[len(kept) :]
        yield {FEATURES: digest_of_file(partial)}


def _write_folder(
    job: _Job,
    out: Path,
    head: dict[str, Any],
    outputs: dict[str, str],
    with_table: bool,
    workers: int | None,
    progress: Progress,
) -> None:
    names = [str(job.rows[j].file).removeprefix(f"{FOLDER}/") for j in job.inside]

    def note(digests: list[str]) -> None:
        rows = job.finished(digests)
        table = _table(rows) if with_table else b""
        tables = {TABLE: hashlib.sha256(table).hexdigest()} if with_table else {}
        write_manifest(out / NEXT, {**head, "outputs": {**outputs, **tables}}, rows)
        if with_table:
            _write_bytes(out / TABLE, table)

    write_tree(out / FOLDER, names, job.files, workers=workers, progress=progress, on_written=note)


def _table(rows: Sequence[Row]) -> bytes:
    import csv

    with io.StringIO(newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "label"])
        writer.writerows([row.file, row.label] for row in rows if row.file is not None and not row.is_between)
        return file.getvalue().encode(errors="surrogateescape")


def _write_bytes(path: Path, data: bytes) -> None:
    with writing(path), replacing(path) as partial:
        partial.write_bytes(data)


def _write_npz(
    job: _Job, out: Path, head: dict[str, Any], outputs: dict[str, str], workers: int | None, progress: Progress
) -> None:
    """Write arrays block by block, so that they need not fit into memory."""
    inside = [job.rows[j] for j in job.inside]
    names = job.images.names
    number = {name: i for i, name in enumerate(names)}
    shape = next(iter(job.arrays(range(1)))).shape if inside else (0, 0)

    def blocks(places: range) -> Iterator[npt.NDArray[np.uint8]]:
        for place, pixels in zip(places, job.arrays(places), strict=True):
            if pixels.shape != shape:
                raise DataError(
                    f"{inside[place].source}: shape {pixels.shape}; accepted in one array: {shape}, as the first"
                )
            yield np.ascontiguousarray(pixels)

    digests: list[str] = []

    def noted() -> Iterator[npt.NDArray[np.uint8]]:
        for pixels in in_order(blocks, len(inside), workers, progress):
            digests.append(hashlib.sha256(pixels.data).hexdigest())
            yield pixels

    with array_file(out / NPZ) as (arrays, partial):
        arrays.add_rows("images", (len(inside), *shape), np.uint8, noted())
        arrays.add("labels", np.array([number[row.label or ""] for row in inside], np.int64))
        arrays.add("names", np.array(names, "U"))
        arrays.add("ids", np.array([row.source for row in inside], "U"))
        arrays.add("copy", np.array([row.number for row in inside], np.int64))
        arrays.finish()
        outputs = {**outputs, NPZ: digest_of_file(partial)}
        write_manifest(out / NEXT, {**head, "outputs": outputs}, job.finished(digests))
