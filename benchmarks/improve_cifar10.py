# SPDX-License-Identifier: Apache-2.0
"""`burnish improve` on CIFAR-10's photographs with known faults: what it finds, what that gains, what it costs.

BURNISH_DATA=FOLDER python benchmarks/improve_cifar10.py [--ratio 100] [--kind worst] [--limit N] [--out DIR]

FOLDER holds cifar10-train.zip, cifar10-test.zip and cifar10n-resnet18.npz. The photographs are written as a folder:
as many of each class as in CIFAR-10-LT, in the folders that people named (CIFAR-10N), 1 % of them a second time, more
or less changed, and half as many of the 10,000 to test. "CPU" adds up all threads; on two idle cores a stage takes
between half of it and all of it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import burnish
import numpy as np
from burnish import metrics
from burnish._improve.options import MODELS, TARGETS
from burnish._improve.truth import Found
from improve_cifar10_set import NAMES, PLANTED, Planted, build
from report import markdown

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


# ---- what it costs ----


@dataclass
class Stage:
    what: str
    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0  # the most that was resident


@dataclass
class Watch:
    """Time and memory by stage, as `progress` names them."""

    stages: list[Stage] = field(default_factory=lambda: [Stage("open")])
    _since: tuple[float, float] = field(default_factory=lambda: (time.perf_counter(), time.process_time()))

    def __enter__(self) -> Watch:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self._stop.set()
        self._thread.join()

    def __call__(self, what: str, done: int, of: int) -> None:
        if what != self.stages[-1].what:
            self._close()
            self.stages.append(Stage(what))

    def _close(self) -> None:
        now = time.perf_counter(), time.process_time()
        self.stages[-1].wall += now[0] - self._since[0]
        self.stages[-1].cpu += now[1] - self._since[1]
        self._since = now

    def _sample(self) -> None:
        while not self._stop.wait(0.02):
            stage = self.stages[-1]
            stage.memory = max(stage.memory, resident())


def resident() -> int:
    """Bytes of this process in memory; 0 where the system does not say so this way."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def cost_table(stages: Sequence[Stage]) -> str:
    by_name: dict[str, Stage] = {}
    for stage in stages:
        whole = by_name.setdefault(stage.what, Stage(stage.what))
        whole.wall, whole.cpu = whole.wall + stage.wall, whole.cpu + stage.cpu
        whole.memory = max(whole.memory, stage.memory)
    rows = [[one.what, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.memory / 1e6:,.0f}"] for one in by_name.values()]
    whole = by_name.values()
    most = max(one.memory for one in whole)
    rows.append(["all", f"{sum(s.wall for s in whole):.1f}", f"{sum(s.cpu for s in whole):.1f}", f"{most / 1e6:,.0f}"])
    return markdown(["stage", "seconds", "CPU seconds", "most memory, MB"], rows)


# ---- what it finds ----


def label_table(found: Any, planted: Planted) -> str:
    ids = found.images.ids
    true = np.array([planted.true[ids[i]] for i in found.rows])
    labels, issue = found.images.labels[found.rows], np.asarray(found.scores.issue)
    wrong = labels != true
    right = np.asarray(found.scores.suggested) == true
    rows = [
        _line(Found("labels that look wrong", int(wrong.sum()), int(issue.sum()), int((issue & wrong).sum()))),
        _line(Found("and the class suggested", int(wrong.sum()), int(issue.sum()), int((issue & wrong & right).sum()))),
    ]
    place = np.full(len(found.images.labels), -1)
    place[found.rows] = np.arange(len(found.rows))
    for action in ("relabel", "drop-label"):
        proposals = found.proposals.only(action)
        at = place[proposals.sample]
        is_right = wrong[at] if action == "drop-label" else proposals.to == true[at]
        rows.append(_line(Found(f'proposed: "{action}"', int(wrong.sum()), len(at), int(is_right.sum()))))
    margin = -np.nan_to_num(np.asarray(found.scores.logit_margin, np.float64), nan=0.0)
    order = np.argsort(-margin, kind="stable")
    hits = np.cumsum(wrong[order])
    best = int((2 * hits / (np.arange(1, len(hits) + 1) + wrong.sum())).argmax())
    rows.append(_line(Found("best cut, knowing the truth", int(wrong.sum()), best + 1, int(hits[best]))))
    text = markdown(["", "there", "found", "right", "precision", "recall", "F1"], rows)
    area, average = metrics.roc_auc_score(wrong, margin), metrics.average_precision_score(wrong, margin)
    changed = found.proposals.labels_after(found.images.labels)[found.rows]
    after = (changed != true) & (changed >= 0)
    share = after.sum() / max(1, (changed >= 0).sum())
    return (
        f"{text}\n\nOrder by logit margin: AUROC {area:.4f}, average precision {average:.4f}. "
        f"Wrong labels: {wrong.mean():.2%} before, {share:.2%} after the proposals."
    )


def _line(found: Found) -> list[str]:
    rates = (f"{rate:.3f}" for rate in (found.precision, found.recall, found.f1))
    return [found.what, f"{found.planted:,}", f"{found.flagged:,}", f"{found.right:,}", *rates]


def repeat_table(found: Any, planted: Planted) -> str:
    ids = found.images.ids
    number = {name: i for i, name in enumerate(ids)}
    first = np.arange(len(ids))
    repeats = np.asarray(found.scores.repeat_of) >= 0
    first[found.rows[repeats]] = found.rows[np.asarray(found.scores.repeat_of)[repeats]]
    leaks = found.proposals.only("drop-leak")
    leaked = dict(zip(leaks.sample.tolist(), leaks.other.tolist(), strict=True))
    rows = []
    for how in (*PLANTED, None):
        pairs = [(number[a], number[b]) for a, (b, kind) in planted.repeats.items() if how in (kind, None)]
        both = [(number[a], number[b]) for a, (b, kind) in planted.leaks.items() if how in (kind, None)]
        of_train = sum(first[a] == first[b] for a, b in pairs)
        of_test = sum(a in leaked for a, _ in both)
        rows.append([how or "all", f"{of_train} of {len(pairs)}", f"{of_test} of {len(both)}"])
    own = int(repeats.sum()) - sum(first[number[a]] == first[number[b]] for a, (b, _) in planted.repeats.items())
    own_leaks = len(leaked) - sum(number[a] in leaked for a in planted.leaks)
    return (
        f"{markdown(['planted', 'found within the training part', 'found of the test part'], rows)}\n\n"
        f"Found besides: {own} repeats and {own_leaks} images of the test part. CIFAR-10 holds such itself (B. Barz, "
        "J. Denzler, Do we train on test data?, 2020)."
    )


# ---- what it gains ----


def gain_tables(found: Any) -> str:
    proof = found.proof
    rows = []
    for trial in proof.trials:
        gain = trial.gains.get(proof.target)
        shown = "" if gain is None else f"{gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
        cells = [f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}" for values in trial.measures.values()]
        rows.append([trial.name, f"{np.mean(trial.rows):,.0f}", *cells, shown, "" if gain is None else gain.verdict])
    names = [target.replace("-", " ") for target in proof.trials[0].measures]
    head = ["trained on", "images", *names, f"gain in {proof.target.replace('-', ' ')}, 95 %", ""]
    recalls = {trial.name: trial.mean_recall() for trial in proof.trials}
    classes = [
        [name, f"{proof.trained[k]:,.0f}", *(f"{recall[k]:.3f}" for recall in recalls.values())]
        for k, name in enumerate(found.images.names)
    ]
    return "\n\n".join(
        [
            proof.judged,
            markdown(head, rows),
            "\n".join(proof.conclusions()),
            markdown(["recall of", "labeled so", *recalls], classes),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--folder", type=Path, help="where to write the photographs (default: a temporary folder)")
    add("--out", type=Path, help="where burnish writes its report, and keeps results (default: nothing stays)")
    add("--ratio", type=float, default=100.0, help="of the most frequent class to the rarest (default: 100)")
    add("--kind", choices=("aggregate", "worst"), default="aggregate", help="of the human labels")
    add("--limit", type=int, help="photographs of the most frequent class, and of each class to test")
    add("--seeds", type=int, default=3, help="runs of the proof (default: 3)")
    add("--model", choices=MODELS, default="auto")
    add("--target", choices=TARGETS, default="balanced-accuracy")
    add("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    data = Path(os.environ.get("BURNISH_DATA") or parser.error("set BURNISH_DATA to the folder that holds CIFAR-10"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary, "photographs")
        planted = build(data, folder, ratio=options.ratio, kind=options.kind, limit=options.limit, seed=options.seed)
        with Watch() as watch:
            found = burnish.improve(
                folder, out=options.out, model=options.model, target=options.target, runs=options.seeds,
                seed=options.seed, progress=watch,
            )  # fmt: skip
        if options.out:
            found.write()
        counts = [np.bincount(list(which.values()), minlength=len(NAMES)) for which in (planted.true, planted.given)]
        print(f"burnish {burnish.__version__}, {os.cpu_count()} processors, described by {found.embedding.name}\n")
        print(f"{len(planted.true):,} photographs to train on, {int(found.images.held_out.sum()):,} to test.\n")
        print(markdown(["class", "shown", "labeled so"], [
            [name, f"{shown:,}", f"{labeled:,}"] for name, shown, labeled in zip(NAMES, *counts, strict=True)
        ]))  # fmt: skip
        for title, text in (
            ("Wrong labels", label_table(found, planted)),
            ("Repeats", repeat_table(found, planted)),
            ("Gain", gain_tables(found)),
            ("Cost", cost_table(watch.stages)),
        ):
            print(f"\n## {title}\n\n{text}")


if __name__ == "__main__":
    main()
