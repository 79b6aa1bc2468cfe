# SPDX-License-Identifier: Apache-2.0
"""Run imbalanced-learn's own tests against other classes of the same names.

python tests/balance/imblearn_suite.py [--replacement MODULE] [--only CLASS ...] [--ensembles] [--json FILE]
python tests/balance/imblearn_suite.py --self-test

Its wheel ships its tests. Before they are collected, every public sampler class is replaced, in every module of
imblearn, by the class of that name in MODULE (default burnish.balance): where it was imported to, in parameter
constraints such as ``[SMOTE, None]``, in the tables that its checks keep by class, and in objects that were built from
it on import. Its checks decide by ``isinstance`` of its base classes what to assert, so a replacement that does not
derive from them is registered with them; otherwise it would pass for want of being asked. Tests that name none of the
replaced classes are left out.

``--self-test`` runs the suite on replacements of which the outcome is known: empty subclasses (same_samplers.py) must
pass everything, slightly wrong ones (wrong_samplers.py) must fail.

The file is also the pytest plugin that does this in the process of the tests.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import types
from abc import ABCMeta
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PACKAGES = ("imblearn.over_sampling", "imblearn.under_sampling", "imblearn.combine")

# What is not run, and why: parts of a test's name.
LEFT_OUT = {
    "ensemble/": "classifiers of imblearn's own that resample with RandomUnderSampler inside; --ensembles runs them",
    "Classifier(": "the same classifiers in the tests common to all; --ensembles runs them",
}

# What skips or fails by imblearn's own decision, and why. A reason that is not listed here is a failure of our test.
EXPECTED_SKIPS = {
    "numpydoc": "checks of docstrings against numpydoc, which brings Sphinx along",
    "SCIPY_ARRAY_API is not set": "no sampler of imblearn takes arrays of another library",
    "No module named 'keras'": "generators of batches for Keras; they use RandomUnderSampler's indices only",
    "No module named 'tensorflow'": "the same for TensorFlow",
    "scikit-learn >= 1.4 supports transform_input": "imblearn's test of an older scikit-learn",
}
EXPECTED_FAILURES = {
    "NearMiss(version=3)-check_samplers_fit_resample": "imblearn: fails for NearMiss-3 with less samples than expected",
    "Pipeline(": "imblearn: its pipeline changes its parameter `steps`; others marked FIXME",
}

WRONG = ("SMOTE", "RandomUnderSampler", "TomekLinks")  # in wrong_samplers.py


@dataclass(frozen=True)
class Outcome:
    """How one test of imblearn ended."""

    test: str
    outcome: str  # "passed", "failed" or "skipped"; a failure that imblearn expects counts as skipped
    classes: tuple[str, ...]  # the replaced classes that it names
    reason: str = ""


def sampler_names() -> list[str]:
    """Every public sampler class of imblearn."""
    return [name for package in PACKAGES for name in importlib.import_module(package).__all__]


def run(
    replacement: str,
    only: Sequence[str] = (),
    *,
    tests: Sequence[str] = (),
    ensembles: bool = False,
    timeout: float = 1800,
) -> list[Outcome]:
    """Run the tests that name a class which `replacement` has, in a process of their own.

    `tests` are modules of imblearn, all by default. With `only`, just these classes are replaced.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = ["-m", "pytest", "-c", os.devnull, "--rootdir", folder, "-q", "--no-header", "--tb=short"]
        command += ["-p", "no:cacheprovider", "-p", Path(__file__).stem, "--pyargs", *(tests or ["imblearn"])]
        command += ["--replacement", replacement, "--report", str(report), "--replace-only", ",".join(only)]
        command += ["--ensembles"] if ensembles else []
        done = in_process_of_its_own(command, folder, timeout)
        if done.returncode not in (0, 1) or not report.exists():
            raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return [Outcome(**{**entry, "classes": tuple(entry["classes"])}) for entry in json.loads(report.read_text())]


