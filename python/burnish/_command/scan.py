# SPDX-License-Identifier: Apache-2.0
"""``burnish scan``: what is in a data set, before anything is trained."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from burnish import report
from burnish._command.options import (
    add_data_options,
    check_out,
    open_data,
    printable,
    refuse_named_data,
    stage_progress,
)
from burnish._files import KEPT
from burnish._improve.scan import Scan, scan
from burnish._improve.store import Store

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
    add_data_options(parser, test="")
    add = parser.add_argument
    add("--out", type=Path, metavar="FOLDER", help="write scan.csv there, and keep what was done for the next run")
    parser.set_defaults(run=_run, error=parser.error)


def _run(options: argparse.Namespace) -> None:
    if options.out is not None:
        check_out(options.out)
    refuse_named_data(options.out, options.data, options.test)
    images = open_data(options)
    store = Store(None if options.out is None else options.out / KEPT)
    size = None if options.out is not None else _UNKEPT
    told = stage_progress()
    with store.alone():
        found = scan(images, store, size=size, workers=options.workers, strict=options.strict, progress=told)
    print(printable(found.summary()))
    if options.out is not None:
        path = options.out / "scan.csv"
        report.write_csv(path, dict(columns(found)))
        print(f"\nwritten: {path}: every image, what it is and what is odd about it")


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
