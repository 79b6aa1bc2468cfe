# SPDX-License-Identifier: Apache-2.0
"""The scripts run from end to end, refuse wrong results, and judge goals rightly; nothing is timed in earnest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import annotators
import augment
import augment_gpu
import compare
import contest
import embeddings
import hardness
import hardness_gpu
import hardness_peers as peers
import hardness_reference as reference
import hardness_workloads
import metrics
import metrics_workloads
import numpy as np
import pytest
import quality
import timing
from report import Goal, Result, read_json, table

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def _threads_restored() -> Any:
    burnish_threads = timing.burnish.get_num_threads()
    yield
    timing.use_threads(burnish_threads)


def small(workload: hardness_workloads.Workload, divisor: int = 100) -> hardness_workloads.Workload:
    """The same workload on fewer rows, without what takes long to prepare."""
    kept = tuple(each for each in workload.contenders if "compile" not in each.name)
    return replace(workload, make=lambda times: workload.make(divisor * times), contenders=kept)


def test_script_and_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    wanted = ("entropy-10Mx10", "one-pass-1Mx100", "label-scores-10Mx10", "hardest-1k-of-10M", "accumulate-1Mx10")
    kept = tuple(small(each) for each in hardness_workloads.WORKLOADS if each.name in wanted)
    monkeypatch.setattr(hardness, "WORKLOADS", kept)
    paths = [str(tmp_path / name) for name in ("before.json", "after.json")]
    for path in paths:
        hardness.main(["--threads", "1", "2", "--budget", "0.01", "--json", path])
    printed = capsys.readouterr().out
    assert all(f"## {name}, {threads}" in printed for name in wanted for threads in ("1 thread\n", "2 threads\n"))
    where, results = read_json(paths[0])
    assert where["burnish"]["version"] == timing.burnish.__version__
    assert {result.workload for result in results} == set(wanted)
    assert all(result.seconds and min(result.seconds) > 0 for result in results)
    compare.main(paths)
    assert "entropy-10Mx10 (2): burnish, out=" in capsys.readouterr().out


def test_wrong_result_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = small(hardness_workloads.WORKLOADS[0], 10_000)
    wrong = peers.Contender("wrong", lambda inputs: lambda: np.zeros(len(inputs.values), np.float32))
    with pytest.raises(AssertionError, match="wrong differs from the reference by"):
        hardness.run(replace(workload, contenders=(wrong,)), [1], 1, 0.01)


def test_every_workload_agrees_with_its_reference() -> None:
    for workload in hardness_workloads.WORKLOADS:
        shrunk = small(workload, 1000)
        inputs = shrunk.make(1)
        expected = shrunk.expect(inputs)
        for contender in shrunk.contenders:
            if contender.missing is None:
                hardness.checked(shrunk, contender, inputs, expected)


def test_compiled_peers_agree_with_their_reference() -> None:
    timing.use_threads(1)
    for name in ("entropy-10Mx10", "margin-10Mx10", "label-scores-10Mx10", "probs-margin-2Mx10"):
        workload = next(each for each in hardness_workloads.WORKLOADS if each.name == name)
        inputs = workload.make(1000)
        expected = workload.expect(inputs)
        for contender in workload.contenders:
            if "compile" in contender.name and contender.missing is None:
                peers.reset()
                try:
                    hardness.checked(workload, contender, inputs, expected)
                except peers.UnavailableError as reason:
                    pytest.skip(str(reason))


@pytest.mark.skipif(peers.torch is None, reason="needs torch")
def test_gpu_script_on_the_cpu(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "gpu.json"
    arguments = ["--self-test", "--no-compile", "--classes", "10", "50", "--elements", "8192", "--json", str(path)]
    hardness_gpu.main(arguments)
    assert "self-test: passed" in capsys.readouterr().out
    assert len(json.loads(path.read_text())["results"]) == 2 * (5 + 6 + 6) + 2 * 3 * 2


@pytest.mark.skipif(peers.torch is None, reason="needs torch")
def test_gpu_script_of_augmentation_on_the_cpu(capsys: Any) -> None:
    augment_gpu.main(["--self-test"])
    printed = capsys.readouterr().out
    assert "self-test: passed" in printed
    assert all(f"## {name}" in printed for name in ("S-6x32", "S1-6x32", *augment_gpu.operations(32)))


def test_gpu_script_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"no GPU: torch .* finds none"):
        hardness_gpu.main([])


def test_augment_script(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "augment.json"
    without = ["torchvision", "kornia", "DALI", "Keras"]
    augment.main(["--threads", "1", "--divide", "32", "--budget", "0.01", "--json", str(path), "--without", *without])
    printed = capsys.readouterr().out
    names = {workload.name for workload in augment.WORKLOADS}
    assert all(f"## {name}, 1 thread\n" in printed for name in names)
    assert {result.workload for result in read_json(path)[1]} == names
    augment.main(["--stages", "--divide", "32", "--budget", "0.01"])
    assert "noise" in capsys.readouterr().out


def test_metrics_script(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "metrics.json"
    metrics.main(["--threads", "1", "2", "--divide", "1000", "--budget", "0.01", "--json", str(path)])
    printed = capsys.readouterr().out
    names = {workload.name for workload in metrics_workloads.WORKLOADS}
    assert all(f"## {name}, {threads}\n" in printed for name in names for threads in ("1 thread", "2 threads"))
    results = read_json(path)[1]
    assert {result.workload for result in results} == names
    assert all(result.error <= 1e-9 for result in results if result.contender == "burnish")


@pytest.mark.parametrize(("script", "divisor"), [(embeddings, 60), (annotators, 200)], ids=["embeddings", "annotators"])
def test_scripts_of_quality(script: Any, divisor: int, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "results.json"
    script.main(["--threads", "1", "--divide", str(divisor), "--budget", "0.01", "--json", str(path)])
    printed = capsys.readouterr().out
    assert all(f"## {workload.name}, 1 thread\n" in printed for workload in script.WORKLOADS)
    found = {result.contender for result in read_json(path)[1]}
    assert "burnish" in found


def test_wrong_results_of_quality_are_not_timed() -> None:
    for script, wrong in ((embeddings, lambda inputs: np.zeros(len(inputs.X))),
                          (annotators, lambda inputs: np.zeros(len(inputs.labels)))):  # fmt: skip
        workload = script.WORKLOADS[0]
        bad = contest.Contender("wrong", lambda inputs, wrong=wrong: contest.Work(lambda: wrong(inputs)))
        with pytest.raises(AssertionError, match="wrong differs from what is right by"):
            contest.run(replace(workload, contenders=(bad,)), [1], 200, 0.01)


def test_reference_is_what_scipy_says() -> None:
    special, stats = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    logits, labels = 5 * rng.standard_normal((200, 7)), rng.integers(0, 7, 200)
    probs, chosen = special.softmax(logits, axis=1), np.arange(200)
    top = np.sort(probs, axis=1)
    others = np.where(np.eye(7, dtype=bool)[labels], -np.inf, logits)
    expected = {
        "entropy": stats.entropy(probs, axis=1),
        "normalized_entropy": stats.entropy(probs, axis=1, base=7),
        "margin": top[:, -1] - top[:, -2],
        "least_confidence": 1 - top[:, -1],
        "max_probability": top[:, -1],
        "energy": special.logsumexp(logits, axis=1),
        "perplexity": np.exp(stats.entropy(probs, axis=1)),
        "predictions": probs.argmax(axis=1),
        "cross_entropy": -special.log_softmax(logits, axis=1)[chosen, labels],
        "el2n": np.linalg.norm(probs - np.eye(7)[labels], axis=1),
        "logit_margin": logits[chosen, labels] - others.max(axis=1),
    }
    assert set(expected) == {*peers.LABEL_FREE, *peers.WITH_LABELS}
    found = reference.scores(logits, tuple(expected), labels)
    assert reference.difference_of_all(found, expected) < 1e-13
    from_probs = reference.scores(probs, ("entropy", "margin"), probs=True)
    assert reference.difference_of_all(from_probs, {name: expected[name] for name in from_probs}) < 1e-13


def result(contender: str, seconds: float, kind: str = "peer") -> Result:
    return Result("task", 1, contender, kind, (seconds, 2 * seconds, seconds), 10**9, 0.0)


def test_goals() -> None:
    found = {each.contender: each for each in (result("burnish", 1.0, "burnish"), result("peer", 4.0))}
    assert Goal("peer", "burnish", at_least=4).verdict(found) == "peer / burnish: 4.00x, goal at least 4x: met"
    assert Goal("peer", "burnish", at_least=5).verdict(found) == "peer / burnish: 4.00x, goal at least 5x: MISSED"
    assert Goal("peer", "burnish", at_most=1.3).verdict(found) == "peer / burnish: 4.00x, goal at most 1.3x: MISSED"
    assert Goal("absent", "burnish", at_least=5).verdict(found) is None


def test_table() -> None:
    rows = table([result("burnish", 1.0, "burnish"), result("read", 0.5, "floor")], "burnish").splitlines()
    assert [cell.strip() for cell in rows[2].split("|")[1:-1]] == [
        "burnish", "1", "0", "1.00x", "1.0", "50 %", "0.0e+00", "3",
    ]  # fmt: skip


def test_measure_takes_turns() -> None:
    order: list[str] = []
    ticks = {"quick": 0.1, "slow": 1.0}

    def clock(call: timing.Call) -> float:
        return ticks[call()]

    calls = {name: (lambda name=name: order.append(name) or name) for name in ticks}
    seconds = timing.measure(calls, budget=0.5, least=2, most=4, clock=clock)
    assert seconds == {"quick": [0.1] * 4, "slow": [1.0] * 2}
    rounds = "".join(name[0] for name in order[2:])  # after one call each, to learn how slow they are
    assert rounds in ("qqsqqs", "qqsqsq", "qsqqqs", "qsqqsq")  # the slow one in every second round, first or last


def test_quality_script(capsys: Any) -> None:
    pytest.importorskip("cleanlab", reason="cleanlab is not installed")
    names = ["two-scores-1000kx10", "auto-200kx100", "prune_by_noise_rate-1000kx10", "memory-mapped"]
    quality.main(["--threads", "1", "--divide", "400", "--budget", "0.01", "--only", *names])
    printed = capsys.readouterr().out
    assert all(f"## {name}" in printed for name in names)


def test_noise_table(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    import label_noise_table

    monkeypatch.delenv("BURNISH_DATA", raising=False)
    monkeypatch.setattr(label_noise_table, "KFold", lambda *_, **options: _folds(2, options))
    label_noise_table.main(["--quick"])
    printed = capsys.readouterr().out
    assert "human labels are left out" in printed
    assert "digits, forest, by class 10%" in printed


def _folds(n: int, options: Any) -> Any:
    from sklearn.model_selection import KFold

    return KFold(n, **options)


def test_scaling_script(capsys: Any) -> None:
    pytest.importorskip("ray.data")
    import scaling

    scaling.main(["--divide", "64", "--repeats", "1"])
    printed = capsys.readouterr().out
    assert "5 neighbors, 256 by 256 rows of 768" in printed
    assert "label issues, prune_by_noise_rate, all 3 passes" in printed
    assert "1e+09 samples, 16 nodes of 64 cores" in printed
