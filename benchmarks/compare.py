# SPDX-License-Identifier: Apache-2.0
"""Put two runs side by side: python benchmarks/compare.py before.json after.json [--only NAME ...]

Machines drift, so a time that changed says little. The column "against the others" divides the change by the median
change of the peers and floors of the same workload, which are the same code in both runs; "noise" is what three MADs of
both runs allow.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from report import Result, markdown, read_json
from timing import describe, median

Key = tuple[str, int, str]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="workloads whose name starts with one of these")
    options = parser.parse_args(arguments)
    (where_before, before), (where_after, after) = read_json(options.before), read_json(options.after)
    for title, where in (("before", where_before), ("after", where_after)):
        print(f"{title}: {describe(where)}\n")
    for name, value, other in differences(where_before, where_after):
        print(f"differs: {name}: {value} -> {other}")
    prefixes = tuple(options.only or [""])
    first, second = ({key(result): result for result in results} for results in (before, after))
    shared = [each for each in first if each in second and each[0].startswith(prefixes)]
    if not shared:
        raise SystemExit("the two runs have no contender in common")
    print("\n" + comparison(first, second, shared))
    for title, present, absent in (("before", first, second), ("after", second, first)):
        alone = [" / ".join(map(str, each)) for each in present if each not in absent and each[0].startswith(prefixes)]
        if alone:
            print(f"\nonly {title}: {'; '.join(alone)}")


def key(result: Result) -> Key:
    return result.workload, result.threads, result.contender


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What is not the same in the two environments, and matters."""
    flat = [{**where, **where.get("versions", {}), **where.get("burnish", {})} for where in (before, after)]
    left_out = {"date", "load_average", "versions", "burnish"}
    names = sorted((flat[0].keys() | flat[1].keys()) - left_out)
    return [(name, *(each.get(name) for each in flat)) for name in names if flat[0].get(name) != flat[1].get(name)]


def comparison(before: Mapping[Key, Result], after: Mapping[Key, Result], shared: Sequence[Key]) -> str:
    change = {each: after[each].median / before[each].median for each in shared}
    rows = []
    for each in shared:
        others = [change[other] for other in shared if other[:2] == each[:2] and before[other].kind != "burnish"]
        drift = median(others) if others else 1.0
        noise = 3 * (before[each].mad / before[each].median + after[each].mad / after[each].median)
        relative = change[each] / drift
        verdict = "" if abs(relative - 1) <= noise else "slower" if relative > 1 else "faster"
        rows.append(
            [
                f"{each[0]} ({each[1]}): {each[2]}",
                f"{before[each].median:.4g}",
                f"{after[each].median:.4g}",
                f"{change[each]:.2f}x",
                f"{relative:.2f}x",
                f"{100 * noise:.0f} %",
                verdict,
            ]
        )
    return markdown(
        ["workload (threads): contender", "before s", "after s", "after / before", "against the others", "noise", ""],
        rows,
    )


if __name__ == "__main__":
    main()
