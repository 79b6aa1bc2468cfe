# SPDX-License-Identifier: Apache-2.0
"""Which score finds wrong labels, and which estimate says how many there are: tables on real and on made noise.

BURNISH_DATA=FOLDER python benchmarks/label_noise_table.py [--quick]

FOLDER holds cifar10n-resnet18.npz: CIFAR-10's true labels, two sets of human ones, and a model's predictions for each
(from cleanlab/label-error-detection-benchmarks). Without it, only the made sets run. Those flip labels of
scikit-learn's digits (and of CIFAR-10, its features then being the model's log-probabilities) by class, and predict by
cross-validation.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from burnish import hardness, quality
from report import markdown
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import optional

DATA = "cifar10n-resnet18.npz"
RATES = (0.03, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class NoisySet:
    """Labels, predictions of samples that the model did not see, and what is true."""

    name: str
    labels: Any
    probs: Any
    true: Any

    @property
    def wrong(self) -> Any:
        return self.labels != self.true


def human_sets() -> list[NoisySet]:
    folder = os.environ.get("BURNISH_DATA")
    path = Path(folder or "") / DATA
    if not folder or not path.exists():
        print(f"human labels are left out: BURNISH_DATA names no folder with {DATA}\n")
        return []
    data = np.load(path)
    true = data["true_label"].astype(np.int64)
    return [
        NoisySet(f"human, {name}", data[f"{name}_label"].astype(np.int64), data[f"{name}_pred_probs"], true)
        for name in ("aggregate", "worst")
    ]


def flipped(true: Any, rate: float, seed: int, *, uniform: bool) -> Any:
    """Labels that depend on the true class only: any other class alike, or each class with favorites of its own."""
    rng = np.random.default_rng(seed)
    classes = int(true.max()) + 1
    transition = np.full((classes, classes), rate / (classes - 1))
    for k in range(classes):
        share = rate if uniform else min(0.75, rate * rng.uniform(0.2, 1.8))
        if not uniform:
            transition[k, np.arange(classes) != k] = share * rng.dirichlet(np.full(classes - 1, 0.3))
        transition[k, k] = 1 - share
    return (rng.random(len(true))[:, None] > np.cumsum(transition[true], axis=1)).sum(axis=1).clip(max=classes - 1)


def predicted(model: Any, X: Any, labels: Any) -> Any:
    folds = KFold(4, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cross_val_predict(model, X, labels, cv=folds, method="predict_proba")


def made_sets(human: Sequence[NoisySet], seeds: Sequence[int], rates: Sequence[float]) -> list[NoisySet]:
    models = {
        "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300)),
        "forest": lambda: RandomForestClassifier(100, random_state=0, min_samples_leaf=2),
        "10 neighbors": lambda: KNeighborsClassifier(10),
        "naive Bayes": lambda: GaussianNB(var_smoothing=1e-2),
    }
    X, true = load_digits(return_X_y=True)
    sources = [(f"digits, {name}", X, true, make) for name, make in models.items()]
    if human:
        rows = np.random.default_rng(0).permutation(len(human[0].true))[:12_000]
        features = np.log(np.clip(human[0].probs[rows].astype(np.float64), 1e-6, 1))
        sources.insert(
            0, ("CIFAR-10, logistic regression", features, human[0].true[rows], models["logistic regression"])
        )
    found = []
    for name, X, true, make in sources:
        for rate in (0.0, *rates):
            for uniform in (True, False) if rate else (True,):
                for seed in seeds:
                    labels = flipped(true, rate, seed, uniform=uniform)
                    kind = "uniform" if uniform else "by class"
                    found.append(NoisySet(f"{name}, {kind} {rate:.0%}", labels, predicted(make(), X, labels), true))
    return found


# ---- scores ----


def scores_of(noisy: NoisySet) -> dict[str, Any]:
    """Every score, high where a label is suspicious."""
    given = {"labels": noisy.labels, "probs": noisy.probs}
    low = ("logit_margin", "self_confidence", "normalized_margin", "confidence_weighted_entropy")
    found = {name: -quality.label_scores(**given, which=name)[name] for name in low}
    for name in ("self_confidence", "normalized_margin"):
        found[f"{name}, adjusted"] = -getattr(quality, name)(**given, adjust=True)
    found["mistakenness, confidence"] = quality.mistakenness(**given, sureness="confidence")
    found["mistakenness, entropy"] = quality.mistakenness(**given)
    found["el2n"] = hardness.el2n(labels=noisy.labels, probs=noisy.probs)
    found["entropy (hardness)"] = hardness.entropy(probs=noisy.probs)
    return found


def score_table(noisy: NoisySet) -> str:
    wrong = noisy.wrong
    number = int(wrong.sum())
    rows = []
    for name, score in scores_of(noisy).items():
        finite = np.nan_to_num(score, posinf=1e9, neginf=-1e9)
        worst = np.argsort(-finite, kind="stable")
        rows.append(
            [
                name,
                f"{roc_auc_score(wrong, finite):.4f}",
                f"{average_precision_score(wrong, finite):.4f}",
                f"{wrong[worst[:number]].mean():.4f}",
                f"{wrong[worst[:1000]].mean():.4f}",
            ]
        )
    rows.sort(key=lambda row: row[2], reverse=True)
    return markdown(["score", "AUROC", "average precision", "P@K", "P@1000"], rows)


# ---- how many ----


def f1(flagged: Any, wrong: Any) -> float:
    return float(2 * (flagged & wrong).sum() / max(1, flagged.sum() + wrong.sum()))


def estimates_of(noisy: NoisySet) -> dict[str, tuple[float, int]]:
    """F1 and number of flags: of the filters, of the lowest logit margins cut by each estimate, and at the best cut."""
    given = {"labels": noisy.labels, "probs": noisy.probs}
    wrong, margin = noisy.wrong, quality.logit_margin(**given)
    worst = np.argsort(margin, kind="stable")

    def cut(number: int) -> tuple[float, int]:
        flagged = np.zeros(len(wrong), bool)
        flagged[worst[:number]] = True
        return f1(flagged, wrong), number

    def filtered(name: str) -> tuple[float, int]:
        mask = quality.find_label_issues(**given, filter_by=name).mask
        return f1(mask, wrong), int(mask.sum())

    hits = 2 * np.cumsum(wrong[worst]) / (np.arange(1, len(wrong) + 1) + wrong.sum())
    return {
        "auto": filtered("auto"),
        "cleanlab's default": filtered("prune_by_noise_rate"),
        "confident_learning": filtered("confident_learning"),
        "off_diagonal_calibrated": cut(quality.num_label_issues(**given, method="off_diagonal_calibrated")),
        "logit margin < 0": cut(int((margin < 0).sum())),
        "best cut": (float(hits.max()), int(hits.argmax()) + 1),
    }


def estimate_tables(sets: Sequence[NoisySet]) -> str:
    """F1 by set, averaged over seeds; and for sets without errors the number of flags."""
    by_name: dict[str, list[dict[str, tuple[float, int]]]] = {}
    wrong: dict[str, list[float]] = {}
    for noisy in sets:
        by_name.setdefault(noisy.name, []).append(estimates_of(noisy))
        wrong.setdefault(noisy.name, []).append(float(noisy.wrong.mean()))
    names = list(next(iter(by_name.values()))[0])
    noisy_rows, clean_rows, sums = [], [], []
    for name, runs in by_name.items():
        means = [np.mean([[run[each][i] for each in names] for run in runs], axis=0) for i in (0, 1)]
        if np.mean(wrong[name]) == 0:
            clean_rows.append([name, *(f"{value:.0f}" for value in means[1][:-1])])
            continue
        sums.append(means[0])
        noisy_rows.append([name, f"{np.mean(wrong[name]):.1%}", *(f"{value:.3f}" for value in means[0])])
    lost = np.array(sums)[:, -1:] - np.array(sums)
    noisy_rows.append(["**mean**", "", *(f"{value:.3f}" for value in np.mean(sums, axis=0))])
    noisy_rows.append(["**most lost against the best cut**", "", *(f"{value:.3f}" for value in lost.max(axis=0))])
    text = f"F1:\n\n{markdown(['set', 'wrong', *names], noisy_rows)}"
    if clean_rows:
        text += f"\n\nFlags where no label is wrong:\n\n{markdown(['set', *names[:-1]], clean_rows)}"
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one rate of made noise")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13], help="of the made noise")
    options = parser.parse_args(arguments)
    print(f"burnish {getattr(optional('burnish'), '__version__', '')}\n")
    human = human_sets()
    for noisy in human:
        print(f"## Scores, {noisy.name}: {noisy.wrong.mean():.1%} of {len(noisy.labels):,} wrong\n")
        print(f"{score_table(noisy)}\n", flush=True)
    seeds, rates = (options.seeds[:1], RATES[1:2]) if options.quick else (options.seeds, RATES)
    print(f"## How many\n\n{estimate_tables([*human, *made_sets(human, seeds, rates)])}")


if __name__ == "__main__":
    main()