def in_process_of_its_own(
    arguments: Sequence[str], folder: str | None = None, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run Python where this module can be imported, and pytest has no plugins but those that are named."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    here = str(Path(__file__).resolve().parent)
    environment["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip


def summary(outcomes: Iterable[Outcome]) -> str:
    """Count by class, and say why what did not pass did not."""
    outcomes = list(outcomes)
    names = sorted({name for each in outcomes for name in each.classes})
    counts = {name: Counter(each.outcome for each in outcomes if name in each.classes) for name in names}
    counts["all"] = Counter(each.outcome for each in outcomes)
    width = max(map(len, counts))
    lines = [f"{'':{width}}  passed  failed  skipped"]
    lines += [f"{name:{width}}  {c['passed']:6}  {c['failed']:6}  {c['skipped']:7}" for name, c in counts.items()]
    lines += [f"failed: {each.test}\n    {each.reason}" for each in outcomes if each.outcome == "failed"]
    skipped = Counter(each.reason for each in outcomes if each.outcome == "skipped")
    lines += [f"skipped {n}: {reason}" for reason, n in skipped.items()]
    return "\n".join(lines)


def unexplained(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """What was skipped or failed as expected without a reason listed above."""
    skipped = [each for each in outcomes if each.outcome == "skipped"]
    return [
        each
        for each in skipped
        if not any(part in each.reason for part in EXPECTED_SKIPS)
        and not any(part in each.test for part in EXPECTED_FAILURES)
    ]


# ---- the replacement ----


def replace_classes(replacement: str, only: Sequence[str] = ()) -> dict[type, type]:
    """Put the classes of `replacement` in the place of imblearn's, everywhere; return which for which."""
    theirs = {
        name: getattr(importlib.import_module(package), name)
        for package in PACKAGES
        for name in importlib.import_module(package).__all__
    }
    ours = theirs if replacement == "imblearn" else dict(inspect.getmembers(importlib.import_module(replacement)))
    modules = list(_modules())
    mapping = {old: ours[name] for name, old in theirs.items() if name in ours and (not only or name in only)}
    if missing := set(only) - {old.__name__ for old in mapping}:
        raise ValueError(f"imblearn or {replacement} has no {', '.join(sorted(missing))}")
    for old, new in mapping.items():
        for base in old.__mro__[1:]:
            if isinstance(base, ABCMeta) and not issubclass(new, base):
                base.register(new)
    for module in modules:
        for name, value in list(vars(module).items()):
            if not name.startswith("__"):
                setattr(module, name, _translate(value, mapping))
        for cls in [value for value in vars(module).values() if inspect.isclass(value)]:
            if cls.__module__.startswith("imblearn") and "_parameter_constraints" in vars(cls):
                cls._parameter_constraints = _translate(cls._parameter_constraints, mapping)
    return mapping


def _modules() -> Iterable[types.ModuleType]:
    import imblearn

    for found in pkgutil.walk_packages(imblearn.__path__, "imblearn."):
        if ".tests" in found.name or found.name.startswith(("imblearn.keras", "imblearn.tensorflow")):
            continue
        yield importlib.import_module(found.name)
    yield imblearn


def _translate(value: Any, mapping: dict[type, type]) -> Any:
    """Exchange classes in containers, and objects that were made from them."""
    if isinstance(value, type):
        return mapping.get(value, value)
    if type(value) in mapping:
        return mapping[type(value)](**value.get_params(deep=False))
    if type(value) is dict:
        return {_translate(key, mapping): _translate(each, mapping) for key, each in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(_translate(each, mapping) for each in value)
    return value


# ---- which tests name which class ----


def touched(item: Any, names: dict[type, str]) -> set[str]:
    """The classes that a test names: in its code and that of its module's helpers, and in its parameters."""
    found: set[str] = set()
    seen: set[int] = set()

    def reach(value: Any) -> None:
        if isinstance(value, type):
            found.update({names[value]} if value in names else ())
        elif isinstance(value, functools.partial):
            reach([value.func, value.args, value.keywords])
        elif isinstance(value, types.FunctionType):
            if ".tests." in value.__module__ and id(value) not in seen:
                seen.add(id(value))
                used = _names(value.__code__)
                reach([each for name, each in value.__globals__.items() if name in used])
        elif isinstance(value, dict):
            reach([*value.keys(), *value.values()])
        elif isinstance(value, (list, tuple, set)):
            for each in value:
                reach(each)
        elif hasattr(value, "get_params"):
            reach([type(value), value.get_params(deep=False)])

    reach(item.function)
    reach(dict(getattr(getattr(item, "callspec", None), "params", {})))
    return found


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*inner)


# ---- the plugin ----


class Plugin:
    """Replaces before the tests are collected, leaves out those that are not concerned, notes how the others end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        only = [name for name in options.replace_only.split(",") if name]
        self.names = {new: old.__name__ for old, new in replace_classes(options.replacement, only).items()}
        self.classes: dict[str, tuple[str, ...]] = {}
        self.outcomes: dict[str, Outcome] = {}

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        kept, dropped = [], []
        for item in items:
            self.classes[item.nodeid] = tuple(sorted(touched(item, self.names)))
            left_out = not self.options.ensembles and any(part in item.nodeid for part in LEFT_OUT)
            (dropped if left_out or not self.classes[item.nodeid] else kept).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)

    def pytest_collectreport(self, report: Any) -> None:
        if report.skipped:
            self.note(report.nodeid, "skipped", report.longrepr[2])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if hasattr(report, "wasxfail"):  # expected to fail; one that passes nevertheless has passed
            self.note(report.nodeid, "passed" if report.passed else "skipped", report.wasxfail)
        elif report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.note(report.nodeid, "failed", crash.message if crash else str(report.longrepr))
        elif report.skipped:
            self.note(report.nodeid, "skipped", report.longrepr[2])
        elif report.when == "call":
            self.note(report.nodeid, "passed")

    def note(self, test: str, outcome: str, reason: str = "") -> None:
        first = self.outcomes.get(test)
        if first is None or first.outcome == "passed":
            self.outcomes[test] = Outcome(test, outcome, self.classes.get(test, ()), reason[:500])

    def pytest_sessionfinish(self) -> None:
        Path(self.options.report).write_text(json.dumps([asdict(each) for each in self.outcomes.values()]))


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("imblearn's tests on other classes")
    group.addoption("--replacement", default="burnish.balance")
    group.addoption("--replace-only", default="")
    group.addoption("--ensembles", action="store_true")
    group.addoption("--report", required=True)


def pytest_configure(config: Any) -> None:
    config.pluginmanager.register(Plugin(config.option), "imblearn_suite_plugin")


# ---- the script ----


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replacement", default="burnish.balance", metavar="MODULE")
    parser.add_argument("--only", nargs="+", default=[], metavar="CLASS", help="replace these classes alone")
    parser.add_argument("--ensembles", action="store_true", help="also the classifiers that resample inside")
    parser.add_argument("--json", metavar="FILE", help="write every outcome")
    parser.add_argument("--self-test", action="store_true", help="run on replacements of which the outcome is known")
    options = parser.parse_args(arguments)
    if options.self_test:
        self_test()
        return
    outcomes = run(options.replacement, options.only, ensembles=options.ensembles)
    print(summary(outcomes))
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(each) for each in outcomes], indent=1) + "\n")
    if not options.only and (absent := set(sampler_names()) - {name for each in outcomes for name in each.classes}):
        print(f"{options.replacement} has no {', '.join(sorted(absent))}")
    raise SystemExit(any(each.outcome == "failed" for each in outcomes))


def self_test() -> None:
    for name in WRONG:
        failed = [each for each in run("wrong_samplers", [name]) if each.outcome == "failed"]
        print(f"wrong {name}: {len(failed)} tests fail{'' if failed else ': NOT NOTICED'}", flush=True)
        if not failed:
            raise SystemExit(1)
    outcomes = run("same_samplers", ensembles=True)
    print(summary(outcomes))
    raise SystemExit(any(each.outcome == "failed" for each in outcomes))


if __name__ == "__main__":
    main()
