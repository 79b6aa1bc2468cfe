# SPDX-License-Identifier: Apache-2.0
"""``burnish balance``: the split, the measures, what is printed and written, and that the two agree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import CLASSES, PER_CLASS, read_csv

pytest.importorskip("sklearn")
pytest.importorskip("scipy")

from burnish import _classifier, balance
from burnish._command import balance_output, balance_proof, balance_split
from burnish.data import DataError, LabeledImages, load_digits

DEFAULT = ("class-weights", "logit-adjustment", "RandomOverSampler", "SMOTE")
CIFAR10_LT = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the demo as a user does, once."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "burnish", "balance", "--demo", "--runs", "4", "--out", "report"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return run, folder / "report"


def _table(stdout: str) -> dict[str, list[list[str]]]:
    """Return the cells after each label of the big table; measures come twice."""
    lines = stdout.replace(" (", "(").partition("trained on")[2].partition("\nECE:")[0].splitlines()[1:]
    rows: dict[str, list[list[str]]] = {}
    for line in lines:
        if "(" in line:
            label, cells = (line[:8].strip(), line[8:].split()) if line[:3] == "log" else line.split(maxsplit=1)
            rows.setdefault(label, []).append(cells.split() if isinstance(cells, str) else cells)
    return rows


def _shown(values: Any, digits: int) -> str:
    return f"{np.mean(values):.{digits}f}({np.std(values, ddof=1):.{digits}f})".replace("(0.", "(.")


def test_the_demo_succeeds_and_names_what_it_wrote(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    assert (run.returncode, run.stderr) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == ["balance-overall.csv", "balance-recall.csv"]
    assert all(str(Path("report", path.name)) in run.stdout for path in folder.iterdir())
    assert max(map(len, run.stdout.splitlines())) <= 125
    assert "images to train on 322 (131 to 1 a class), to test 430 (43 a class)" in run.stdout
    assert "mean (standard deviation) of 4 runs" in run.stdout
    assert run.stdout.isascii()


def test_the_table_is_the_mean_of_the_runs_written(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    recall, overall = (
        {key: np.array(column) for key, column in read_csv(folder / name).items()}
        for name in ("balance-recall.csv", "balance-overall.csv")
    )
    table = _table(run.stdout)
    counts = balance_split.long_tail(131, 10, 100)
    assert len(recall["run"]) == 4 * 5 * 10
    assert recall["train_images"].tolist() == [*map(str, counts)] * 20
    assert set(recall["test_images"]) == {"43"}
    for i in range(10):
        [[count, *cells]] = table[str(i)]
        assert count == str(counts[i])
        for method, cell in zip(("none", *DEFAULT), cells, strict=True):
            values = recall["recall"][(recall["class"] == str(i)) & (recall["method"] == method)].astype(float)
            assert cell == _shown(values, 2)
    for title, key in (("accuracy", "accuracy"), ("log loss", "log_loss"), ("ECE", "calibration_error")):
        for weighting, cells in zip(("even", "as_trained"), table[title], strict=True):
            for method, cell in zip(("none", *DEFAULT), cells, strict=True):
                chosen = (overall["weighting"] == weighting) & (overall["method"] == method)
                assert cell == _shown(overall[key][chosen].astype(float), 3)


def test_accuracies_are_means_of_recalls(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    recall, overall = (read_csv(demo[1] / f"balance-{name}.csv") for name in ("recall", "overall"))
    by_run = np.array(recall["recall"], float).reshape(20, 10)
    counts = np.array(recall["train_images"], float).reshape(20, 10)
    accuracy = np.array(overall["accuracy"], float).reshape(20, 2)
    assert np.allclose(accuracy[:, 0], by_run.mean(axis=1))
    assert np.allclose(accuracy[:, 1], (by_run * counts).sum(axis=1) / counts.sum(axis=1))


def test_balancing_finds_rare_digits_and_the_cost_is_told(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    overall = read_csv(folder / "balance-overall.csv")
    cells = zip(overall["method"], overall["weighting"], overall["accuracy"], strict=True)
    even = [(method, float(value)) for method, weighting, value in cells if weighting == "even"]
    before = np.mean([value for method, value in even if method == "none"])
    for method in DEFAULT:
        assert np.mean([value for name, value in even if name == method]) > before + 0.05
        line = next(line for line in run.stdout.splitlines() if line.startswith(f"{method} ") and " to " in line)
        assert line.endswith(" helped")
    assert "No resampling was better than logit-adjustment, which changes no rows." in run.stdout
    assert "none has the best probabilities" in run.stdout


def test_a_seed_gives_the_same_numbers_and_another_seed_others(
    burnish_command: Callable[..., Any], tmp_path: Path
) -> None:
    texts, files = [], []
    for name, seed in (("a", 1), ("b", 1), ("c", 5)):
        folder = tmp_path / name
        run = burnish_command("balance", "--demo", "--runs", 2, "--seed", seed, "--out", folder)
        assert run.code == 0
        texts.append(run.stdout.replace(str(folder), ""))
        files.append([(folder / f"balance-{kind}.csv").read_bytes() for kind in ("recall", "overall")])
    assert texts[0] == texts[1] != texts[2]
    assert files[0] == files[1]
    assert all(a != c for a, c in zip(files[0], files[2], strict=True))


def test_nothing_is_written_without_out(
    burnish_command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = burnish_command("balance", "--demo", "--runs", 2, "--methods", "SMOTE,SMOTE,ADASYN", "--limit", 40)
    assert run.code == 0
    assert _table(run.stdout)["ECE"][0][3:] == []
    assert "written" not in run.stdout
    assert "which changes no rows" not in run.stdout  # none of those was asked for
    assert list(tmp_path.iterdir()) == []


def test_long_tail_is_the_rule_of_cifar10_lt() -> None:
    assert balance_split.long_tail(5000, 10, 100).tolist() == CIFAR10_LT
    assert balance_split.long_tail(500, 100, 100).sum() == 10_847  # CIFAR-100-LT
    assert balance_split.long_tail(10, 2, 1000).tolist() == [10, 1]
    assert balance_split.long_tail(40, 3, 4).tolist() == [40, 20, 10]


@pytest.mark.parametrize("ratio", [None, 3, 100])
def test_the_test_part_is_put_aside_first(ratio: float | None) -> None:
    data = load_digits()
    train, test = balance_split.split(data, ratio=ratio, seed=4)
    assert not set(train) & set(test)
    assert all((np.diff(part) > 0).all() for part in (train, test))
    sizes, trained, tested = (np.bincount(labels) for labels in (data.labels, data.labels[train], data.labels[test]))
    if ratio is None:
        assert tested.tolist() == (sizes // 4).tolist()
        assert trained.tolist() == (sizes - sizes // 4).tolist()
    else:
        assert tested.tolist() == [sizes.min() // 4] * 10
        assert trained.tolist() == balance_split.long_tail((sizes - tested).min(), 10, ratio).tolist()
        assert np.array_equal(test, balance_split.split(data, ratio=ratio + 1, seed=4)[1])
    assert not np.array_equal(train, balance_split.split(data, ratio=ratio, seed=5)[0])


def test_a_given_test_part_stays_as_it_is() -> None:
    data = load_digits()
    given = np.arange(1500, 1797)
    train, test = balance_split.split(data, ratio=10, seed=0, given_test=given)
    assert np.array_equal(test, given)
    assert train.max() < 1500
    n = np.bincount(data.labels[:1500]).min()
    assert np.bincount(data.labels[train]).tolist() == balance_split.long_tail(n, 10, 10).tolist()


@pytest.mark.parametrize("num_classes", [2, 5])
def test_measures_are_those_of_scikit_learn(num_classes: int) -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, recall_score

    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(num_classes), rng.integers(num_classes, size=300)])
    probs = rng.dirichlet(np.full(num_classes, 0.5), len(labels))
    probs[:5] = np.eye(num_classes)[labels[:5]]  # certain
    shares = rng.dirichlet(np.ones(num_classes))
    found, predicted = balance_proof.measures(probs, labels, shares), probs.argmax(axis=1)
    sizes = np.bincount(labels)
    assert np.allclose(found.recall, recall_score(labels, predicted, average=None))
    assert np.isclose(found.accuracy[0], balanced_accuracy_score(labels, predicted))
    for i, frequency in enumerate((np.full(num_classes, 1 / num_classes), shares)):
        weights = (frequency / sizes)[labels]
        assert np.isclose(found.accuracy[i], accuracy_score(labels, predicted, sample_weight=weights))
        assert np.isclose(found.log_loss[i], log_loss(labels, probs, sample_weight=weights))
        error = 0.0
        for b in range(15):
            inside = np.array([min(int(p.max() * 15), 14) == b for p in probs])
            if inside.any():
                mass = weights[inside].sum()
                confidence = np.average(probs.max(axis=1)[inside], weights=weights[inside])
                error += mass * abs(confidence - np.average((predicted == labels)[inside], weights=weights[inside]))
        assert np.isclose(found.calibration_error[i], error)


def test_a_certain_and_wrong_prediction_has_a_finite_loss() -> None:
    found = balance_proof.measures(np.eye(2), np.array([1, 0]), np.array([0.5, 0.5]))
    assert (found.accuracy == 0).all()
    assert (found.calibration_error == 1).all()
    assert np.allclose(found.log_loss, -np.log(1e-15))


def test_only_training_rows_are_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_digits()
    train, test = balance_split.split(data, ratio=20, seed=0)
    features = _classifier.pixel_features(data)
    seen = []

    class Recorder(balance.SMOTE):  # type: ignore[misc, unused-ignore]
        def fit_resample(self, X: Any, y: Any) -> Any:
            seen.append((X.copy(), y.copy(), self.random_state))
            return super().fit_resample(X, y)

    monkeypatch.setattr(balance, "SMOTE", Recorder)
    run = balance_proof.run(data, train, test, features, methods=["SMOTE"], seed=3)
    [(X, y, seed)] = seen
    assert np.array_equal(X, features(train))
    assert np.array_equal(y, data.labels[train])
    assert seed == 3
    assert run.test_counts.tolist() == [43] * 10
    assert list(run.by_method) == ["none", "SMOTE"]


def test_logit_adjustment_divides_by_the_shares_of_training() -> None:
    probs, shares = np.array([[0.6, 0.4], [0.9, 0.1]]), np.array([0.8, 0.2])
    assert np.allclose(balance_proof._adjusted(probs, shares), [[3 / 11, 8 / 11], [9 / 13, 4 / 13]])


def test_a_method_that_refuses_is_told_and_the_others_go_on(
    burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        def __init__(self, **options: Any) -> None:
            self.seed = options["random_state"]

        def fit_resample(self, X: Any, y: Any) -> Any:
            if self.seed == 1:
                raise RuntimeError("no row has a row of\nanother class")
            return X, y

    monkeypatch.setattr(balance, "ADASYN", Refusing)
    quick = ("balance", "--demo", "--limit", 40, "--methods", "ADASYN,class-weights", "--runs")
    run = burnish_command(*quick, 3)
    assert run.code == 0
    assert "ADASYN could not be used in 1 of 3 runs: no row has a row of another class" in run.stdout
    assert len(_table(run.stdout)["ECE"][0]) == 3
    run = burnish_command(*quick, 2)
    assert "ADASYN could not be used in 1 of 2 runs" in run.stdout
    assert len(_table(run.stdout)["ECE"][0]) == 2  # one run has no spread


def _made_up_runs(gains: dict[str, list[float]]) -> list[balance_proof.Run]:
    """Runs in which each method gains that much accuracy over none."""
    counts = np.array([9, 1])
    runs = []
    for i, base in enumerate((0.50, 0.54, 0.47)):
        by_method = {}
        for method, more in {"none": [0.0] * 3, **gains}.items():
            accuracy = np.array([base + more[i], 0.9])
            by_method[method] = balance_proof.Measures(np.full(2, accuracy[0]), accuracy, accuracy, accuracy)
        runs.append(balance_proof.Run(counts, counts, by_method, {}))
    return runs


def test_verdicts_follow_the_paired_interval(capsys: pytest.CaptureFixture[str]) -> None:
    from scipy.stats import ttest_1samp

    gains = {
        "class-weights": [0.1, 0.12, 0.11],
        "RandomOverSampler": [0.1, -0.01, 0.01],
        "SMOTE": [0.02, -0.03, 0.01],
        "ADASYN": [-0.1, -0.11, -0.1],
    }
    runs = _made_up_runs(gains)
    for method, more in gains.items():
        oracle = ttest_1samp(more, 0).confidence_interval(0.95)
        assert np.allclose(balance_output._gain(runs, method, "none"), (np.mean(more), oracle.low, oracle.high))
    balance_output.print_proof(["a", "b"], runs)
    printed = capsys.readouterr().out.splitlines()
    verdicts = {line.split()[0]: line for line in printed if " to " in line}
    assert verdicts["class-weights"].endswith(" helped")
    assert verdicts["RandomOverSampler"].endswith(" not shown to help")
    assert verdicts["SMOTE"].endswith(" did not help")
    assert verdicts["ADASYN"].endswith(" harmed")
    assert "No resampling was better than class-weights, which changes no rows." in printed


def test_resampling_that_wins_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    gains = {"class-weights": [0.1, 0.12, 0.11], "SMOTE": [0.2, 0.21, 0.22], "ADASYN": [0.12, 0.1, 0.12]}
    balance_output.print_proof(["a", "b"], _made_up_runs(gains))
    assert "Better than class-weights, which changes no rows: SMOTE." in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("size", [3, 8, 20, 32])
def test_pixels_are_averaged_to_8_by_8(size: int) -> None:
    images = np.random.default_rng(0).integers(256, size=(5, size, size, 3), dtype=np.uint8)
    data = LabeledImages(images, np.zeros(5, np.int64), ("a",), tuple("abcde"))
    found = _classifier.pixel_features(data)(np.array([4, 1]))
    step = -(-size // 8)
    starts = range(0, size, step)
    expected = [
        [images[i, y : y + step, x : x + step].mean(axis=(0, 1)) / 255 for y in starts for x in starts] for i in (4, 1)
    ]
    assert found.dtype == np.float32
    assert found.shape[1] <= 8 * 8 * 3
    assert np.allclose(found, np.reshape(expected, (2, -1)), atol=1e-6)


def test_features_that_are_not_finite_are_refused() -> None:
    data = load_digits().first_of_each_class(8)
    train, test = balance_split.split(data, ratio=4, seed=0)
    with pytest.raises(DataError, match="diverged; try another --seed"):
        balance_proof.run(data, train, test, lambda indices: np.full((len(indices), 2), np.nan), methods=[], seed=0)


@pytest.mark.usefixtures("one_thread")
def test_the_networks_features_depend_on_training_images_only() -> None:
    torch = pytest.importorskip("torch")
    data = load_digits().first_of_each_class(12)
    train, test = balance_split.split(data, ratio=3, seed=0)
    state, told = torch.random.get_rng_state(), []
    features = _classifier.convolutional_features(
        data, train, seed=2, epochs=2, flip=True, progress=lambda *line: told.append(line)
    )
    first = features(train)
    assert (first.shape, first.dtype) == ((len(train), 128), np.float32)
    assert [line[:2] for line in told] == [(1, 2), (2, 2)]
    assert torch.equal(state, torch.random.get_rng_state())
    assert np.allclose(features(train[3:5]), first[3:5], atol=1e-6)  # in evaluation mode
    data.images[test] = 255 - data.images[test]
    again = _classifier.convolutional_features(data, train, seed=2, epochs=2, flip=True)
    assert np.array_equal(again(train), first)


@pytest.mark.usefixtures("one_thread")
def test_a_folder_and_its_zip_give_the_same_numbers(
    burnish_command: Callable[..., Any], digit_folder: Path, digit_zip: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("PIL")
    quick = ("--ratio", 6, "--image-size", 8, "--epochs", 15, "--runs", 2)
    runs = [burnish_command("balance", path, *quick) for path in (digit_folder, digit_zip)]
    assert [run.code for run in runs] == [0, 0]
    assert "run 2/2, epoch 15/15: loss " in runs[0].stderr
    first_lines, tables = zip(*(run.stdout.split("\n", 1) for run in runs), strict=True)
    assert tables[0] == tables[1]
    assert first_lines[0] == (
        "digits, classes made uneven, ratio 6: images to train on 47 (30 to 5 a class), to test 30 (10 a class)"
    )
    table = _table(runs[0].stdout)
    assert [table[name][0][0] for name in CLASSES] == ["30", "12", "5"]
    assert float(table["one"][0][1][:4]) > 0.8


def test_a_folder_of_uneven_classes_is_taken_as_it_is_without_torch(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL")
    monkeypatch.setitem(sys.modules, "torch", None)
    for name, n in zip(CLASSES, (PER_CLASS, 20, 7), strict=True):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for file in sorted((digit_folder / name).iterdir())[:n]:
            shutil.copy(file, tmp_path / "photos" / name)
    runs = [
        burnish_command("balance", tmp_path / "photos", "--features", "pixels", "--image-size", 8, *more)
        for more in ([], ["--as-is"], ["--limit", 20])
    ]
    assert [(run.code, run.stderr) for run in runs] == [(0, "")] * 3
    assert runs[0].stdout == runs[1].stdout
    assert "photos, classes as they are: images to train on 51 (30 to 6 a class), to test 16 (10 to 1 a class)" in (
        runs[0].stdout
    )
    assert "to train on 36 (15 to 6 a class)" in runs[2].stdout
    assert "mean (standard deviation) of 10 runs" in runs[2].stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a folder, a zip or cifar10, or give --demo"),
        (["--demo", "photos"], "name a folder, a zip or cifar10, or give --demo"),
        (["--demo", "--ratio", "5", "--as-is"], "not allowed with"),
        (["--demo", "--ratio", "1"], "accepted: a number above 1"),
        (["--demo", "--ratio", "nan"], "accepted: a number above 1"),
        (["--demo", "--ratio", "1e9"], "accepted: a number above 1"),
        (["--demo", "--methods", "smote"], "'smote' is not accepted; accepted: class-weights, logit-adjustment"),
        (["--demo", "--methods", ""], "'' is not accepted"),
        (["--demo", "--methods", "none"], "'none' is not accepted"),
        (["--demo", "--runs", "1"], "2 to 100"),
        (["--demo", "--limit", "3"], "4 or more"),
        (["--demo", "--epochs", "3"], "--epochs and --flip go with --features network"),
        (["photos", "--features", "pixels", "--flip"], "--epochs and --flip go with --features network"),
        (["--demo", "--image-size", "16"], "--image-size goes with a folder or zip"),
        (["cifar10", "--image-size", "16"], "--image-size goes with a folder or zip"),
        (["--demo", "--features", "text"], "network"),
        (["--demo", "--out", os.path.join(os.devnull, "report")], "is not a folder"),
        (["--demo", "--limit", "8", "--as-is"], "6 images of every class to train on: nothing to balance; --ratio"),
        (["nowhere"], "nowhere does not exist"),
        (["cifar10"], "set the environment variable BURNISH_DATA"),
    ],
)
def test_wrong_arguments_are_exit_code_2(
    burnish_command: Callable[..., Any],
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for library in ("PIL", "torch"):
        pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BURNISH_DATA", raising=False)
    run = burnish_command("balance", *arguments)
    assert (run.code, run.stdout) == (2, "")
    assert words in run.stderr
    assert "error: " in run.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_class_with_too_few_images_is_named() -> None:
    data = load_digits().first_of_each_class(5)
    keep = np.flatnonzero((data.labels != 7) | (np.arange(50) < 20))
    few = LabeledImages(data.images[keep], data.labels[keep], data.names, tuple(data.ids[i] for i in keep))
    n = int((few.labels == 7).sum())
    assert 0 < n < 4
    with pytest.raises(DataError, match=f"class 7 has {n} images; accepted: 4 or more"):
        balance_split.split(few, ratio=None, seed=0)


@pytest.mark.parametrize(
    ("library", "arguments"),
    [
        ("sklearn.linear_model", ["--demo"]),
        ("torch", ["folder"]),
        ("torch", ["--demo", "--features", "network"]),
        ("PIL.Image", ["folder", "--features", "pixels"]),
    ],
)
def test_a_missing_library_names_the_extra_before_any_work(
    burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, library: str, arguments: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    run = burnish_command("balance", *arguments)
    name = library.partition(".")[0]
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr == f"burnish: error: {name} is not installed; it comes with pip install 'burnish[demo]'\n"


def test_help_names_every_option_and_fits_a_terminal() -> None:
    command = [sys.executable, "-m", "burnish", "balance", "--help"]
    environment = os.environ | {"COLUMNS": "100"}
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600).stdout
    assert max(map(len, text.splitlines())) <= 100
    for word in ("PATH", "--demo", "--ratio", "--as-is", "--methods", "--features", "--runs", "BURNISH_DATA"):
        assert word in text


DATA = Path(os.environ.get("BURNISH_DATA", ""))
MISSING = [name for name in ("cifar10-train.zip", "cifar10-test.zip") if not (DATA / name).is_file()]


@pytest.mark.skipif(bool(MISSING), reason=f"BURNISH_DATA does not name a folder with {' and '.join(MISSING)}")
@pytest.mark.usefixtures("one_thread")
def test_cifar10(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    run = burnish_command("balance", "cifar10", "--limit", 100, "--epochs", 2, "--runs", 2, "--out", tmp_path)
    assert run.code == 0
    counts = balance_split.long_tail(100, 10, 100)
    assert f"CIFAR-10, classes made uneven, ratio 100: images to train on {counts.sum()} (100 to 1 a class)" in (
        run.stdout
    )
    assert "to test 1000 (100 a class)" in run.stdout
    recall = read_csv(tmp_path / "balance-recall.csv")
    assert recall["train_images"][:10] == [*map(str, counts)]
    assert set(recall["test_images"]) == {"100"}
    assert recall["class"][0] == "airplane"
