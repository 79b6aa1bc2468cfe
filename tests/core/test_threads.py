# SPDX-License-Identifier: Apache-2.0
"""The thread pool: settings, forks, callers on many threads, signals; results never depend on any of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import hardness

Run = Callable[..., subprocess.CompletedProcess[str]]

NAMES = ("entropy", "margin", "el2n", "rank_of_label", "predictions")


@pytest.fixture(autouse=True)
def restored_threads() -> Iterator[None]:
    before = burnish.get_num_threads()
    yield
    burnish.set_num_threads(before)


def make(seed: int, rows: int = 20_000, classes: int = 100) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(rows, classes)).astype(np.float32) * 3, generator.integers(0, classes, rows)


def score(data: tuple[Any, Any]) -> bytes:
    return b"".join(found.tobytes() for found in hardness.scores(*data, NAMES).values())


# Settings


@pytest.mark.parametrize("n", [1, 2, 5, 1024, np.int64(3)])
def test_set_and_get(n: int) -> None:
    burnish.set_num_threads(n)
    assert burnish.get_num_threads() == n == burnish.build_info()["num_threads"]


@pytest.mark.parametrize("n", [0, -1, 1025, 2**31 - 1])
def test_numbers_out_of_range(n: int) -> None:
    burnish.set_num_threads(2)
    with pytest.raises(ValueError, match=rf"set_num_threads: 'n' is {n}; accepted: an integer, 1 to 1024"):
        burnish.set_num_threads(n)
    assert burnish.get_num_threads() == 2


@pytest.mark.parametrize("n", [2**40, -(2**70), 1.5, "2", None, [2], float("nan")])
def test_what_is_no_number_of_threads(n: Any) -> None:
    burnish.set_num_threads(2)
    with pytest.raises((TypeError, ValueError)):
        burnish.set_num_threads(n)
    assert burnish.get_num_threads() == 2


def test_results_do_not_depend_on_the_number() -> None:
    data = make(0)
    results = set()
    for n in (1, 2, 3, 7, 64):
        burnish.set_num_threads(n)
        results.add(score(data))
    assert len(results) == 1


PRINT_SETTINGS = """
    import burnish, numpy as np
    from burnish import hardness
    logits = (np.arange(4000, dtype=np.float32) % 37).reshape(40, 100)
    print(burnish.get_num_threads(), burnish.build_info()["isa_level"], hardness.entropy(logits).tobytes().hex())
