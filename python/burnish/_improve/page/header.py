# SPDX-License-Identifier: Apache-2.0
"""The top of the page: what was found and what mending it gained, in a sentence each and in numbers."""

from __future__ import annotations

import numpy as np

from burnish._improve.options import LOSS
from burnish._improve.page import charts
from burnish._improve.page.findings import Findings
from burnish._improve.page.gain import level
from burnish._improve.page.html import Markup, element, name_of
from burnish._improve.page.parts import measure_name, number, spread, verb
from burnish._improve.page.shown import wrong_labels
from burnish._improve.proof import ALL, AS_IT_IS, HARMED, HELPED, NOTHING, Gain
from burnish._words import counted


def header(findings: Findings) -> Markup:
    """Return the top of the page."""
    names, n = len(findings.names), len(findings.ids)
    held = int((findings.column("held_out") & findings.column("usable")).sum())
    eyebrow = [name_of(findings.title, 60), f": {counted(n, 'image')} in {counted(names, 'class', 'classes')}"]
    if held:
        eyebrow.append(f", {held:,} of them held out as they came")
    return element(
        "header",
        element("p", *eyebrow, class_="eyebrow"),
        element("h1", headline(findings)),
        element("p", gain_sentence(findings), class_="lead"),
        _facts(findings),
        _result(findings),
        id="top",
    )


def headline(findings: Findings) -> str:
    """Return what was found, in a sentence."""
    labels, repeats = len(wrong_labels(findings)), _number_of_repeats(findings)
    skipped = int((~findings.column("usable")).sum())
    found = []
    if labels:
        found.append(f"{counted(labels, 'label')} {verb(labels, 'look')} wrong")
    if repeats:
        found.append(f"{counted(repeats, 'image')} {verb(repeats, 'repeat')} another")
    if skipped:
        found.append(f"{counted(skipped, 'file')} cannot be read")
    if not found:
        return "Nothing wrong was found with this set."
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found) + "."


def _number_of_repeats(findings: Findings) -> int:
    return sum(len(group.members) - 1 for group in findings.repeats)


def _number_of_leaks(findings: Findings) -> int:
    if findings.proposals is not None:
        return len(findings.of("drop-leak"))
    return sum(len(group.members) - len(group.held_out) for group in findings.repeats if group.leak)


def gain_sentence(findings: Findings) -> str:
    """Return what mending the set gained, in a sentence or two."""
    proof = findings.proof
    if proof is None:
        return "Whether mending helps was not measured in this run."
    gain, before, after = proof.headline, proof.trial(AS_IT_IS), proof.trial(ALL)
    if gain is None or before is None or after is None:
        return f"Whether mending helps could not be measured. {proof.judged}"
    if gain.verdict == NOTHING:
        return "Mending changed nothing for a model trained on this set."
    unit = "" if proof.target == LOSS else " %"
    one, two = (number(proof.target, float(np.mean(t.measures[proof.target]))) for t in (before, after))
    moved = f"{measure_name(proof.target)} from {one} to {two}{unit}"
    runs = counted(len(before.measures[proof.target]), "run")
    judged = f"on held-out real samples, {runs}{_interval(proof.target, gain)}"
    if gain.verdict == HELPED:
        word = "lowered" if proof.target == LOSS else "raised"
        alone = proof.better_alone()
        more = f" One change alone did better: {alone.name}, {level(proof.target, alone)}." if alone else ""
        return f"Mending the set {word} {moved} {judged}.{more}"
    if gain.verdict == HARMED:
        return f"Mending the set did harm: {moved} {judged}. Keep the set as it is, or make single changes only."
    return f"Mending the set was not shown to help: {moved} {judged}."


def _interval(measure: str, gain: Gain) -> str:
    _, low, high = gain.difference(measure)
    if not np.isfinite([low, high]).all():
        return ""
    ends = f"{number(measure, low, signed=True)} to {number(measure, high, signed=True)}"
    return f" (95 % interval of the difference: {ends})"


def _facts(findings: Findings) -> Markup:
    facts = (
        ("labels", len(wrong_labels(findings)), "labels look wrong"),
        ("repeats", _number_of_repeats(findings), "images repeat another"),
        ("repeats", _number_of_leaks(findings), "training images repeat a test image"),
        ("files", int((~findings.column("usable")).sum()), "files cannot be read"),
        ("annotate", len(findings.of("annotate")), "samples to annotate next"),
    )
    tiles = (element("a", element("strong", f"{n:,}"), element("span", text), href=f"#{key}") for key, n, text in facts)
    return element("div", *tiles, class_="facts")


def _result(findings: Findings) -> Markup:
    proof = findings.proof
    if proof is None or proof.headline is None:
        return Markup("")
    before, after, measure = proof.trial(AS_IT_IS), proof.trial(ALL), proof.target
    if before is None or after is None:
        return Markup("")
    one, two = (np.asarray(trial.measures[measure], np.float64) for trial in (before, after))
    mean, _, _ = proof.headline.difference(measure)
    unit = "" if measure == LOSS else " points"
    name = measure_name(measure)
    texts = (f"as it is {spread(measure, one.tolist())}", f"mended {spread(measure, two.tolist())}")
    kind = None if proof.headline.verdict == HELPED else "soft"
    big = element(
        "div",
        element("strong", number(measure, mean, signed=True) + unit, class_=kind),
        element("p", f"{name}: {proof.headline.verdict}", class_="small"),
    )
    return element("div", big, charts.runs(one, two, texts, f"{name}: {texts[0]}, {texts[1]}"), class_="result")
