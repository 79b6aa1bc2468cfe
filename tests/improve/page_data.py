# SPDX-License-Identifier: Apache-2.0
"""Findings to show, and a look at the page by the standard parser of HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
from burnish import hardness
from burnish._improve.mend import mend
from burnish._improve.options import Options
from burnish._improve.page.findings import Findings, findings_of
from burnish._improve.proof import ALL, AS_IT_IS, LABELS, Proof, Trial, gain
from burnish.data import load_digits

N, K = 300, 10
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "a\nb\tc\r.png",
    "\udcff\udc80.png",
    "\u202egnp.exe",
    "n" * 300,
    "مرحبا/صورة.png",
    "</style></title></body>",
    "&amp;&lt;-->]]>",
    "\x00\x1b[31m",
    "https://example.com/x.png",
    "javascript:alert(1)",
    "",
    " ",
    "a b" * 100,
)
VOID = {"meta", "img"}


def proof(lift: float, *, target: str = "balanced-accuracy", runs: int = 3) -> Proof:
    """Return a proof in which every class gains about `lift`."""
    rng = np.random.default_rng(0)
    base, trials, first = rng.uniform(0.6, 0.9, (runs, K)), [], None
    for name, part in ((AS_IT_IS, 0.0), (LABELS, 0.5), (ALL, 1.0)):
        recall = base + part * (lift + rng.normal(0, 0.002, (runs, K))) * (lift != 0)
        accuracy = recall.mean(axis=1)
        measures = {
            "balanced-accuracy": tuple(accuracy.tolist()), "accuracy": tuple((accuracy - 0.01).tolist()),
            "macro-f1": tuple((accuracy - 0.02).tolist()), "log-loss": tuple((1.5 - accuracy).tolist()),
        }  # fmt: skip
        first = first or measures
        signs = {measure: -1 if measure == "log-loss" else 1 for measure in measures}
        gains = {
            measure: gain([signs[measure] * (two - one) for one, two in zip(first[measure], values, strict=True)])
            for measure, values in measures.items()
        }
        trials.append(Trial(name, measures, recall, {} if name == AS_IT_IS else gains, rows=(200,) * runs))
    return Proof(tuple(trials), target, "Each run held out a quarter.", np.full(K, 20.0), np.full(K, 7.0))


def improvement(
    *, ids: tuple[str, ...] = (), names: tuple[str, ...] = NAMES, title: str = "digits", proved: Proof | None = None
) -> Any:
    """Return what a run on 300 digits might have found: wrong labels, repeats, a leak, an unreadable file."""
    digits, rng = load_digits(), np.random.default_rng(0)
    ids = (*ids, *(f"{NAMES[label]}/{i:03}.png" for i, label in enumerate(digits.labels[len(ids) : N], len(ids))))
    true = digits.labels[:N]
    labels = true.copy()
    wrong = np.arange(20, 40)
    labels[wrong] = (true[wrong] + 1) % K
    held_out, usable = np.arange(N) >= 280, np.arange(N) != 50
    logits = rng.normal(0, 1, (N, K)).astype(np.float32)
    logits[np.arange(N), true] += 4
    rows = np.flatnonzero(usable & ~held_out)
    scored = hardness.scores(logits[rows], labels[rows], ("entropy", "predictions", "logit_margin", "cross_entropy"))
    copy_of, repeat_of = np.full(N, -1), np.full(len(rows), -1)
    copy_of[[61, 290]] = 60, 70  # one within the training part, and a held-out one of a training sample
    repeat_of[[80, 81, 82, 83, 84]] = 79
    repeat_of[30] = 29
    issue = np.isin(rows, wrong)
    scores = SimpleNamespace(
        logits=logits[rows],
        prediction=scored["predictions"],
        entropy=scored["entropy"],
        self_confidence=np.exp(-scored["cross_entropy"]),
        logit_margin=scored["logit_margin"],
        issue=issue,
        suggested=np.where(issue, true[rows], -1),
        uniqueness=np.ones(len(rows)),
        outlier=np.zeros(len(rows)),
        repeat_of=repeat_of,
        repeat_distance=np.where(repeat_of >= 0, 0.01, np.nan),
    )
    train_ids = [ids[i] for i in rows]
    leaks = np.full(len(rows), -1)
    leaks[rows.tolist().index(70)] = 290
    proposals = mend(
        labels[rows], scores, K, Options(), held_out=leaks, held_out_ids=ids, names=names, ids=train_ids
    ).among(rows, ids)
    images = SimpleNamespace(
        ids=ids, labels=labels, names=names, held_out=held_out, title=title,
        content=lambda i: digits.images[i, :, :, 0],
    )  # fmt: skip
    problems = [SimpleNamespace(sample=50, kind="unreadable", text="not an image")]
    return SimpleNamespace(
        scan=SimpleNamespace(images=images, usable=usable, copy_of=copy_of, problems=problems),
        embedding=SimpleNamespace(name="pixels"),
        scored_by="linear model on pixels, 5 folds",
        scores=scores,
        rows=rows,
        proposals=proposals,
        proof=proved,
        options=Options(),
    )


def nothing() -> Findings:
    """Return findings of two images about which nothing is known."""
    return Findings("empty", ("a", "b"), ("a/1.png", "b/1.png"), {"label": np.array([0, 1])})


def unscored() -> Findings:
    """Return findings of images that were looked at only."""
    run = improvement()
    run.scores = run.proposals = None
    return findings_of(run)


@dataclass
class Page(HTMLParser):
    """A page as parsed: its elements, and what is not as it should be."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []

    @classmethod
    def of(cls, text: str) -> Page:
        """Parse a page."""
        found = cls()
        found.feed(text)
        found.close()
        found.wrong += [f"<{tag}> is never closed" for tag in found._open]
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len({name for name, _ in attrs}) < len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "script"):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        """All that is to be read."""
        return " ".join(" ".join(self.texts).split())
