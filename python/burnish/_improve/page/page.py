# SPDX-License-Identifier: Apache-2.0
"""The report: one HTML file that needs nothing else, neither a network nor scripts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from burnish._files import replacing
from burnish._improve.page import charts
from burnish._improve.page.classes import classes_section, hard_classes_section, hardness_section
from burnish._improve.page.findings import Findings, findings_of
from burnish._improve.page.gain import after_less_before, better_alone, gain_section, level
from burnish._improve.page.galleries import annotate_section, hardest_section, labels_section
from burnish._improve.page.html import Markup, element, name_of, shortened
from burnish._improve.page.kept import FOLDER, keep, kept
from burnish._improve.page.parts import LOSS, Section, number, spread, verb
from burnish._improve.page.pictures import Encoded, encode, encoded_of
from burnish._improve.page.repeats import repeats_section
from burnish._improve.page.settings import files_section, settings_section
from burnish._improve.page.shown import Shown, choose, wrong_labels
from burnish._improve.proof import ALL, AS_IT_IS, HARMED, HELPED, NOTHING, Gain
from burnish._words import counted

# Nothing may be fetched, whatever names of files say.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


SHOWN = 24  # samples of a gallery


def write_report(
    improvement: Any, path: Path, *, commands: Sequence[tuple[str, str]] = (), folder: Path | None = None
) -> Findings:
    """Write the report of a run.

    Parameters
    ----------
    improvement : burnish._improve.improve.Improvement
    path : pathlib.Path
        Of the HTML file; what stood there is replaced whole or not at all.
    commands : sequence of (what for, command)
        To be shown: how to make it again, how to apply it.
    folder : pathlib.Path, optional
        Of intermediate results, where findings are kept for ``burnish report``.

    Returns
    -------
    Findings
    """
    findings = findings_of(improvement, commands=commands)
    shown = choose(findings, SHOWN)
    pictures = encoded_of(improvement.scan.images, shown.samples)
    if folder is not None:
        keep(findings, pictures, folder / FOLDER)
    _write(page(findings, shown, pictures), path)
    return findings


def write_again(folder: Path, path: Path, *, most: int = SHOWN) -> Findings:
    """Write the report from what `write_report` kept in `folder`, with `most` samples in each gallery."""
    findings, pictures = kept(folder / FOLDER)
    shown = choose(findings, most)
    thumbnails = folder / "scan" / "thumbnails.npy"
    if set(shown.samples) - set(pictures) and thumbnails.is_file():
        small = np.load(thumbnails, mmap_mode="r")
        pictures |= {i: encode(small[i]) for i in shown.samples if i not in pictures and i < len(small)}
    _write(page(findings, shown, pictures), path)
    return findings


def _write(text: str, path: Path) -> None:
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def page(findings: Findings, shown: Shown, pictures: Encoded) -> str:
    """Return the page.

    Parameters
    ----------
    findings : Findings
    shown : Shown
        Of `choose`.
    pictures : mapping of int to bytes
        PNG or JPEG of the samples shown; one that is missing is said to be.

    Returns
    -------
    str
        HTML. The same for the same arguments.
    """
    parts = [
        gain_section(findings),
        classes_section(findings),
        labels_section(findings, shown, pictures),
        repeats_section(findings, shown, pictures),
        hardness_section(findings),
        hard_classes_section(findings),
        hardest_section(findings, shown, pictures),
        annotate_section(findings, shown, pictures),
        files_section(findings),
        settings_section(findings),
    ]
    title = f"{shortened(findings.title, 60)}: what to mend"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="generator", content=f"burnish {findings.settings.get('version', '')}".strip()),
        element("title", title),
        element("style", Markup(_resource("page.css"))),
    )
    body = element(
        "body",
        element("a", "Skip to the findings", href="#findings", class_="skip"),
        element("div", _contents(parts), _header(findings), _main(parts), _footer(findings), class_="page"),
        element("script", Markup(_resource("page.js"))),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _resource(name: str) -> str:
    return (resources.files("burnish._improve.page") / name).read_text(encoding="utf-8")


def _contents(parts: list[Section]) -> Markup:
    links = (element("li", element("a", part.title, href=f"#{part.key}")) for part in parts)
    first = element("li", element("a", "burnish improve", href="#top", class_="brand"))
    return element("nav", element("ol", first, *links), aria_label="Contents")


def _main(parts: list[Section]) -> Markup:
    return element("main", *(part.html() for part in parts), id="findings", tabindex="-1")


def _footer(findings: Findings) -> Markup:
    version = findings.settings.get("version")
    text = f"Made by burnish {version}. " if version else "Made by burnish. "
    return element("footer", element("p", text + "This file holds all that it shows; it asks nothing of a network."))


def _header(findings: Findings) -> Markup:
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
    measure = proof.target.replace("-", " ").replace(" f1", " F1")
    unit = "" if proof.target == LOSS else " %"
    one, two = (number(proof.target, float(np.mean(t.measures[proof.target]))) for t in (before, after))
    moved = f"{measure} from {one} to {two}{unit}"
    runs = counted(len(before.measures[proof.target]), "run")
    judged = f"on held-out real samples, {runs}{_interval(proof.target, gain)}"
    if gain.verdict == HELPED:
        word = "lowered" if proof.target == LOSS else "raised"
        alone = better_alone(proof)
        more = f" One change alone did better: {alone.name}, {level(proof.target, alone)}." if alone else ""
        return f"Mending the set {word} {moved} {judged}.{more}"
    if gain.verdict == HARMED:
        return f"Mending the set did harm: {moved} {judged}. Keep the set as it is, or make single changes only."
    return f"Mending the set was not shown to help: {moved} {judged}."


def _interval(measure: str, gain: Gain) -> str:
    _, low, high = after_less_before(measure, gain)
    if not np.isfinite([low, high]).all():
        return ""
    ends = f"{number(measure, low, signed=True)} to {number(measure, high, signed=True)}"
    return f" (95 % interval of the difference: {ends})"


def _facts(findings: Findings) -> Markup:
    groups = findings.repeats
    facts = (
        ("labels", len(wrong_labels(findings)), "labels look wrong"),
        ("repeats", sum(len(group.members) - 1 for group in groups), "images repeat another"),
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
    mean, _, _ = after_less_before(measure, proof.headline)
    unit = "" if measure == LOSS else " points"
    name = measure.replace("-", " ").replace(" f1", " F1")
    texts = (f"as it is {spread(measure, one.tolist())}", f"mended {spread(measure, two.tolist())}")
    kind = None if proof.headline.verdict == HELPED else "soft"
    big = element(
        "div",
        element("strong", number(measure, mean, signed=True) + unit, class_=kind),
        element("p", f"{name}: {proof.headline.verdict}", class_="small"),
    )
    return element("div", big, charts.runs(one, two, texts, f"{name}: {texts[0]}, {texts[1]}"), class_="result")
