# SPDX-License-Identifier: Apache-2.0
"""The sections with galleries: labels that look wrong, the hardest samples, what to annotate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from burnish._improve.page import charts
from burnish._improve.page.findings import Action, Findings
from burnish._improve.page.html import Markup, element, joined, name_of
from burnish._improve.page.parts import (
    Section,
    certain,
    class_name,
    class_of,
    gallery,
    listed,
    none,
    rest,
    share,
    tile,
    verb,
)
from burnish._improve.page.pictures import Encoded
from burnish._improve.page.shown import LOOK, Shown, wrong_labels
from burnish._words import counted


def labels_section(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    every = wrong_labels(findings)
    given = findings.column("label")
    confidence, own = findings.column("confidence"), findings.column("self_confidence")
    tiles = []
    for each in shown.labels:
        i = each.sample
        lines = [_class_to_class(findings, int(given[i]), each)]
        if np.isfinite(confidence[i]):
            lines.append(_chances(float(confidence[i]), float(own[i])))
        tiles.append(tile(findings, pictures, i, lines))
    if not findings.scored:
        meaning, body = (
            "Labels that the model contradicts.",
            none("Samples were not scored, so labels were not judged."),
        )
    elif not every:
        meaning, body = "All labels agree with what the model makes of the images.", none("No label looks wrong.")
    else:
        meaning = _labels_meaning(findings, every)
        listing = (
            (findings.ids[each.sample], class_name(findings, int(given[each.sample])), _instead(findings, each))
            for each in every
        )
        rows = listed(len(every), "file, given label, suggested", listing)
        body = joined((gallery(tiles), rest(len(every), len(tiles)), rows))
    return Section(
        "labels",
        "Labels that look wrong",
        meaning,
        "Look through the gallery, the clearest first. If most of these are wrong indeed, apply the changes; if not, "
        "keep the labels and leave this mend out.",
        "A model that knows a class badly (see the class table) also doubts its right labels, and rare looks of a "
        "class are doubted first. Images that show two classes have no single right label.",
        body,
    )


def _labels_meaning(findings: Findings, every: Sequence[Action]) -> str:
    total = int(findings.training.sum())
    n, number = len(every), Counter(each.action for each in every)
    parts = [
        f"{number[action]:,} {text}"
        for action, text in (
            ("relabel", "with a class to give instead"),
            ("drop-label", "to leave out"),
            (LOOK, "to look at: the model may not decide, or the image goes anyway"),
        )
        if number[action]
    ]
    split = f": {', '.join(parts)}" if findings.proposals is not None else ""
    return (
        f"{counted(n, 'label')} of {total:,} ({share(n, total)}) {verb(n, 'look')} wrong{split}. Each was judged by a "
        "model that was not trained on it. Below each image: the given class, what it is to become, and how probable "
        "the model's choice and the given class are."
    )


def _instead(findings: Findings, each: Action) -> str:
    """Say what a label that looks wrong is to become."""
    if each.action == "drop-label":
        return "leave out"
    return class_name(findings, each.to) + (" ?" if each.action == LOOK else "")


def _class_to_class(findings: Findings, given: int, each: Action) -> Markup:
    arrow = element("span", "\N{RIGHTWARDS ARROW}", class_="arrow", aria_hidden="true")
    target = class_of(findings, each.to, "new")
    if each.action != "relabel":
        target = element("span", name_of(_instead(findings, each), 26), class_="class new")
    said = element("span", " given, suggested: ", class_="hidden")
    return element("p", class_of(findings, given, "old"), said, " ", arrow, " ", target, class_="labels")


def _chances(confidence: float, own: float) -> Markup:
    text = f"{certain(confidence)} against {certain(own)}"
    says = f"probability {certain(confidence)}, of the given label {certain(own)}"
    return element("p", charts.parts([(confidence, "after"), (own, "wrong")], says), text, class_="small")


def hardest_section(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    label, prediction, hardness = (findings.column(name) for name in ("label", "prediction", "hardness"))
    tiles = []
    for i in shown.hardest:
        right = label[i] == prediction[i]
        guess = element(
            "span",
            "\N{CHECK MARK} " if right else "\N{MULTIPLICATION SIGN} ",
            name_of(findings.names[prediction[i]], 24),
            class_=f"class {'right' if right else 'wrong'}",
        )
        lines = [
            element("p", class_of(findings, int(label[i])), class_="labels"),
            element("p", "predicted ", guess, class_="small"),
            element("p", f"{hardness[i]:.2f} nats", class_="small"),
        ]
        tiles.append(tile(findings, pictures, i, lines))
    return Section(
        "hardest",
        "The hardest samples",
        "The samples that leave the model most unsure, whether it was right in the end or not.",
        "Look for what they share (blur, crops, odd angles, two objects): that is what to photograph more of, or to "
        "leave out.",
        "Hard is not wrong: these are the samples that a model learns most from, so do not drop them for being hard.",
        gallery(tiles) if tiles else none("Samples were not scored."),
    )


def annotate_section(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    every = findings.of("annotate")
    tiles = []
    for each in shown.annotate:
        i = each.sample
        prediction = int(findings.column("prediction")[i])
        lines = [element("p", class_of(findings, int(findings.column("label")[i])), class_="labels")]
        if prediction >= 0:
            lines.append(element("p", "model says ", class_of(findings, prediction), class_="small"))
        lines.append(element("p", f"{findings.column('hardness')[i]:.2f} nats", class_="small"))
        tiles.append(tile(findings, pictures, i, lines))
    if every:
        labels = findings.column("label")
        listing = ((findings.ids[e.sample], class_name(findings, int(labels[e.sample])), e.reason) for e in every)
        rows = listed(len(every), "file, label, why", listing)
        body = joined((gallery(tiles), rest(len(every), len(tiles)), rows))
    else:
        body = none("No sample is proposed for annotation.")
    return Section(
        "annotate",
        "What to annotate next",
        f"{counted(len(every), 'sample')} whose label is most worth a look by a person, most useful first."
        if every
        else "Samples whose label is most worth a look by a person.",
        "Have two people label them without seeing the given label. Where both agree against it, change it.",
        "The choice rests on the model's doubt. It does not find what the model has never seen: for that, collect new "
        "images.",
        body,
    )
