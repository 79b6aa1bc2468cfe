# SPDX-License-Identifier: Apache-2.0
"""The section on what mending the set gained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from burnish._improve.options import LOSS
from burnish._improve.page import charts
from burnish._improve.page.findings import Findings
from burnish._improve.page.html import Markup, element, joined, name_of, table
from burnish._improve.page.parts import ROWS, Section, measure_name, none, number, spread
from burnish._improve.proof import (
    ADJUSTED,
    ALL,
    AS_IT_IS,
    HARMED,
    HELPED,
    MENDED_ADJUSTED,
    SMOTE,
    TRIAL_OF_FILL,
    Proof,
    Trial,
)

_MEANING = (
    "The same model was trained on the set as it is and on the mended one, and judged on the same real samples, which "
    "neither training saw. Values are means ± standard deviation over the runs."
)


_DIFFERENCE = [("Difference", "n"), ("95 % interval", "n"), ("Verdict", "t")]


def gain_section(findings: Findings) -> Section:
    title, proof = "Did it help?", findings.proof
    if proof is None:
        return Section("gain", title, _MEANING, "", "", none("The gain was not measured in this run."))
    before, after = proof.trial(AS_IT_IS), proof.trial(ALL)
    if before is None or after is None:
        return Section("gain", title, _MEANING, "", "", none(f"The gain could not be measured. {proof.judged}"))
    parts: list[str] = [
        element("p", proof.judged, class_="small"),
        element("h3", "Before and after"),
        _measures(before, after),
        element("h3", "Class by class"),
        _recalls(findings, before, after),
    ]
    others = [trial for trial in proof.trials if trial.name not in (AS_IT_IS, ALL)]
    if others:
        parts += [element("h3", "Each change alone"), _variants(proof, [before, after, *others])]
    return Section(
        "gain",
        title,
        _MEANING,
        _advice(proof, after),
        _doubts(proof),
        joined(parts),
    )


_NOTES = {
    ALL: "all changes",
    SMOTE: "filled up by SMOTE, between features",
    ADJUSTED: "outputs adjusted (no change of the set)",
    MENDED_ADJUSTED: "mended, outputs adjusted (nothing added)",
}


_RIVALS = {
    ADJUSTED: "Changing nothing, but adjusting a model's outputs by how frequent classes were,",
    MENDED_ADJUSTED: "Mending labels and repeats, adding nothing, and adjusting outputs by how frequent classes were,",
}


def _advice(proof: Proof, after: Trial) -> str:
    """Say what to do, as far as the numbers tell."""
    found, better = proof.gained(after), proof.better_alone()
    if better is not None:
        one, all_of_them = (level(proof.target, trial) for trial in (better, after))
        text = f"Make one change only: {better.name} alone did better ({one}) than all together ({all_of_them})."
    elif found.verdict == HELPED:
        text = "Take the mended set, unless a class that you need lost."
    else:
        text = "Keep the set as it is, but look through what was found: the faults may be real without costing much."
    if harmed := proof.alone(HARMED):
        text += f" Leave out what did harm alone: {', '.join(trial.name for trial in harmed)}."
    rival = proof.best_rival()
    if rival is not None and proof.gained(rival).mean >= found.mean > 0:
        text += f" {_RIVALS[rival.name]} did as well or better ({level(proof.target, rival)})."
    return " ".join([text, *proof.other_fill()])


def level(measure: str, trial: Trial) -> str:
    """Return the mean that was reached, with its unit."""
    return number(measure, float(np.mean(trial.measures[measure]))) + ("" if measure == LOSS else "\N{NO-BREAK SPACE}%")


def _doubts(proof: Proof) -> str:
    text = (
        "Your own model may gain more or less than this light one, and other data may differ by more than the spread."
    )
    if proof.doubts_labels:
        text += (
            f" About {100 * proof.suspected:.0f} % of the held-out labels look wrong themselves. They were left as "
            "they are, so a model that is right about them counts as wrong here."
        )
    return text


def _measures(before: Trial, after: Trial) -> Markup:
    rows = []
    for measure, values in before.measures.items():
        cells = (spread(measure, values), spread(measure, after.measures[measure]), *_difference(measure, after))
        rows.append((_measure(measure), *cells))
    heads = [("Measure", "t"), ("Before", "n"), ("After", "n"), *_DIFFERENCE]
    return table("Measures before and after", heads, rows)


def _measure(name: str) -> str:
    text = measure_name(name)
    unit = "" if name == LOSS else ",\N{NO-BREAK SPACE}%"
    return f"{text[:1].upper()}{text[1:]}{unit}"


def _difference(measure: str, trial: Trial) -> tuple[str, str, str]:
    """Return cells: the difference, its interval, the verdict."""
    gain = trial.gains.get(measure)
    if gain is None:
        return "", "", ""
    mean, low, high = gain.difference(measure)
    interval = (
        f"{number(measure, low, signed=True)} to {number(measure, high, signed=True)}" if np.isfinite(low) else "-"
    )
    return number(measure, mean, signed=True), interval, _verdict(gain.verdict)


def _verdict(text: str) -> Markup:
    kind = {HELPED: "good", HARMED: "bad"}.get(text, "even")
    return element("span", text, class_=f"badge {kind}")


def _recalls(findings: Findings, before: Trial, after: Trial) -> Markup:
    pairs = [before.mean_recall(), after.mean_recall()]
    if not np.isfinite(pairs).any():
        return none("No class has held-out samples.")
    low, high = float(np.nanmin(pairs)), float(np.nanmax(pairs))
    order = range(len(findings.names))
    if len(findings.names) > ROWS:
        change = np.nan_to_num(np.abs(pairs[1] - pairs[0]), nan=-1.0)
        order = np.argsort(-change, kind="stable").tolist()
    rows = []
    for k in order:
        one, two = float(pairs[0][k]), float(pairs[1][k])
        says = f"from {number('recall', one)} % to {number('recall', two)} %"
        difference = number("recall", two - one, signed=True)
        rows.append(
            (
                name_of(findings.names[k], 40),
                spread("recall", before.recall[:, k].tolist()),
                spread("recall", after.recall[:, k].tolist()),
                element("span", difference, class_=_direction(two - one)),
                charts.change(one, two, low, high, says),
            )
        )
    scale = f"{number('recall', low)} to {number('recall', high)} %"
    heads = [("Class", "t"), ("Before, %", "n"), ("After, %", "n"), ("Difference", "n"), (scale, "c")]
    return joined(
        (
            table("Part of each class that is right", heads, rows, shown=ROWS),
            element("p", "Part of each class that is right. Hollow: before; full: after.", class_="small"),
        )
    )


def _direction(difference: float) -> str:
    return "up" if difference >= 0.0005 else "down" if difference <= -0.0005 else "same"


def _variants(proof: Proof, trials: Sequence[Trial]) -> Markup:
    rows, target, parts = [], proof.target, [trial.name for trial in proof.parts]
    for trial in trials:
        name = _NOTES.get(trial.name, trial.name)
        if trial.name in TRIAL_OF_FILL.values() and trial.name not in parts:
            name += " (not among all)"
        rows.append(
            (name, f"{np.mean(trial.rows):,.0f}", spread(target, trial.measures[target]), *_difference(target, trial))
        )
    heads = [("Change", "t"), ("Trained on", "n"), (_measure(target), "n"), *_DIFFERENCE]
    return table("Each change alone", heads, rows)
