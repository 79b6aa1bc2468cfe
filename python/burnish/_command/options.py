# SPDX-License-Identifier: Apache-2.0
"""What the subcommands that read images share: checked options, and reading with a word on progress.

`improve`, `scan` and `score` list images of any size (`open_data`); `augment`, `balance` and `hardness` read them into
one array (`read_images`).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import augment
from burnish import data as images
from burnish._classifier import duration
from burnish._extras import needs_extra
from burnish._improve.place import refuse_data
from burnish._words import one_line
from burnish.data import DataError, ImageSet, LabeledImages

CIFAR10 = "cifar10"
# Control characters other than the end of a line, separators of lines, what changes the direction of text, surrogates.
_COMMANDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PATH_HELP = "a folder with a folder of images per class, a zip of that, or cifar10"


def integer(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a parser of integers between `least` and `most`."""
    accepted = f"{least} or more" if most is None else f"{least} to {most}"

    def parse(text: str) -> int:
        value = int(text) if re.fullmatch(r"\d{1,9}", text) else -1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not accepted; accepted: an integer, {accepted}")
        return value

    return parse


def printable(text: str, *, lines: bool = True) -> str:
    """Show what would command a terminal, turn text around or, if `lines` is False, end the line.

    Names of files and classes may hold anything.
    """
    escaped = _COMMANDS.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)
    return escaped if lines else escaped.replace("\n", "\\n")


def add_training_options(add: Callable[..., Any], *, flip: bool = True) -> None:
    """Add what is chosen alike wherever a small network is trained here."""
    add(
        "--image-size",
        type=integer(8, 256),
        metavar="PIXELS",
        help="images are cropped to a square and resized to this, 8 to 256 (default: 32)",
    )
    if flip:
        add(
            "--flip",
            action="store_true",
            help="mirror half of the training images; not for letters (default: cifar10)",
        )
    add("--seed", type=integer(0), default=0, metavar="N", help="default: 0")


def check_out(folder: Path) -> None:
    """Refuse a folder that cannot be written to, before the work rather than after it."""
    nearest = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise DataError(f"--out {folder} cannot be written: {nearest} is not a folder that may be written to")


def progress(line: str) -> None:
    """Print what has been done so far."""
    print(line, file=sys.stderr, flush=True)


def stage_progress(every: float = 5.0) -> Callable[[str, int, int], None]:
    """Return what prints how far a stage is, every few seconds, and how long it will take."""
    start: dict[str, float] = {}
    told = [time.monotonic()]

    def tell(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        begun = start.setdefault(what, now)
        if now - told[0] < every or not 0 < done < of:
            return
        told[0] = now
        left = (now - begun) * (of - done) / done
        progress(f"{what}: {done:,} of {of:,}" + (f", about {duration(left)} left" if now - begun > every else ""))

    return tell


def add_data_options(parser: Any, *, test: str) -> None:
    """Add what says which images; `test` is what becomes of those held out."""
    add = parser.add_argument
    add("data", nargs="?", metavar="DATA", help="a folder, zip, .npz, .csv or .parquet of images, or cifar10")
    add("--demo", action="store_true", help="use scikit-learn's handwritten digits")
    add("--test", metavar="DATA", help=f"images to be held out, in any of these forms{test}")
    add("--strict", action="store_true", help="skip odd images (CMYK, 16-bit, rotated by EXIF, animated), not convert")
    add_workers(add)


def add_workers(add: Any) -> None:
    """Add how many threads decode images."""
    add("--workers", type=integer(1, 256), metavar="N", help="threads for decoding (default: one for each processor)")


def open_data(options: argparse.Namespace) -> ImageSet:
    """List what ``options.data``, ``options.test`` and ``options.demo`` say."""
    if (options.data is None) == (not options.demo):
        options.error("name a folder, a zip, a table, an .npz or cifar10, or give --demo")
    if options.test is not None and options.demo:
        options.error("--test goes with DATA")
    with needs_extra("demo"):
        importlib.import_module("PIL.Image")
    if options.demo:
        return images.open_images(images.load_digits(), title="scikit-learn's digits")
    return images.open_images(named(options.data), test=named(options.test))


def named(data: str | None) -> Any:
    """Return what a word for data stands for."""
    return images.open_cifar10() if data == CIFAR10 else data


def refuse_named_data(out: Path | None, *data: Any) -> None:
    """Refuse a folder for results that lies in the data (`refuse_data`)."""
    refuse_data(out, *(source for source in data if source != CIFAR10))


def read_pipeline(path: Path | str) -> Any:
    """Read what a pipeline's `to_dict` made, as JSON."""
    try:
        with open(path, encoding="utf-8") as file:
            return augment.from_dict(json.load(file))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (RecursionError, TypeError, ValueError) as error:
        raise DataError(f"{path} is not a pipeline's to_dict(): {one_line(error)}") from error


def read_images(options: argparse.Namespace) -> tuple[LabeledImages, str]:
    """Read what ``options.path`` names; return it with a title."""

    def read(done: int, of: int) -> None:
        if done % 10_000 == 0:
            progress(f"read {done} of {of} images")

    if options.path == CIFAR10:
        return images.load_cifar10(limit=options.limit, progress=read), "CIFAR-10"
    data = images.load_images(options.path, size=options.image_size or 32, limit=options.limit, progress=read)
    return data, Path(options.path).resolve().name


def read_with_test(options: argparse.Namespace) -> tuple[LabeledImages, str, npt.NDArray[np.int64] | None]:
    """Read images; return them with a title, and which of them are to test where the data say so."""
    if options.demo:
        return images.load_digits().first_of_each_class(options.limit), "scikit-learn's digits", None
    data, title = read_images(options)
    if options.path != CIFAR10:
        return data, title, None
    test = images.load_cifar10("test", limit=options.limit)
    both = LabeledImages(
        images=np.concatenate([data.images, test.images]),
        labels=np.concatenate([data.labels, test.labels]),
        names=data.names,
        ids=data.ids + test.ids,
    )
    return both, title, np.arange(len(data), len(both))
