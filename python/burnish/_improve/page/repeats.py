# SPDX-License-Identifier: Apache-2.0
"""The section on images that repeat others."""

from __future__ import annotations

import numpy as np

from burnish._improve.page.findings import Findings, Group
from burnish._improve.page.html import Markup, element, joined
from burnish._improve.page.parts import Section, class_name, class_of, listed, none, rest, tile, verb
from burnish._improve.page.pictures import Encoded
from burnish._improve.page.shown import MEMBERS, Shown, some_of
from burnish._words import counted


def repeats_section(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    every = findings.repeats
    leaks, conflicts = sum(g.leak for g in every), sum(g.conflict for g in every)
    extra = sum(len(g.members) - 1 for g in every)
    if every:
        part = ", the test part included" if any(group.held_out for group in every) else ""
        meaning = (
            f"{counted(extra, 'image')} in {counted(len(every), 'group')} {verb(extra, 'repeat')} another, "
            f"pixel for pixel or nearly{part}. Groups with members both in training and test: {leaks:,}; "
            f"with labels that differ: {conflicts:,}."
        )
        labels = findings.column("label")
        listing = (
            (findings.ids[i], class_name(findings, int(labels[i])), f"group {n}")
            for n, group in enumerate(every, 1)
            for i in group.members
        )
        body = joined(
            (
                element("div", *(_group(findings, pictures, group) for group in shown.repeats), class_="groups"),
                rest(len(every), len(shown.repeats)),
                listed(sum(len(g.members) for g in every), "file, label, group", listing),
            )
        )
    else:
        meaning, body = "Images that show the same as another.", none("No image repeats another.")
    return Section(
        "repeats",
        "Repeated images",
        meaning,
        "Drop leaks from training first: they make a test look better than it is. Then settle the labels of groups "
        "that disagree. Plain repeats only weigh some images more than others.",
        "Near repeats are found by comparing what a network sees: frames of one video or the same object in the same "
        "pose may be counted although both are worth keeping.",
        body,
    )


def _group(findings: Findings, pictures: Encoded, group: Group) -> Markup:
    labels, distance, copy_of = (findings.column(name) for name in ("label", "repeat_distance", "copy_of"))
    tiles = []
    for place, i in enumerate(some_of(group)):
        side = element("span", "test", class_="badge even") if i in group.held_out else Markup("")
        how = _how_near(0.0 if copy_of[i] >= 0 else float(distance[i])) if place else ""
        lines = [element("p", class_of(findings, int(labels[i]), "old" if group.conflict else ""), class_="labels")]
        if how:
            lines.append(element("p", how, class_="small"))
        tiles.append(tile(findings, pictures, i, lines, side))
    marks = []
    if group.leak:
        marks.append(element("span", "leak: training and test", class_="badge bad"))
    if group.conflict:
        marks.append(element("span", "labels differ", class_="badge bad"))
    if len(group.members) > MEMBERS:
        marks.append(element("span", f"{len(group.members):,} images", class_="badge even"))
    head = element("p", *marks, class_="marks") if marks else Markup("")
    return element("div", head, element("div", *tiles, class_="pair"), class_=f"group size{min(len(tiles), MEMBERS)}")


def _how_near(distance: float) -> str:
    if not np.isfinite(distance):
        return "repeats the first"
    return "same pixels" if distance <= 0 else f"distance {distance:.3f}"
