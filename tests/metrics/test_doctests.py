# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from burnish import metrics

MODULES = [f"burnish.metrics.{module.name}" for module in pkgutil.iter_modules(metrics.__path__)]
WITH_EXAMPLES = (
    "confusion_matrix", "class_counts", "classification_report", "roc_curve", "precision_recall_curve", "roc_auc",
    "average_precision", "evaluate", "evaluate_model", "choose_threshold", "Accumulator",
)  # fmt: skip


def test_examples_run() -> None:
    tried: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for name in MODULES:
        module = importlib.import_module(name)
        for test in doctest.DocTestFinder().find(module, name):
            result = runner.run(test)
            assert result.failed == 0, test.name
            if result.attempted:
                tried.append(test.name.rpartition(".")[2])
    assert set(WITH_EXAMPLES) <= set(tried)


def test_every_module_is_collected() -> None:
    assert {"burnish.metrics._counts", "burnish.metrics._curves"} <= set(MODULES)
    for name in MODULES:
        assert doctest.testmod(importlib.import_module(name)).failed == 0, name


def described(text: str, section: str) -> str:
    """The text of a numpydoc section."""
    _, found, rest = text.partition(f"{section}\n{'-' * len(section)}\n")
    assert found, f"no section {section}"
    lines = rest.splitlines()
    ends = [i for i in range(1, len(lines)) if lines[i] and set(lines[i]) == {"-"}]
    return "\n".join(lines[: ends[0] - 1] if ends else lines)


@pytest.mark.parametrize("name", metrics.__all__)
def test_docstrings(name: str) -> None:
    member: Any = getattr(metrics, name)
    text = inspect.getdoc(member) or ""
    assert text.splitlines()[0].endswith(".")
    for placeholder in ("{parameters}", "{footer}", "{undefined}"):
        assert placeholder not in text
    if not inspect.isfunction(member):
        return
    parameters = described(text, "Parameters")
    headings = [line.split(" : ")[0] for line in parameters.splitlines() if " : " in line and not line.startswith(" ")]
    documented = [one.strip() for heading in headings for one in heading.split(",")]
    assert documented == list(inspect.signature(member).parameters), name
    described(text, "Returns")
