# SPDX-License-Identifier: Apache-2.0
"""Paragraphs that the docstrings of the samplers share."""

from __future__ import annotations

from inspect import cleandoc
from typing import TypeVar

_Class = TypeVar("_Class", bound=type)

_TEXTS = {
    "when": """
Synthetic rows help weak learners (linear models, small trees, nearest neighbors) on few features. They rarely help
boosted trees or tuned thresholds, they distort predicted probabilities, and with many features the lines between rows
leave the data: see the notes of `burnish.balance`. Resample the training part only, after the split.
""",
    "sampling_strategy_over": """
sampling_strategy : float, str, dict or callable, default='auto'
    Which classes gain rows, and how many. A float, for two classes: rows of the smaller over rows of the larger
    afterwards. A name, for the classes that are filled up to the size of the largest: 'minority', 'not minority',
    'not majority' (which 'auto' means) or 'all'. A dict: the rows that each class has afterwards. A callable: takes y
    and returns such a dict.
""",
    "sampling_strategy_under": """
sampling_strategy : float, str, dict or callable, default='auto'
    Which classes lose rows, and how many. A float, for two classes: rows of the smaller over rows of the larger
    afterwards. A name, for the classes that are cut to the size of the smallest: 'majority', 'not minority' (which
    'auto' means), 'not majority' or 'all'. A dict: the rows that each class has afterwards. A callable: takes y and
    returns such a dict.
""",
    "sampling_strategy_clean": """
sampling_strategy : str, list or callable, default='auto'
    Which classes may lose rows; how many, the data decides. A name: 'majority', 'not minority' (which 'auto' means),
    'not majority' or 'all'. A list of classes.
""",
    "random_state": """
random_state : int, RandomState or None, default=None
    Where the draws come from, as in scikit-learn. An integer gives the same rows in every call, and the same draws to
    every class.
""",
    "k_neighbors": """
k_neighbors : int or object, default=5
    How many nearest rows of the same class a new row may lean to. An object with ``kneighbors`` and
    ``kneighbors_graph`` searches instead; it finds the row itself first, so that it needs one neighbor more.
""",
    "m_neighbors": """
m_neighbors : int or object, default=10
    How many nearest rows of all classes tell whether a row is in danger. An object searches as for `k_neighbors`.
""",
    "small_class": """
small_class : {'raise', 'shrink', 'copy'}, default='raise'
    What to do with a class that has no more rows than neighbors are asked for: refuse; take as many neighbors as there
    are; or that, and repeat a lone row as it is.
""",
    "exact_counts": """
exact_counts : bool, default=False
    Whether each class gets exactly the rows asked for where the method as published, and imbalanced-learn, would make
    another number.
""",
    "n_jobs": """
n_jobs : int or None, default=None
    Accepted for compatibility, and handed to estimators of scikit-learn. burnish's own search uses the threads of
    `burnish.set_num_threads`.
""",
    "sampling_strategy_": """
sampling_strategy_ : dict
    Of each class treated, in order, the rows to make (over-sampling) or to keep (under-sampling).
""",
    "sample_indices_": """
sample_indices_ : int array
    The rows of the input that make up the result, in order.
""",
    "provenance_": """
provenance_ : Provenance
    Of each synthetic row its class, the two rows of the input between which it lies, and the step.
""",
    "features_in_": """
n_features_in_ : int
    Number of features.
feature_names_in_ : array of str
    Names of the columns; only where all are strings.
""",
    "raises": """
ValueError
    If X has NaN or infinite values (the first is named), y has only one class, lengths differ, a parameter is out of
    range, or `sampling_strategy` cannot be met; before any work.
""",
    "same_rows": """
For one `random_state` the rows are, bit for bit, those of imbalanced-learn 0.14 wherever no two distances tie. Equal
distances are ordered by row here, whatever the number of threads, and a row is kept from its own list by its index, not
by its distance, which matters for duplicates.
""",
    "same_selection": """
The rows kept are those of imbalanced-learn 0.14 wherever no two distances tie; equal distances are ordered by row here,
whatever the number of threads.
""",
    "integers": """
New values are rounded towards zero where X holds integers, since its dtype is kept. For codes of categories use SMOTENC
or SMOTEN.
""",
}


def documented(sampler: _Class) -> _Class:
    """Put the shared paragraphs where a line of the class docstring names one."""
    lines: list[str] = []
    # A paragraph stands on a line of its own, so that braces elsewhere are just braces.
    for line in cleandoc(sampler.__doc__ or "").splitlines():
        name = line.strip()
        lines += _TEXTS[name[1:-1]].strip().splitlines() if name[1:-1] in _TEXTS and name[:1] == "{" else [line]
    sampler.__doc__ = "\n".join(lines) + "\n"
    return sampler
