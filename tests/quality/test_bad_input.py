# SPDX-License-Identifier: Apache-2.0
"""What is refused, and with which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import quality

P = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
Y = np.array([0, 1, 0])

CASES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: quality.label_scores(P, None), TypeError, "label_scores: 'labels' are needed"),
    (lambda: quality.label_scores(labels=Y), TypeError, "one of 'logits' and 'probs' is needed, got neither"),
    (lambda: quality.self_confidence(P, Y, probs=P), TypeError, "self_confidence: .* got both"),
    (lambda: quality.label_scores(P, Y, "entropy"), ValueError, "'which' has 'entropy'; accepted: self_confidence"),
    (lambda: quality.label_scores(P, Y, ()), ValueError, "'which' is empty"),
    (lambda: quality.self_confidence(P, [0, 2, 0]), ValueError, "'labels' is 2 in row 1; accepted: 0 to 1, or -1"),
    (lambda: quality.self_confidence(P, [0, -2, 0]), ValueError, "'labels' is -2 in row 1"),
    (lambda: quality.self_confidence(P, [0, 1]), ValueError, r"'labels' has shape \(2,\); accepted: \(3,\)"),
    (lambda: quality.self_confidence(P, [0.0, 1.0, 0.0]), TypeError, "'labels' has dtype float64"),
    (lambda: quality.self_confidence(P[0], Y), ValueError, "must be 2-D"),
    (lambda: quality.self_confidence(P.astype(int), Y), TypeError, "'logits' has dtype int64"),
    (lambda: quality.mistakenness(P, Y, sureness="max"), ValueError, "'sureness' is 'max'"),
    (
        lambda: quality.label_scores(labels=Y, probs=P, which="logit_margin", adjust=True),
        ValueError,
        "'which' has 'logit_margin'; accepted with 'adjust'",
    ),
    (lambda: quality.self_confidence(probs=P, labels=Y, adjust=[0.1]), ValueError, r"'adjust' has shape \(1,\)"),
    (lambda: quality.self_confidence(P, Y, adjust=True, temperature=2.0), ValueError, "takes neither 'temperature'"),
    (lambda: quality.find_label_issues(Y), TypeError, "one of 'logits' and 'probs' is needed, got neither"),
    (lambda: quality.find_label_issues(probs=P), TypeError, "find_label_issues: 'labels' are needed"),
    (lambda: quality.find_label_issues(Y, probs=P, filter_by="best"), ValueError, "'filter_by' is 'best'; accepted:"),
    (lambda: quality.find_label_issues(Y, probs=P, rank_by="entropy"), ValueError, "'rank_by' is 'entropy'"),
    (lambda: quality.find_label_issues([0, 1, 2], probs=P), ValueError, "'labels' is 2 in row 2; accepted: 0 to 1"),
    (lambda: quality.find_label_issues([0, 1, -1], probs=P), ValueError, "'labels' is -1 in row 2; accepted: 0 to 1"),
    (lambda: quality.find_label_issues([0, 1], probs=P), ValueError, r"'labels' has shape \(2,\); accepted: \(3,\)"),
    (lambda: quality.find_label_issues(Y.astype(float), probs=P), TypeError, "'labels' has dtype float64"),
    (lambda: quality.find_label_issues(Y, probs=P[0]), ValueError, "'probs' must be 2-D"),
    (lambda: quality.find_label_issues(Y, probs=P.astype(int)), TypeError, "'probs' has dtype int64; accepted"),
    (lambda: quality.find_label_issues(Y, probs=np.zeros((3, 0))), ValueError, "num_classes' is 0"),
    (lambda: quality.find_label_issues(Y, probs=P, frac_noise=1.5), ValueError, "'frac_noise' is 1.5"),
    (lambda: quality.find_label_issues(Y, probs=P, frac_noise=0.5), ValueError, "'frac_noise' applies to prune"),
    (
        lambda: quality.find_label_issues(Y, probs=P, filter_by="both", num_issues=3),
        ValueError,
        "'num_issues' applies to auto",
    ),
    (
        lambda: quality.find_label_issues(Y, probs=P, filter_by="both", num_to_remove_per_class=[1]),
        ValueError,
        "'num_to_remove_per_class' has shape",
    ),
    (lambda: quality.find_label_issues(Y, probs=P, shards=[(P, Y)]), TypeError, "'shards' are given and other data"),
    (lambda: quality.find_label_issues(shards=3), TypeError, "'shards' is a int"),  # type: ignore[arg-type]
    (lambda: quality.num_label_issues(Y, probs=P, method="guess"), ValueError, "'method' is 'guess'"),
    (lambda: quality.class_thresholds(Y, probs=P, logits=P), TypeError, "class_thresholds: .* got both"),
    (lambda: quality.confident_joint(Y, probs=P, thresholds=[0.1]), ValueError, r"'thresholds' has shape \(1,\)"),
    (lambda: quality.noise_rates(Y, joint=[[1, 2]]), ValueError, r"'joint' has shape \(1, 2\)"),
    (lambda: quality.noise_rates(Y, probs=P, joint=[[1]]), TypeError, "'joint' is given and predictions too"),
    (lambda: quality.noise_rates([0, 2], joint=[[1, 0], [0, 1]]), ValueError, "'labels' go from 0 to 2"),
    (lambda: quality.noise_rates(np.zeros(0, int), joint=[[1]]), ValueError, "'labels' is empty"),
    (lambda: quality.LabelIssueAccumulator(0), ValueError, "'num_classes' is 0"),
]


@pytest.mark.parametrize(("call", "kind", "words"), CASES, ids=[words[:40] for _, _, words in CASES])
def test_refused(call: Callable[[], Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_nothing_is_written_by_a_call_that_is_refused() -> None:
    out = np.full(3, 7.0)
    with pytest.raises(ValueError, match="'labels' is 5"):
        quality.self_confidence(P, [0, 5, 0], out=out)
    assert (out == 7).all()


def test_the_input_is_not_changed() -> None:
    """Peers center or clip the caller's arrays in place."""
    probs, labels = P.copy() * 3, Y.copy()
    probs.flags.writeable = labels.flags.writeable = False
    for filter_by in ("auto", "both", "confident_learning", "low_self_confidence"):
        quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
    quality.label_scores(labels=labels, probs=probs)
    np.testing.assert_array_equal(probs, P * 3)


def test_a_wrong_label_is_named_by_its_row_in_the_whole() -> None:
    probs = np.tile(np.array([[0.75, 0.25]], np.float32), (150_000, 1))
    labels = np.zeros(150_000, np.int64)
    labels[140_001] = 2
    for call in (quality.find_label_issues, quality.num_label_issues, quality.class_thresholds,
                 quality.confident_joint):  # fmt: skip
        with pytest.raises(ValueError, match="'labels' is 2 in row 140001; accepted: 0 to 1"):
            call(labels, probs=probs)
