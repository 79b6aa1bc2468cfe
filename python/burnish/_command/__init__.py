# SPDX-License-Identifier: Apache-2.0
"""The command ``burnish``."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence

import burnish
from burnish._command import augment, balance, hardness, improve, report, scan, score
from burnish._command.options import printable
from burnish._extras import MissingExtraError
from burnish.data import DataError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for a wrong argument or unusable input, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    options.arguments = [str(each) for each in (sys.argv[1:] if arguments is None else arguments)]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of folders need not be text
    try:
        options.run(options)
        sys.stdout.flush()
    except (DataError, MissingExtraError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader has seen enough; nothing more can be written there
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        print(f"burnish: error: {printable(_told(error), lines=False)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("burnish: interrupted; every file written so far is whole, and the same command goes on", file=sys.stderr)
        return 130
    return 0


def _told(error: Exception) -> str:
    """Say what went wrong; of a file that could not be read or written, which and what to do."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    name = error.filename2 or error.filename  # of a file that was to be renamed, the name it was to have
    text = f"{os.fsdecode(name)}: {error.strerror}" if isinstance(name, str | bytes) else error.strerror
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{text}; free some space or name another place, then the same command goes on where it stopped"
    return f"{text}; name another place" if error.errno in (errno.EROFS, errno.EISDIR, errno.ENAMETOOLONG) else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="burnish", description="Polish the training set of a classifier.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"burnish {burnish.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    improve.add_parser(commands)
    scan.add_parser(commands)
    score.add_parser(commands)
    hardness.add_parser(commands)
    balance.add_parser(commands)
    augment.add_parser(commands)
    report.add_parser(commands)
    info = commands.add_parser("info", help="say what was built and what runs", description="What was built and runs.")
    info.set_defaults(run=_info)
    return parser


def _info(options: argparse.Namespace) -> None:
    facts = burnish.build_info()
    width = max(map(len, facts))
    for name, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        print(f"{name:<{width}}  {text or '-'}")
