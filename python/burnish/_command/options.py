# SPDX-License-Identifier: Apache-2.0
"""What the subcommands that read images share: checked options, and reading with a word on progress."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from burnish import data as images
from burnish._classifier import duration
from burnish.data import DataError, LabeledImages

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


def read_images(options: argparse.Namespace) -> tuple[LabeledImages, str]:
    """Read what ``options.path`` names; return it with a title."""

    def read(done: int, of: int) -> None:
        if done % 10_000 == 0:
            progress(f"read {done} of {of} images")

    if options.path == CIFAR10:
        return images.load_cifar10(limit=options.limit, progress=read), "CIFAR-10"
    data = images.load_images(options.path, size=options.image_size or 32, limit=options.limit, progress=read)
    return data, Path(options.path).resolve().name
