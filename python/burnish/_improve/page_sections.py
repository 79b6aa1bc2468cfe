# SPDX-License-Identifier: Apache-2.0
"""The sections of the page: what was found, what it means, what to do about it, and when not to trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from burnish._improve import page_charts as charts
from burnish._improve.findings import Action, Findings, Group
from burnish._improve.page_html import Markup, element, joined, name_of, table, visible
from burnish._improve.page_pictures import Encoded, data_uri
from burnish._improve.proof import ALL, AS_IT_IS, HARMED, HELPED, OF_OUTPUTS, Gain, Proof, Trial

_ROWS = 24  # of a table of classes; the others are folded away
_LISTED = 1000  # file names in a list that is folded away
_FILES = 200
_BINS = 40
_MEMBERS = 4  # of a group of repeats
_LOSS = "log-loss"


@dataclass(frozen=True)
class Shown:
    """Which samples the galleries show, best first.

    Attributes
    ----------
    labels, annotate : list of Action
    repeats : list of Group
    hardest : list of int
    """

    labels: list[Action]
    repeats: list[Group]
    hardest: list[int]
    annotate: list[Action]

    @property
    def samples(self) -> list[int]:
        """All of them, once each, in order."""
        chosen = {each.sample for each in (*self.labels, *self.annotate)} | set(self.hardest)
        for group in self.repeats:
            chosen.update(group.members[:_MEMBERS])
        return sorted(chosen)


def choose(findings: Findings, most: int) -> Shown:
    """Return what the galleries show: `most` samples each, and half as many groups of repeats."""
    hardness = findings.column("hardness")
    known = np.flatnonzero(np.isfinite(hardness) & (findings.column("prediction") >= 0))
    hardest = known[np.argsort(-hardness[known], kind="stable")[:most]]
    return Shown(
        labels=wrong_labels(findings)[:most],
        repeats=findings.repeats()[: -(-most // 2)],
        hardest=hardest.tolist(),
        annotate=findings.of("annotate")[:most],
    )


def wrong_labels(findings: Findings) -> list[Action]:
    """Return proposals on labels; without proposals, the issues that scoring found, the clearest first."""
    if findings.proposals is not None:
        return findings.of("relabel", "drop-label")
    samples = np.flatnonzero(findings.column("issue"))
    order = np.argsort(findings.column("logit_margin")[samples], kind="stable")
    suggested = findings.column("suggested")
    return [Action(i, "drop-label", "", int(suggested[i]), -1) for i in samples[order].tolist()]


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    key, title : str
        For links, and above it.
    meaning, advice, doubt : str
        A sentence or two each: what it means, what to do about it, when not to trust it.
    body : Markup
    """

    key: str
    title: str
    meaning: str
    advice: str
    doubt: str
    body: Markup

    def html(self) -> Markup:
        """Return it as HTML."""
        notes = [
            element("div", element("dt", term), element("dd", text))
            for term, text in (("What to do", self.advice), ("When not to trust it", self.doubt))
            if text
        ]
        heading = element("h2", self.title, id=f"{self.key}-title")
        lead = element("p", self.meaning, class_="lead")
        parts = (heading, lead, element("dl", *notes, class_="notes") if notes else "", self.body)
        return element("section", *parts, id=self.key, aria_labelledby=f"{self.key}-title")


def sections(findings: Findings, shown: Shown, pictures: Encoded) -> list[Section]:
    """Return all sections in the order of the page."""
    return [
        _gain(findings),
        _classes(findings),
        _labels(findings, shown, pictures),
        _repeats(findings, shown, pictures),
        _hardness(findings),
        _hard_classes(findings),
        _hardest(findings, shown, pictures),
        _annotate(findings, shown, pictures),
        _files(findings),
        _settings(findings),
    ]


