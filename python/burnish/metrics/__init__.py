# SPDX-License-Identifier: Apache-2.0
"""How good predictions are."""
from burnish.metrics._counts import class_counts, confusion_matrix
from burnish.metrics._curves import average_precision, precision_recall_curve, roc_auc, roc_curve
