# SPDX-License-Identifier: Apache-2.0
"""The sections on classes: how many samples they have, and how hard these are."""

from __future__ import annotations

import numpy as np

from burnish._improve.page import charts
from burnish._improve.page.findings import Findings
from burnish._improve.page.html import Markup, element, joined, name_of, table
from burnish._improve.page.parts import ROWS, Section, class_of, mean, none, share
from burnish._words import counted

_BINS = 40


def classes_section(findings: Findings) -> Section:
    before, after, added = findings.class_counts()
    most = int(max(before.max(initial=0), after.max(initial=0)))
    order = np.argsort(-before, kind="stable").tolist()
    rows = []
    for k in order:
        says = f"{before[k]:,} before, {after[k]:,} after"
        drawn = charts.bars([(int(before[k]), "before"), (int(after[k]), "after")], most, says)
        cells = (f"{before[k]:,}", f"{after[k]:,}", f"{added[k]:,}" if added[k] else "-", drawn)
        rows.append((name_of(findings.names[k], 40), *cells))
    heads = [
        ("Class", "t"),
        ("Before", "n"),
        ("After", "n"),
        ("Of these added", "n"),
        ("Gray: before, blue: after", "c"),
    ]
    ratio = ""
    if len(before) > 1 and before.min() > 0:
        ratio = f" The largest class has {before.max() / before.min():.1f} times the samples of the smallest"
        ratio += f"; after mending {after.max() / after.min():.1f} times." if after.min() > 0 else "."
    body = table("Samples of each class", heads, rows, shown=ROWS) if most else none("No sample has a class.")
    return Section(
        "classes",
        "Class distribution",
        "How many training samples each class has, before and after." + ratio,
        "Classes with few samples gain most from real new ones; copies by augmentation, or rows between features, are "
        "the second best.",
        "Counts before follow the given labels, wrong ones included. What is added shows nothing new: it evens out "
        "what the model sees in training, not what it can know.",
        body,
    )


def hardness_section(findings: Findings) -> Section:
    hardness, label, prediction = (findings.column(name) for name in ("hardness", "label", "prediction"))
    known = np.isfinite(hardness) & (label >= 0) & (prediction >= 0)
    highest = float(np.log(max(2, len(findings.names))))
    meaning = (
        "Hardness is the entropy of the model's prediction: 0 where it is sure, "
        f"{highest:.2f} nats where it has no idea among {counted(len(findings.names), 'class', 'classes')}."
    )
    if not known.any():
        body = none("Samples were not scored.")
    else:
        right = known & (label == prediction)
        wrong = known & ~right
        meaning += (
            f" {right.sum():,} samples are predicted as labeled (mean {mean(hardness[right])}), "
            f"{wrong.sum():,} are not (mean {mean(hardness[wrong])})."
        )
        edges = np.linspace(0.0, highest, _BINS + 1)
        panels = []
        for chosen, kind, title in ((right, "right", "Right predictions"), (wrong, "wrong", "Wrong predictions")):
            counts = np.histogram(np.minimum(hardness[chosen], highest), edges)[0]
            says = f"{title}: {chosen.sum():,} samples, mean hardness {mean(hardness[chosen])}"
            head = element(
                "h3", f"{title}: ", element("span", f"{chosen.sum():,}", class_="soft"), class_=f"mark {kind}"
            )
            panels.append(element("div", head, charts.histogram(counts, edges, kind, says)))
        body = element("div", *panels, class_="panels")
        body = joined(
            (
                body,
                element(
                    "p", "Hardness in nats; each panel has a scale of its own, its largest count above.", class_="small"
                ),
            )
        )
    return Section(
        "hardness",
        "How hard the samples are",
        meaning,
        "Wrong predictions at the left are the model being sure and wrong: most often a wrong label or a repeat under "
        "another name. Wrong ones at the right need more samples like them.",
        f"What is hard for what scored here ({findings.settings.get('scored by', 'a light model')}) need not be for "
        "another model. Where that is not your own, give its out-of-sample logits to see what is hard for it.",
        body,
    )


def hard_classes_section(findings: Findings) -> Section:
    hardness, label, prediction = (findings.column(name) for name in ("hardness", "label", "prediction"))
    known = np.isfinite(hardness) & (label >= 0) & (prediction >= 0)
    rows, highest = [], float(np.log(max(2, len(findings.names))))
    for k in range(len(findings.names)):
        own = known & (label == k)
        if not own.any():
            continue
        right = own & (prediction == k)
        accuracy, average = float(right.sum() / own.sum()), float(hardness[own].mean(dtype=np.float64))
        wrong = np.bincount(prediction[own & ~right], minlength=len(findings.names))
        often = int(wrong.argmax())
        taken = (
            joined((class_of(findings, often), f" {share(int(wrong[often]), int(own.sum()))}")) if wrong.any() else "-"
        )
        rows.append(
            (
                accuracy,
                (
                    name_of(findings.names[k], 40),
                    f"{own.sum():,}",
                    _meter(f"{100 * accuracy:.1f}", accuracy, 1.0, "after"),
                    _meter(f"{average:.2f}", average, highest, "hard"),
                    mean(hardness[right]),
                    mean(hardness[own & ~right]),
                    taken,
                ),
            )
        )
    rows.sort(key=lambda row: row[0])
    heads = [
        ("Class", "t"),
        ("Samples", "n"),
        ("Accuracy, %", "m"),
        ("Mean hardness, nats", "m"),
        ("where right", "n"),
        ("where wrong", "n"),
        ("Most often taken for", "t"),
    ]
    body = (
        table("Accuracy and hardness of each class", heads, [row for _, row in rows], shown=ROWS)
        if rows
        else none("Samples were not scored.")
    )
    return Section(
        "hard-classes",
        "Class hardness beside accuracy",
        "How often each class is predicted as labeled, and how unsure the model is about it. The least accurate class "
        "stands first.",
        "Low accuracy and low hardness: the model is sure of something else, so look for wrong labels or two classes "
        "that mean the same. Low accuracy and high hardness: collect more samples.",
        "Classes with few samples have rough values: with 20 samples, accuracy is known to about ± 10 points.",
        body,
    )


def _meter(text: str, value: float, most: float, kind: str) -> Markup:
    return joined((element("span", text, class_="value"), charts.bars([(value, kind)], most, text)))