def number(measure: str, value: float, *, signed: bool = False) -> str:
    """Return a value of a measure as text: in percent, but for the log loss."""
    if not np.isfinite(value):
        return "-"
    sign = "+" if signed else ""
    text = f"{value:{sign}.3f}" if measure == _LOSS else f"{100 * value:{sign}.1f}"
    return text.replace("-", "\N{MINUS SIGN}")


def spread(measure: str, values: Sequence[float]) -> str:
    """Return mean and standard deviation as text."""
    array = np.asarray(values, np.float64)
    array = array[np.isfinite(array)]  # a class that a run held nothing out of
    if not len(array):
        return "-"
    mean = number(measure, float(array.mean()))
    return f"{mean} ± {number(measure, float(array.std(ddof=1)))}" if len(array) > 1 else mean


def share(part: float, whole: float) -> str:
    """Return a part in percent of the whole."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _none(text: str) -> Markup:
    return element("p", text, class_="none")


# ---- what it gained


_MEANING = (
    "The same model was trained on the set as it is and on the mended one, and judged on the same real samples, which "
    "neither training saw. Values are means ± standard deviation over the runs."
)


def _gain(findings: Findings) -> Section:
    title, proof = "Did it help?", findings.proof
    if proof is None:
        return Section("gain", title, _MEANING, "", "", _none("The gain was not measured in this run."))
    before, after = proof.trial(AS_IT_IS), proof.trial(ALL)
    if before is None or after is None:
        return Section("gain", title, _MEANING, "", "", _none(f"The gain could not be measured. {proof.judged}"))
    parts: list[str] = [
        element("p", proof.judged, class_="small"),
        element("h3", "Before and after"),
        _measures(before, after),
        element("h3", "Class by class"),
        _recalls(findings, before, after),
    ]
    others = [trial for trial in proof.trials if trial.name not in (AS_IT_IS, ALL)]
    if others:
        parts += [element("h3", "Each change alone"), _variants(proof.target, [before, *others, after])]
    return Section(
        "gain",
        title,
        _MEANING,
        "Take the mended set where the interval of the difference lies on the good side of 0 and no class that you need "
        "lost. Where one change alone does as well, make that one only.",
        _doubts(proof),
        joined(parts),
    )


def _doubts(proof: Proof) -> str:
    text = "Your own model may gain more or less than this light one, and other data may differ by more than the spread."
    if proof.suspected >= 0.005:
        text += (
            f" About {100 * proof.suspected:.0f} % of the held-out labels look wrong themselves. They were left as they "
            "are, so a model that is right about them counts as wrong here."
        )
    if proof.repeated:
        text += f" {counted(proof.repeated, 'held-out sample')} that repeat one trained on were not judged by."
    return text


def _measures(before: Trial, after: Trial) -> Markup:
    rows = []
    for measure, values in before.measures.items():
        cells = (spread(measure, values), spread(measure, after.measures[measure]), *_difference(measure, after))
        rows.append((_measure(measure), *cells))
    heads = [("Measure", "t"), ("Before", "n"), ("After", "n"), *_DIFFERENCE]
    return table("Measures before and after", heads, rows)


_DIFFERENCE = [("Difference", "n"), ("95 % interval", "n"), ("Verdict", "t")]


def _measure(name: str) -> str:
    text = name.replace("-", " ").replace(" f1", " F1")
    return f"{text[:1].upper()}{text[1:]}{'' if name == _LOSS else ', %'}"


def _difference(measure: str, trial: Trial) -> tuple[str, str, str]:
    """Return cells: the difference, its interval, the verdict."""
    gain = trial.gains.get(measure)
    if gain is None:
        return "", "", ""
    mean, low, high = after_less_before(measure, gain)
    interval = f"{number(measure, low, signed=True)} to {number(measure, high, signed=True)}" if np.isfinite(low) else "-"
    return number(measure, mean, signed=True), interval, _verdict(gain.verdict)


def after_less_before(measure: str, gain: Gain) -> tuple[float, float, float]:
    """Return mean and interval of after - before; a gain in log loss is a fall."""
    return (-gain.mean, -gain.high, -gain.low) if measure == _LOSS else (gain.mean, gain.low, gain.high)


def _verdict(text: str) -> Markup:
    kind = {HELPED: "good", HARMED: "bad"}.get(text, "even")
    return element("span", text, class_=f"badge {kind}")


def _recalls(findings: Findings, before: Trial, after: Trial) -> Markup:
    pairs = [before.mean_recall(), after.mean_recall()]
    if not np.isfinite(pairs).any():
        return _none("No class has held-out samples.")
    low, high = float(np.nanmin(pairs)), float(np.nanmax(pairs))
    order = range(len(findings.names))
    if len(findings.names) > _ROWS:
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
            table("Part of each class that is right", heads, rows, shown=_ROWS),
            element("p", "Part of each class that is right. Hollow: before; full: after.", class_="small"),
        )
    )


def _direction(difference: float) -> str:
    return "up" if difference >= 0.0005 else "down" if difference <= -0.0005 else "same"


def _variants(target: str, trials: Sequence[Trial]) -> Markup:
    rows = []
    for trial in trials:
        name = f"{trial.name} (adds no rows)" if trial.name in OF_OUTPUTS else trial.name
        rows.append((name, f"{np.mean(trial.rows):,.0f}", spread(target, trial.measures[target]), *_difference(target, trial)))
    heads = [("Change", "t"), ("Trained on", "n"), (_measure(target), "n"), *_DIFFERENCE]
    return table("Each change alone", heads, rows)


# ---- classes


def _classes(findings: Findings) -> Section:
    before, after, copies = findings.class_counts()
    most = int(max(before.max(initial=0), after.max(initial=0)))
    order = np.argsort(-before, kind="stable").tolist()
    rows = []
    for k in order:
        says = f"{before[k]:,} before, {after[k]:,} after"
        drawn = charts.bars([(int(before[k]), "before"), (int(after[k]), "after")], most, says)
        cells = (f"{before[k]:,}", f"{after[k]:,}", f"{copies[k]:,}" if copies[k] else "-", drawn)
        rows.append((name_of(findings.names[k], 40), *cells))
    heads = [("Class", "t"), ("Before", "n"), ("After", "n"), ("Of these copies", "n"), ("Gray: before, blue: after", "c")]
    ratio = ""
    if len(before) > 1 and before.min() > 0:
        ratio = f" The largest class has {before.max() / before.min():.1f} times the samples of the smallest"
        ratio += f"; after mending {after.max() / after.min():.1f} times." if after.min() > 0 else "."
    body = table("Samples of each class", heads, rows, shown=_ROWS) if most else _none("No sample has a class.")
    return Section(
        "classes",
        "Class distribution",
        "How many training samples each class has, before and after." + ratio,
        "Classes with few samples gain most from real new ones; copies by augmentation are the second best.",
        "Counts before follow the given labels, wrong ones included. Copies show nothing new: they even out what the model "
        "sees in training, not what it can know.",
        body,
    )


# ---- labels


def _labels(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    every = wrong_labels(findings)
    given, suggested = findings.column("label"), findings.column("suggested")
    confidence, own = findings.column("confidence"), findings.column("self_confidence")
    tiles = []
    for each in shown.labels:
        i = each.sample
        to = each.to if each.to >= 0 else int(suggested[i])
        lines = [_class_to_class(findings, int(given[i]), to)]
        if np.isfinite(confidence[i]):
            lines.append(_chances(float(confidence[i]), float(own[i])))
        tiles.append(_tile(findings, pictures, i, lines))
    total = int(findings.training.sum())
    relabel = sum(each.action == "relabel" for each in every)
    counts = f"{counted(len(every), 'label')} of {total:,} ({share(len(every), total)}) look wrong"
    split = f": {relabel:,} with a class to give instead, {len(every) - relabel:,} to leave out." if findings.proposals is not None else "."
    if not findings.scored:
        body, meaning = _none("Samples were not scored, so labels could not be judged."), "Labels that the model contradicts."
    elif not every:
        body, meaning = _none("No label looks wrong."), f"All {total:,} labels agree with what the model makes of the images."
    else:
        lines = (f"{visible(findings.ids[a.sample])}\t{_name(findings, int(given[a.sample]))}\t{_name(findings, a.to)}" for a in every)
        body = joined((_gallery(tiles), _rest(len(every), len(tiles)), _list(len(every), "file, given label, suggested", lines)))
        meaning = f"{counts}{split} Each was judged by a model that was not trained on it: below each image, the given class, "
        meaning += "the suggested one, and how probable the model's own choice is, against the given class."
    return Section(
        "labels",
        "Labels that look wrong",
        meaning,
        "Look through the gallery, the clearest first. If most of these are wrong indeed, apply the changes; if not, keep "
        "the labels and leave this mend out.",
        "A model that knows a class badly (see the class table) also doubts its right labels, and rare looks of a class are "
        "doubted first. Images that show two classes have no single right label.",
        body,
    )


def _name(findings: Findings, label: int) -> str:
    return visible(findings.names[label]) if 0 <= label < len(findings.names) else "-"


def _class(findings: Findings, label: int, kind: str = "") -> Markup:
    if not 0 <= label < len(findings.names):
        return element("span", "no class", class_="soft")
    return element("span", name_of(findings.names[label], 24), class_=f"class {kind}".strip())


def _class_to_class(findings: Findings, given: int, to: int) -> Markup:
    arrow = element("span", "\N{RIGHTWARDS ARROW}", class_="arrow", aria_hidden="true")
    target = _class(findings, to, "new") if to >= 0 else element("span", "leave out", class_="class new")
    said = element("span", " given, suggested: ", class_="hidden")
    return element("p", _class(findings, given, "old"), said, arrow, target, class_="labels")


def _chances(confidence: float, own: float) -> Markup:
    text = f"{certain(confidence)} against {certain(own)}"
    says = f"probability {certain(confidence)}, of the given label {certain(own)}"
    return element("p", charts.parts([(confidence, "after"), (own, "wrong")], says), text, class_="small")


def certain(probability: float) -> str:
    """Return a probability as text; never "100 %" or "0 %" of what is not certain."""
    return "> 99 %" if 0.99 < probability else "< 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def _tile(findings: Findings, pictures: Encoded, i: int, lines: Iterable[str], badge: str = "") -> Markup:
    label = _name(findings, int(findings.column("label")[i]))
    alt = f"{visible(findings.ids[i])[:80]}, labeled {label}"
    if i in pictures:
        picture = element("img", src=data_uri(pictures[i]), alt=alt, loading="lazy", decoding="async")
    else:
        picture = element("span", "no picture", class_="soft")
    frame = element("div", picture, badge, class_="frame")
    caption = element("figcaption", *lines, element("p", name_of(findings.ids[i], 44), class_="file"))
    return element("figure", frame, caption, class_="tile")


def _gallery(tiles: Iterable[str]) -> Markup:
    return element("div", *tiles, class_="gallery")


def _rest(of: int, shown: int) -> Markup:
    return element("p", f"Shown: {shown:,} of {of:,}.", class_="small") if of > shown else Markup("")


def _list(of: int, columns: str, lines: Iterable[str]) -> Markup:
    """Return a list of names that is folded away; each line has tabs between its columns."""
    listed = [line for line, _ in zip(lines, range(_LISTED), strict=False)]
    some = f", the first {_LISTED:,} of {of:,}; all are in scores.parquet" if of > _LISTED else f", all {of:,}"
    content = Markup("\n".join(joined([part], "") for part in (_tabbed(line) for line in listed)))
    return element("details", element("summary", f"As a list ({columns}{some})"), element("pre", content, tabindex="0"))


def _tabbed(line: str) -> Markup:
    return Markup("\t".join(joined([part]) for part in line.split("\t")))


# ---- repeats


def _repeats(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    every = findings.repeats()
    leaks, conflicts = sum(g.leak for g in every), sum(g.conflict for g in every)
    extra = sum(len(g.members) - 1 for g in every)
    if every:
        meaning = f"{counted(extra, 'image')} in {counted(len(every), 'group')} {'repeats' if extra == 1 else 'repeat'} another, "
        meaning += f"pixel for pixel or nearly. Groups with members both in training and test: {leaks or 'none'}; with labels that differ: "
        meaning += f"{f'{conflicts:,}' if conflicts else 'none'}."
        held = findings.column("held_out")
        lines = (
            f"{visible(findings.ids[i])}\t{_name(findings, int(findings.column('label')[i]))}\tgroup {n}" for n, g in enumerate(every, 1) for i in g.members
        )
        body = joined(
            (
                element("div", *(_group(findings, pictures, group, held) for group in shown.repeats), class_="groups"),
                _rest(len(every), len(shown.repeats)),
                _list(sum(len(g.members) for g in every), "file, label, group", lines),
            )
        )
    else:
        meaning, body = "Images that show the same as another.", _none("No image repeats another.")
    return Section(
        "repeats",
        "Repeated images",
        meaning,
        "Drop leaks from training first: they make a test look better than it is. Then settle the labels of groups that "
        "disagree. Plain repeats only weigh some images more than others.",
        "Near repeats are found by comparing what a network sees: frames of one video or the same object in the same pose "
        "may be counted although both are worth keeping.",
        body,
    )


def _group(findings: Findings, pictures: Encoded, group: Group, held_out: np.ndarray) -> Markup:
    labels, distance = findings.column("label"), findings.column("repeat_distance")
    tiles = []
    for place, i in enumerate(group.members[:_MEMBERS]):
        side = element("span", "test", class_="badge even") if held_out[i] else Markup("")
        how = _how_near(float(distance[i])) if place else ""
        lines = [element("p", _class(findings, int(labels[i]), "old" if group.conflict else ""), class_="labels")]
        if how:
            lines.append(element("p", how, class_="small"))
        tiles.append(_tile(findings, pictures, i, lines, side))
    marks = []
    if group.leak:
        marks.append(element("span", "leak: training and test", class_="badge bad"))
    if group.conflict:
        marks.append(element("span", "labels differ", class_="badge bad"))
    if len(group.members) > _MEMBERS:
        marks.append(element("span", f"{len(group.members):,} images", class_="badge even"))
    head = element("p", *marks, class_="marks") if marks else Markup("")
    return element("div", head, element("div", *tiles, class_="pair"), class_=f"group size{min(len(tiles), _MEMBERS)}")


def _how_near(distance: float) -> str:
    if not np.isfinite(distance):
        return "repeats the first"
    return "same pixels" if distance <= 0 else f"near, distance {distance:.3f}"


# ---- hardness


def _hardness(findings: Findings) -> Section:
    hardness, label, prediction = (findings.column(name) for name in ("hardness", "label", "prediction"))
    known = np.isfinite(hardness) & (label >= 0) & (prediction >= 0)
    highest = float(np.log(max(2, len(findings.names))))
    meaning = (
        "Hardness is the entropy of the model's prediction: 0 where it is sure, "
        f"{highest:.2f} nats where it has no idea among {counted(len(findings.names), 'class', 'classes')}."
    )
    if not known.any():
        body = _none("Samples were not scored.")
    else:
        right = known & (label == prediction)
        wrong = known & ~right
        meaning += (
            f" {right.sum():,} samples are predicted as labeled (mean {_mean(hardness[right])}), "
            f"{wrong.sum():,} are not (mean {_mean(hardness[wrong])})."
        )
        edges = np.linspace(0.0, highest, _BINS + 1)
        panels = []
        for chosen, kind, title in ((right, "right", "Right predictions"), (wrong, "wrong", "Wrong predictions")):
            counts = np.histogram(np.minimum(hardness[chosen], highest), edges)[0]
            says = f"{title}: {chosen.sum():,} samples, mean hardness {_mean(hardness[chosen])}"
            head = element("h3", f"{title}: ", element("span", f"{chosen.sum():,}", class_="soft"), class_=f"mark {kind}")
            panels.append(element("div", head, charts.histogram(counts, edges, kind, says)))
        body = element("div", *panels, class_="panels")
        body = joined((body, element("p", "Hardness in nats; each panel has a scale of its own, its largest count above.", class_="small")))
    return Section(
        "hardness",
        "How hard the samples are",
        meaning,
        "Wrong predictions at the left are the model being sure and wrong: most often a wrong label or a repeat under another "
        "name. Wrong ones at the right need more samples like them.",
        "The light model that scores here is weaker than a network trained for days; what is hard for it need not be for yours. "
        "Give your own logits to see yours.",
        body,
    )


def _mean(values: np.ndarray) -> str:
    return f"{values.mean(dtype=np.float64):.2f}" if len(values) else "-"


def _hard_classes(findings: Findings) -> Section:
    hardness, label, prediction = (findings.column(name) for name in ("hardness", "label", "prediction"))
    known = np.isfinite(hardness) & (label >= 0) & (prediction >= 0)
    rows, highest = [], float(np.log(max(2, len(findings.names))))
    for k in range(len(findings.names)):
        own = known & (label == k)
        if not own.any():
            continue
        right = own & (prediction == k)
        accuracy, mean = float(right.sum() / own.sum()), float(hardness[own].mean(dtype=np.float64))
        wrong = np.bincount(prediction[own & ~right], minlength=len(findings.names))
        often = int(wrong.argmax())
        taken = joined((_class(findings, often), f" {share(int(wrong[often]), int(own.sum()))}")) if wrong.any() else "-"
        rows.append(
            (
                accuracy,
                (
                    name_of(findings.names[k], 40),
                    f"{own.sum():,}",
                    _meter(f"{100 * accuracy:.1f}", accuracy, 1.0, "after"),
                    _meter(f"{mean:.2f}", mean, highest, "hard"),
                    _mean(hardness[right]),
                    _mean(hardness[own & ~right]),
                    taken,
                ),
            )
        )
    rows.sort(key=lambda row: row[0])
    heads = [("Class", "t"), ("Samples", "n"), ("Accuracy, %", "m"), ("Mean hardness, nats", "m"), ("where right", "n"), ("where wrong", "n"), ("Most often taken for", "t")]
    body = table("Accuracy and hardness of each class", heads, [row for _, row in rows], shown=_ROWS) if rows else _none("Samples were not scored.")
    return Section(
        "hard-classes",
        "Class hardness beside accuracy",
        "How often each class is predicted as labeled, and how unsure the model is about it. The least accurate class stands first.",
        "Low accuracy and low hardness: the model is sure of something else, so look for wrong labels or two classes that mean "
        "the same. Low accuracy and high hardness: collect more samples.",
        "Classes with few samples have rough values: with 20 samples, accuracy is known to about ± 10 points.",
        body,
    )


def _meter(text: str, value: float, most: float, kind: str) -> Markup:
    return joined((element("span", text, class_="value"), charts.bars([(value, kind)], most, text)))


def _hardest(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    label, prediction, hardness = (findings.column(name) for name in ("label", "prediction", "hardness"))
    tiles = []
    for i in shown.hardest:
        right = label[i] == prediction[i]
        guess = element("span", "\N{CHECK MARK} " if right else "\N{MULTIPLICATION SIGN} ", name_of(findings.names[prediction[i]], 24), class_=f"class {'right' if right else 'wrong'}")
        lines = [
            element("p", _class(findings, int(label[i])), class_="labels"),
            element("p", "predicted ", guess, class_="small"),
            element("p", f"{hardness[i]:.2f} nats", class_="small"),
        ]
        tiles.append(_tile(findings, pictures, i, lines))
    return Section(
        "hardest",
        "The hardest samples",
        "The samples that leave the model most unsure, whether it was right in the end or not.",
        "Look for what they share (blur, crops, odd angles, two objects): that is what to photograph more of, or to leave out.",
        "Hard is not wrong: these are the samples that a model learns most from, so do not drop them for being hard.",
        _gallery(tiles) if tiles else _none("Samples were not scored."),
    )


def _annotate(findings: Findings, shown: Shown, pictures: Encoded) -> Section:
    every = findings.of("annotate")
    tiles = []
    for each in shown.annotate:
        i = each.sample
        prediction = int(findings.column("prediction")[i])
        lines = [element("p", _class(findings, int(findings.column("label")[i])), class_="labels")]
        if prediction >= 0:
            lines.append(element("p", "model says ", _class(findings, prediction), class_="small"))
        if each.reason:
            lines.append(element("p", visible(each.reason), class_="small"))
        tiles.append(_tile(findings, pictures, i, lines))
    if every:
        lines_of = (f"{visible(findings.ids[a.sample])}\t{_name(findings, int(findings.column('label')[a.sample]))}" for a in every)
        body = joined((_gallery(tiles), _rest(len(every), len(tiles)), _list(len(every), "file, label", lines_of)))
    else:
        body = _none("No sample is proposed for annotation.")
    return Section(
        "annotate",
        "What to annotate next",
        f"{counted(len(every), 'sample')} whose label is most worth a look by a person, most useful first." if every else "Samples whose label is most worth a look by a person.",
        "Have two people label them without seeing the given label. Where both agree against it, change it.",
        "The choice rests on the model's doubt. It does not find what the model has never seen: for that, collect new images.",
        body,
    )


# ---- files and settings


def _files(findings: Findings) -> Section:
    kinds: dict[str, int] = {}
    for _, kind, _ in findings.problems:
        kinds[kind] = kinds.get(kind, 0) + 1
    skipped = int((~findings.column("usable")).sum())
    rows = [(name_of(name, 60, "code"), visible(kind), visible(text)) for name, kind, text in findings.problems]
    counts = ", ".join(f"{n:,} {visible(kind)}" for kind, n in sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    meaning = f"{counted(skipped, 'file')} could not be used and {'was' if skipped == 1 else 'were'} skipped." if skipped else "Every file could be read."
    if counts:
        meaning += f" By kind: {counts}."
    body = _none("No file needed care.")
    if rows:
        some = f"The first {_FILES:,} of {len(rows):,}; all are in manifest.json." if len(rows) > _FILES else ""
        heads = [("File", "t"), ("Kind", "t"), ("What about it", "t")]
        body = joined((table("Files that needed care", heads, rows[:_FILES], shown=_ROWS), element("p", some, class_="small") if some else ""))
    return Section(
        "files",
        "Files that needed care",
        meaning,
        "Fetch the unreadable ones anew from where they came. Converted ones are safe if your training reads them the same way; "
        "rotated photographs and CMYK often are not.",
        "",
        body,
    )


def _settings(findings: Findings) -> Section:
    rows = [(visible(name), visible(str(value))) for name, value in findings.settings.items()]
    parts: list[str] = []
    for what, command in findings.commands:
        parts += [element("h3", what), element("pre", element("code", command), tabindex="0", class_="command")]
    parts.append(element("h3", "Settings"))
    parts.append(table("Settings", [("Name", "t"), ("Value", "t")], rows) if rows else _none("None were noted."))
    parts.append(element("h3", "Pipeline of the copies"))
    parts.append(element("pre", element("code", Markup(_lines(findings.pipeline))), tabindex="0") if findings.pipeline else _none("No copies were made."))
    return Section(
        "settings",
        "How this was made",
        "The same data, settings and version give the same page, byte for byte.",
        "Keep manifest.json with the set: it says of every sample what was done and why.",
        "",
        joined(parts),
    )


def _lines(text: str) -> str:
    return "\n".join(joined([line]) for line in text.split("\n"))


Builder = Callable[[Findings], Section]