"""


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("3", 3), ("1024", 1024), ("", None)])
def test_threads_from_the_environment(run_python: Run, text: str, expected: int | None) -> None:
    run = run_python(PRINT_SETTINGS, environment={"BURNISH_NUM_THREADS": text})
    assert run.returncode == 0, run.stderr
    assert int(run.stdout.split()[0]) == (expected or len(os.sched_getaffinity(0)))


def test_default_is_the_processors_at_hand(run_python: Run) -> None:
    run = run_python("import os\nos.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])\n"
                     "import burnish\nprint(burnish.get_num_threads())\n")  # fmt: skip
    assert run.stdout == "1\n", run.stderr


@pytest.mark.parametrize("text", ["0", "-2", "1025", "99999999999999999999", "two", "2x", "1.5"])
def test_bad_threads_from_the_environment(run_python: Run, text: str) -> None:
    run = run_python(PRINT_SETTINGS, environment={"BURNISH_NUM_THREADS": text})
    assert run.returncode == 1
    assert f"ValueError: BURNISH_NUM_THREADS is '{text}'; accepted: 1 to 1024" in run.stderr


def levels_of_this_processor() -> list[str]:
    info = burnish.build_info()
    built = list(info["isa_levels"])
    return built[: built.index(info["isa_level"]) + 1]


def test_level_from_the_environment(run_python: Run) -> None:
    results = set()
    for level in levels_of_this_processor():
        run = run_python(PRINT_SETTINGS, environment={"BURNISH_CPU": level})
        assert run.returncode == 0, run.stderr
        _, used, bits = run.stdout.split()
        assert used == level
        results.add(bits)
    assert len(results) == 1
    assert run_python(PRINT_SETTINGS, environment={"BURNISH_CPU": ""}).returncode == 0


@pytest.mark.parametrize("text", ["v9", "V2", "avx2", "v2 "])
def test_bad_level_from_the_environment(run_python: Run, text: str) -> None:
    run = run_python(PRINT_SETTINGS, environment={"BURNISH_CPU": text})
    assert run.returncode == 1
    levels = ", ".join(levels_of_this_processor())
    assert f"ValueError: BURNISH_CPU is '{text}'; accepted on this processor: {levels}" in run.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in Linux's /proc")
def test_threads_start_when_needed_and_sleep_between_calls(run_python: Run) -> None:
    run = run_python(
        """
        import os, time
        import numpy as np
        import burnish
        from burnish import hardness

        def threads():
            return len(os.listdir("/proc/self/task"))

        def processor_time():
            return sum(os.times()[:2])

        burnish.set_num_threads(3)
        at_start = threads()
        hardness.entropy(np.ones((50, 10), np.float32))  # too small to be split
        assert threads() == at_start, "a small call started threads"
        logits = np.ones((50_000, 100), np.float32)
        hardness.entropy(logits)
        assert threads() == at_start + 2, threads() - at_start
        burnish.set_num_threads(2)
        hardness.entropy(logits)
        assert threads() == at_start + 2, "threads are kept"
        before = processor_time()
        time.sleep(0.5)
        assert processor_time() - before < 0.1, "idle threads burn processor time"
        """,
        environment={"OPENBLAS_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr


# Callers on many threads


@pytest.mark.parametrize("threads_each", [1, 2, 7])
def test_eight_callers_at_once(threads_each: int) -> None:
    data = [make(seed, rows=3000 + 500 * seed) for seed in range(8)]
    burnish.set_num_threads(1)
    expected = [score(d) for d in data]
    burnish.set_num_threads(threads_each)
    barrier = threading.Barrier(8)

    def call(i: int) -> bool:
        barrier.wait()
        return all(score(data[i]) == expected[i] for _ in range(5))

    with ThreadPoolExecutor(8) as executor:
        assert all(executor.map(call, range(8)))


def test_setting_changes_while_others_work() -> None:
    data = make(1)
    expected = score(data)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for n in (1, 2, 5):
                burnish.set_num_threads(n)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        assert all(score(data) == expected for _ in range(20))
    finally:
        stop.set()
        changer.join()


def test_errors_of_one_caller_are_its_own() -> None:
    data = make(2)
    expected = score(data)
    burnish.set_num_threads(2)

    def call(i: int) -> bool:
        if i % 2:
            return all(score(data) == expected for _ in range(5))
        for _ in range(50):
            with pytest.raises(ValueError, match="'labels' is 100 in row 7"):
                hardness.correct(data[0], np.where(np.arange(len(data[1])) == 7, 100, data[1]))
        return True

    with ThreadPoolExecutor(4) as executor:
        assert all(executor.map(call, range(4)))


# Forks


FORKS = """
    import os, signal, sys, threading
    import numpy as np
    import burnish
    from burnish import hardness

    signal.alarm(300)  # a deadlock ends the process
    generator = np.random.default_rng(0)
    logits, labels = generator.normal(size=(20_000, 100)).astype(np.float32), generator.integers(0, 100, 20_000)

    def score():
        found = hardness.scores(logits, labels, ("entropy", "el2n", "predictions"))
        return b"".join(values.tobytes() for values in found.values())

    def in_child(function):
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            try:
                function()
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_call_fork_call(run_python: Run, threads: int) -> None:
    run = run_python(
        FORKS
        + f"""
    burnish.set_num_threads({threads})
    expected = score()

    def child():
        assert burnish.get_num_threads() == 1
        assert score() == expected
        burnish.set_num_threads(2)
        assert burnish.get_num_threads() == 2
        assert score() == expected
        in_child(grandchild)
        assert score() == expected

    def grandchild():
        assert burnish.get_num_threads() == 1
        burnish.set_num_threads(3)
        assert score() == expected

    in_child(child)
    assert burnish.get_num_threads() == {threads}
    assert score() == expected
    """,
        warnings="ignore",
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork_while_another_thread_is_in_a_call(run_python: Run) -> None:
    run = run_python(
        FORKS
        + """
    burnish.set_num_threads(2)
    expected = score()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            score()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()

    def child():
        assert score() == expected
        burnish.set_num_threads(2)
        assert score() == expected

    for _ in range(20):
        in_child(child)
    stop.set()
    for worker in workers:
        worker.join()
    assert score() == expected
    """,
        warnings="ignore",
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_data_loader_workers(run_python: Run) -> None:
    """One thread and the same bits in workers, however they are started."""
    pytest.importorskip("torch")
    run = run_python(
        """
        import signal
        import numpy as np
        import torch
        from torch.utils.data import DataLoader, Dataset
        import burnish
        from burnish import hardness

        class Shards(Dataset):
            def __len__(self):
                return 4

            def __getitem__(self, i):
                logits = torch.from_numpy(np.random.default_rng(i).normal(size=(5000, 100)).astype(np.float32))
                return burnish.get_num_threads(), hardness.entropy(logits).numpy().tobytes()

        def first(items):
            return items[0]

        if __name__ == "__main__":
            signal.alarm(300)
            burnish.set_num_threads(3)
            expected = [Shards()[i][1] for i in range(4)]
            for start, workers in (("fork", 2), ("spawn", 1)):
                loader = DataLoader(
                    Shards(), num_workers=workers, multiprocessing_context=start, collate_fn=first, batch_size=1
                )
                found = list(loader)
                assert [bits for _, bits in found] == expected, start
                print(start, *(threads for threads, _ in found))
            assert burnish.get_num_threads() == 3
        """,
        warnings="ignore",
        environment={"OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "fork 1 1 1 1\nspawn 1 1 1 1\n"


# Signals


LONG_CALLS = {
    "many rows": "hardness.entropy(one((4_000_000, 1000)), out=out)",
    "with labels": "hardness.scores(one((4_000_000, 1000)), np.zeros(4_000_000, int), ('el2n', 'predictions'), "
    "out={'el2n': out, 'predictions': np.empty(4_000_000, np.int64)})",
    "long rows": "hardness.entropy(one((10_000, 500_000)), out=out[-10_000:])",
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", LONG_CALLS)
def test_ctrl_c_is_answered_before_the_end(tmp_path: Path, call: str, threads: int) -> None:
    """That the last row is as it was shows that the call did not go on to its end, however slow the machine is."""
    program = tmp_path / "program.py"
    program.write_text(
        f"""
import os
import signal
import threading
import numpy as np
import burnish
from burnish import hardness

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell ignores it

def one(shape):
    return np.broadcast_to(np.float32(1), shape)  # takes no memory

burnish.set_num_threads({threads})
small = hardness.entropy(np.ones((5000, 100), np.float32))
out = np.full(4_000_000, -5, np.float32)
threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
try:
    {LONG_CALLS[call]}
    print("finished")
except KeyboardInterrupt:
    print("interrupted", out[-1])
assert np.array_equal(hardness.entropy(np.ones((5000, 100), np.float32)), small)  # works as before
"""
    )
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stdout) == (0, "interrupted -5.0\n"), run.stderr


HANDLERS = """
    import signal
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    import burnish
    from burnish import _core, hardness

    class EnoughError(Exception):
        pass

    def every_100_ms(function):
        signal.signal(signal.SIGALRM, lambda *_: function())
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.1)  # the first soon: a fast machine is done with a call in 100

    def long_call():
        return hardness.entropy(np.broadcast_to(np.float32(1), (1_000_000, 1000)), out=np.ones(1_000_000, np.float32))

    def score():
        found = hardness.scores(logits, labels, ("entropy", "el2n", "predictions"))
        return b"".join(values.tobytes() for values in found.values())

    generator = np.random.default_rng(0)
    logits, labels = generator.normal(size=(20_000, 100)).astype(np.float32), generator.integers(0, 100, 20_000)
    expected = score()
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_signal_handlers(run_python: Run, threads: int) -> None:
    """Python runs handlers on its main thread, in the middle of a call: they may raise, and they may call burnish."""
    run = run_python(
        HANDLERS
        + f"""
    burnish.set_num_threads({threads})

    # A handler that calls while the call that it interrupts holds the pool.
    within = []
    every_100_ms(lambda: within.append(score() == expected))
    found = long_call()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert within and all(within)
    assert np.allclose(found, np.log(1000), rtol=1e-6)

    # A call on another thread goes on to its end, and does not keep the main thread from its handlers.
    handled = []
    every_100_ms(lambda: handled.append(None))
    with ThreadPoolExecutor(1) as executor:
        found = executor.submit(long_call).result()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert handled, "the call did not release the GIL"
    assert np.allclose(found, np.log(1000), rtol=1e-6)

    # A handler that raises.
    def stop():
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise EnoughError("it takes too long")

    try:  # where the alarm may come, on a busy machine, before the call
        every_100_ms(stop)
        long_call()
    except EnoughError as error:
        print(error)
    assert score() == expected
    """
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "it takes too long\n"


def test_interrupted_sums_are_left_as_they_were(run_python: Run) -> None:
    """All of the samples are added or none: who repeats the call after Ctrl-C must not count some of them twice."""
    run = run_python(
        HANDLERS
        + """
    rows = 150_000_000
    counts, sums = np.zeros((2, 3), np.int64), np.zeros((2, 2), np.int64)
    histogram = np.zeros((2, 4), np.int64)

    def stop():
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise EnoughError

    scores, labels = np.broadcast_to(np.float32(0.25), rows), np.broadcast_to(np.int8(1), rows)
    try:
        every_100_ms(stop)
        _core.accumulate("accumulate", scores, labels, None, 1.0, counts, sums, histogram)
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert counts[1, 0] == histogram.sum() == rows
    except EnoughError:
        assert counts.sum() == histogram.sum() and counts[1, 0] in (0, rows), counts
        assert sums.any() == (counts[1, 0] == rows)
    """
    )
    assert run.returncode == 0, run.stderr


# Exceptions


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited by Linux's rlimit")
@pytest.mark.parametrize("threads", [1, 3])
def test_exception_in_a_piece_reaches_the_caller(run_python: Run, threads: int) -> None:
    """Each piece of accumulate needs memory of its own; there is none left for it."""
    run = run_python(
        f"""
        import resource
        from pathlib import Path
        import numpy as np
        import burnish
        from burnish import _core, hardness

        burnish.set_num_threads({threads})
        logits = np.ones((5000, 100), np.float32)
        expected = hardness.entropy(logits)
        classes, rows = 20_000_000, 200_000_000
        counts, sums = np.zeros((classes, 3), np.int64), np.zeros((classes, 2), np.int64)
        histogram = np.zeros((2, 1), np.int64)
        scores, labels = np.broadcast_to(np.float32(1), rows), np.broadcast_to(np.int32(0), rows)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, resource.RLIM_INFINITY))
        try:
            _core.accumulate("accumulate", scores, labels, None, 0.0, counts, sums, histogram)
        except MemoryError:
            print("MemoryError")
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert not counts.any()
        assert np.array_equal(hardness.entropy(logits), expected)
        """,
        environment={"OPENBLAS_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "MemoryError\n"
