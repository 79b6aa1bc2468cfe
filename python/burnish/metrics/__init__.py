# SPDX-License-Identifier: Apache-2.0
"""How good predictions are: counts and exact curves over millions of samples, by scikit-learn's definitions.

Functions take NumPy arrays, torch tensors (CPU or CUDA) and lists, and return arrays of the same library. scikit-learn
is not needed; matplotlib is imported by the functions that draw.
"""

from burnish.metrics._accumulator import Accumulator
from burnish.metrics._class_counts import class_counts
from burnish.metrics._classes import ClassScores, classification_report
from burnish.metrics._counts import confusion_matrix
from burnish.metrics._curves import average_precision, precision_recall_curve, roc_auc, roc_curve
from burnish.metrics._evaluate import evaluate, evaluate_model
from burnish.metrics._plots import plot_calibration, plot_confusion_matrix, plot_precision_recall, plot_roc
from burnish.metrics._probabilities import Calibration
from burnish.metrics._report import Curve, EvaluationReport
from burnish.metrics._threshold import ThresholdChoice, choose_threshold

# What articles and scripts written for scikit-learn call them: only their import line has to change.
roc_auc_score = roc_auc
average_precision_score = average_precision

__all__ = [
    "confusion_matrix",
    "class_counts",
    "classification_report",
    "ClassScores",
    "roc_curve",
    "precision_recall_curve",
    "roc_auc",
    "roc_auc_score",
    "average_precision",
    "average_precision_score",
    "evaluate",
    "evaluate_model",
    "EvaluationReport",
    "Curve",
    "Calibration",
    "choose_threshold",
    "ThresholdChoice",
    "Accumulator",
    "plot_confusion_matrix",
    "plot_roc",
    "plot_precision_recall",
    "plot_calibration",
]
