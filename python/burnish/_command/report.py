# SPDX-License-Identifier: Apache-2.0
"""``burnish report``: the report of a run of ``burnish improve`` once more, without computing anything anew."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from burnish._command.options import check_out, integer
from burnish._files import KEPT
from burnish._improve.page.page import SHOWN, write_again


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "report",
        help="write the report of `burnish improve` again",
        description="Write OUT/report.html again from what `burnish improve --out OUT` kept in OUT/.burnish: after\n"
        "it was deleted, after an update, or with more samples in its galleries. The data are not read.",
        epilog="examples:\n"
        "  burnish report improved               into improved/report.html\n"
        "  burnish report improved --show 60     with 60 samples in each gallery\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="OUT", help="what `burnish improve` was given as --out")
    add(
        "--show",
        type=integer(1, 500),
        default=SHOWN,
        metavar="N",
        help=f"samples in each gallery, 1 to 500 (default: {SHOWN})",
    )
    parser.set_defaults(run=_run, error=parser.error)


def _run(options: argparse.Namespace) -> None:
    check_out(options.folder)
    path = options.folder / "report.html"
    write_again(options.folder / KEPT, path, most=options.show)
    print(f"written:\n  {path}: open it in a browser")
