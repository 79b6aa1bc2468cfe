# SPDX-License-Identifier: Apache-2.0
"""Augmentation: burnish, OpenCV by hand and the libraries in one process, checked, and then timed in turns.

python benchmarks/augment.py [--threads 1 2] [--only NAME ...] [--without NAME ...] [--stages] [--json FILE]

Names: S is a pipeline for photographs, S1 the same with every step taken, C for 32 x 32, K Keras' generator, W Pillow's
filters; hflip, rotate, blur-7x7 and so on are single operations on 256 x 256.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import augment_stages
import contest
import timing
from augment_peers import LIBRARIES
from augment_workloads import HAND, WORKLOADS
from contest import Group
from report import markdown, write_json

EXPLANATION = """\
With one thread times are processor time of the process, with more they are wall-clock times: "images/s" are images per
CPU-second, or per second. "error" is the largest difference from what is right for steps without chance, else how far
mean and spread are off. "out=" writes into the same array again and again; else each call allocates its result."""


def table(group: Group, images: int) -> str:
    """Images a second of each contender, and how many times faster it is than OpenCV by hand."""
    by_name = group.by_name()
    rows = []
    for result in sorted(group.results, key=lambda each: each.median):
        base = by_name.get(f"{HAND}, out=" if result.contender.endswith("out=") else HAND)
        rows.append(
            [
                result.contender,
                f"{images / result.median:,.0f}",
                f"{1e6 * result.median / images:.1f}",
                f"{100 * result.mad / result.median:.0f} %",
                f"{base.median / result.median:.2f}x" if base else "-",
                f"{result.error:.2g}",
                str(len(result.seconds)),
            ]
        )
    return markdown(["contender", "images/s", "us an image", "MAD", f"times {HAND}", "error", "runs"], rows)


def summary(groups: Sequence[tuple[Group, int]]) -> str:
    """One line a workload."""
    alone = {group.workload.name: group.by_name()["burnish, out="].median for group, _ in groups if group.threads == 1}
    rows = []
    for group, images in groups:
        by_name = group.by_name()
        ours, reused = by_name["burnish"], by_name["burnish, out="]
        hand, hand_reused = by_name.get(HAND), by_name.get(f"{HAND}, out=")
        libraries = [each for each in group.results if each.kind == "peer" and not each.contender.startswith(HAND)]
        best = min(libraries, key=lambda each: each.median, default=None)
        faster = alone.get(group.workload.name)
        ratios = f"{hand.median / ours.median:.2f}x" if hand else "-"
        reused_ratios = f"{hand_reused.median / reused.median:.2f}x" if hand_reused else "-"
        wanted = next((f"{goal.at_least:.1f}x" for goal in group.workload.goals), "-")
        rows.append(
            [
                group.workload.name,
                str(group.threads),
                f"{images / ours.median:,.0f}",
                f"{images / reused.median:,.0f}",
                f"{images / hand.median:,.0f}" if hand else "-",
                ratios,
                reused_ratios,
                wanted,
                f"{best.contender} {images / best.median:,.0f}" if best else "-",
                f"{best.median / ours.median:.1f}x" if best else "-",
                f"{faster / reused.median:.2f}x" if faster and group.threads > 1 else "-",
            ]
        )
    headings = ["workload", "threads", "burnish/s", "out=", f"{HAND}/s", "ratio", "ratio, out=", "goal"]
    return markdown([*headings, "best library", "ratio", "over 1 thread"], rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the workloads that were asked for, and print tables."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    stages = "--stages" in given
    options = contest.options_of(__doc__, [each for each in given if each != "--stages"])
    if options.list:
        print("\n".join(workload.name for workload in WORKLOADS))
        return
    if stages:
        contest.use_threads(1)
        print(augment_stages.report(options.divide, options.budget))
        return
    chosen = contest.chosen(WORKLOADS, options.only)
    where = timing.environment(LIBRARIES)
    print(timing.describe(where))
    print(f"\n{EXPLANATION}")
    done: list[tuple[Group, int]] = []
    for workload in chosen:
        kept = contest.without(workload, options.without)
        images = len(workload.make(options.divide).images)
        for threads in options.threads:
            clock = timing.cpu_clock if threads == 1 else timing.wall_clock
            (group,) = contest.run(kept, [threads], options.divide, options.budget, clock)
            print(f"\n## {workload.name}, {threads} thread{'s' if threads > 1 else ''}\n\n{table(group, images)}\n")
            print("\n".join(contest.verdicts(group)), flush=True)
            done.append((group, images))
        if options.json:
            write_json(options.json, where, [result for group, _ in done for result in group.results])
    print(f"\n## Summary{f', {options.divide} times fewer images' if options.divide > 1 else ''}\n\n{summary(done)}")


if __name__ == "__main__":
    main()
