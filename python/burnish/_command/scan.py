# SPDX-License-Identifier: Apache-2.0
"""``burnish scan``: what is in a data set, before anything is trained."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from burnish import data as sets
from burnish import report
from burnish._command.options import CIFAR10, check_out, integer, printable, progress
from burnish._extras import needs_extra
from burnish._improve.place import refuse_data
from burnish._improve.scan import Scan, scan
from burnish._improve.store import Store
from burnish.data import ImageSet

_EVERY = 5_000
_UNKEPT = 8  # side of squares that nobody will look at; those of a million images are 12 GB otherwise


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "scan",
        help="look at every image once: classes, sizes, problems, exact copies",
        description="Read every image once and say what is there: the classes and how many images each has,\n"
        "sizes, brightness and channel statistics, files that cannot be read or are odd, by name, and\n"
        "images with the same pixels: with different labels, or held out and trained on as well.\n"
        "Nothing in DATA is changed.",
        epilog="examples:\n"
        "  burnish scan photos/                       photos/cat/*.jpg, or photos/train/cat/ and photos/test/cat/\n"
        "  burnish scan photos.zip                    the same in a zip, which is not unpacked\n"
        "  burnish scan train.csv --test test.csv     columns path and label, perhaps split; or .parquet\n"
        "  burnish scan arrays.npz                    arrays images and labels\n"
        "  burnish scan photos/ --out seen            also a table of all images; goes on if interrupted\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("data", nargs="?", metavar="DATA", help="a folder, zip, .npz, .csv or .parquet of images, or cifar10")
    add("--demo", action="store_true", help="use scikit-learn's handwritten digits")
    add("--test", metavar="DATA", help="images to be held out, in any of these forms")
    add("--out", type=Path, metavar="FOLDER", help="write scan.csv there, and keep what was done for the next run")
    add("--strict", action="store_true", help="skip odd images (CMYK, 16-bit, rotated by EXIF, animated), not convert")
    add("--workers", type=integer(1, 256), metavar="N", help="threads (default: one for each processor)")
    parser.set_defaults(run=_run, error=parser.error)


def open_data(options: argparse.Namespace) -> ImageSet:
    """Open what ``options.data``, ``options.test`` and ``options.demo`` say."""
    if (options.data is None) == (not options.demo):
        options.error("name a folder, a zip, a table, an .npz or cifar10, or give --demo")
    if options.test is not None and options.demo:
        options.error("--test goes with DATA")
    with needs_extra("demo"):
        importlib.import_module("PIL.Image")
    if options.demo:
        return sets.open_images(sets.load_digits(), title="scikit-learn's digits")
    return sets.open_images(_named(options.data), test=_named(options.test))


def _named(data: str | None) -> Any:
    return sets.open_cifar10() if data == CIFAR10 else data


def _run(options: argparse.Namespace) -> None:
    if options.out is not None:
        check_out(options.out)
    refuse_data(options.out, *(data for data in (options.data, options.test) if data != CIFAR10))
    images = open_data(options)
    store = Store(None if options.out is None else options.out / ".burnish")
    size = None if options.out is not None else _UNKEPT
    found = scan(images, store, size=size, workers=options.workers, strict=options.strict, progress=Told())
    print(printable(found.summary()))
    if options.out is not None:
        path = options.out / "scan.csv"
        report.write_csv(path, dict(columns(found)))
        print(f"\nwritten: {path}: every image, what it is and what is odd about it")


class Told:
    """Says now and then how far it is."""

    def __init__(self) -> None:
        self._what, self._next = "", 0

    def __call__(self, what: str, done: int, of: int) -> None:
        if what != self._what:
            self._what, self._next = what, _EVERY
        if done >= self._next:
            progress(f"{what}: {done:,} of {of:,}")
            self._next = (done // _EVERY + 1) * _EVERY


def columns(found: Scan) -> Iterator[tuple[str, Any]]:
    """Give the columns of the table of all images."""
    images, facts = found.images, found.facts
    names = (*images.names, "")
    problems = np.full(len(found), "", object)
    for problem in found.problems:
        before = problems[problem.sample]
        problems[problem.sample] = f"{before}, {problem.kind}" if before else problem.kind
    yield "id", images.ids
    yield "label", [names[label] for label in images.labels]
    yield "held_out", images.held_out.astype(int)
    yield "usable", found.usable.astype(int)
    yield "problems", problems
    for name in ("width", "height", "bytes", "format", "mode"):
        yield name, facts[name]
    for name in ("brightness", "contrast"):
        yield name, ["" if np.isnan(value) else f"{value:.6f}" for value in facts[name]]
    yield "copy_of", ["" if first < 0 else images.ids[first] for first in found.copy_of]
