# SPDX-License-Identifier: Apache-2.0
"""imbalanced-learn's own tests pass with `burnish.balance` in its place; with something slightly wrong they do not."""

from __future__ import annotations

import pytest

pytest.importorskip("imblearn", reason="imbalanced-learn, which brings the tests, is not installed")

import imblearn_suite
from burnish import balance
from imblearn_suite import WRONG, Outcome, run, sampler_names, summary, unexplained

# Fewer tests than this say that the harness lost some. With imblearn 0.14.2: 25 for SMOTENC, 61 to 177 for the others.
FEWEST, FEWEST_OF_SMOTENC, FEWEST_IN_ALL = 55, 20, 1500


def failures(outcomes: list[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.outcome == "failed"]


def test_every_sampler_is_there() -> None:
    assert [name for name in sampler_names() if not hasattr(balance, name)] == []


def test_imblearn_accepts_burnish() -> None:
    outcomes = run("burnish.balance")
    assert not failures(outcomes), summary(outcomes)
    assert not unexplained(outcomes), summary(outcomes)
    passed = [each for each in outcomes if each.outcome == "passed"]
    assert len(passed) >= FEWEST_IN_ALL
    for name in sampler_names():
        fewest = FEWEST_OF_SMOTENC if name == "SMOTENC" else FEWEST
        assert sum(name in each.classes for each in passed) >= fewest, f"too few tests of {name}\n{summary(outcomes)}"


@pytest.fixture(scope="module")
def known() -> dict[str, list[Outcome]]:
    """Run the tests of a few classes on what must pass and on what must fail; `--self-test` runs those of all."""
    tests = ["imblearn.over_sampling", "imblearn.under_sampling"]
    return {replacement: run(replacement, WRONG, tests=tests) for replacement in ("same_samplers", "wrong_samplers")}


@pytest.mark.parametrize("name", WRONG)
def test_imblearn_refuses_what_is_wrong(name: str, known: dict[str, list[Outcome]]) -> None:
    """By tests that name no other class; what is right passes them."""
    same, wrong = ([each for each in outcomes if each.classes == (name,)] for outcomes in known.values())
    assert any(each.outcome == "passed" for each in same)
    assert not failures(same)
    assert failures(wrong)


def test_imblearn_accepts_empty_subclasses(known: dict[str, list[Outcome]]) -> None:
    assert not failures(known["same_samplers"])


def test_a_replacement_outside_the_family_is_still_asked() -> None:
    """Otherwise checks that begin with ``isinstance(sampler, BaseOverSampler)`` would pass without a look."""
    program = """
import sys, types, imblearn_suite
class SMOTE: pass
sys.modules["alien"] = types.ModuleType("alien")
sys.modules["alien"].SMOTE = SMOTE
imblearn_suite.replace_classes("alien")

from imblearn import combine, over_sampling
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils._test_common.instance_generator import INIT_PARAMS
assert over_sampling.SMOTE is SMOTE and isinstance(SMOTE(), BaseOverSampler)
assert combine.SMOTEENN._parameter_constraints["smote"] == [SMOTE, None]
assert SMOTE in INIT_PARAMS
"""
    done = imblearn_suite.in_process_of_its_own(["-c", program])
    assert done.returncode == 0, done.stderr
