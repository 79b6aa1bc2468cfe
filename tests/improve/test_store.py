# SPDX-License-Identifier: Apache-2.0
"""Intermediate results are found again, made anew where their key differs, and survive an interruption."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish._improve.store import Store, key_of
from burnish.data import DataError

COLUMNS = {"square": ((), np.int64), "pair": ((2,), np.float32)}


def _rows(calls: list[tuple[int, int]]) -> Any:
    def make(start: int, stop: int) -> dict[str, npt.NDArray[Any]]:
        calls.append((start, stop))
        i = np.arange(start, stop)
        return {"square": i**2, "pair": np.stack([i, -i], axis=1)}

    return make


def test_a_full_disk_is_an_error_rather_than_the_end_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def full(descriptor: int, start: int, size: int) -> None:
            assert size >= 25 * 8
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(OSError, match=r"No space left on device: .*npy"):
            Store(tmp_path).rows("stage", "a", 25, COLUMNS, _rows([]))
    made = Store(tmp_path).rows("stage", "a", 25, COLUMNS, _rows([]))
    assert np.array_equal(made["square"], np.arange(25) ** 2)
    for path in (tmp_path / "stage").glob("*.npy"):
        assert path.stat().st_blocks * 512 >= path.stat().st_size  # there is room for all of it, written or not


def test_rows_are_made_once(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    told: list[tuple[int, int]] = []
    for _ in range(2):
        made = Store(tmp_path).rows(
            "stage", "a", 25, COLUMNS, _rows(calls), block=10, progress=lambda done, of: told.append((done, of))
        )
        assert np.array_equal(made["square"], np.arange(25) ** 2)
        assert np.array_equal(made["pair"][:, 1], -np.arange(25))
    assert calls == [(0, 10), (10, 20), (20, 25)]
    assert told == [(10, 25), (20, 25), (25, 25)]
    Store(tmp_path).rows("stage", "b", 25, COLUMNS, _rows(calls), block=25)
    assert calls[3:] == [(0, 25)]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []

    def interrupted(start: int, stop: int) -> Any:
        if start == 20:
            raise KeyboardInterrupt
        return _rows(calls)(start, stop)

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).rows("stage", "a", 40, COLUMNS, interrupted, block=10)
    made = Store(tmp_path).rows("stage", "a", 40, COLUMNS, _rows(calls), block=10)
    assert calls == [(0, 10), (10, 20), (20, 30), (30, 40)]
    assert np.array_equal(made["square"], np.arange(40) ** 2)


def test_results_are_made_once(tmp_path: Path) -> None:
    calls = []

    def make() -> dict[str, Any]:
        calls.append(1)
        return {"numbers": [1, 2, 3], "name": "digits"}

    for key in ("a", "a", "b"):
        found = Store(tmp_path).result("stage", key, make)
        assert found["numbers"].tolist() == [1, 2, 3]
        assert str(found["name"]) == "digits"
    assert len(calls) == 2


def test_a_store_without_a_folder_leaves_nothing(tmp_path: Path) -> None:
    store = Store()
    assert Store().rows("stage", "a", 0, COLUMNS, _rows([]))["pair"].shape == (0, 2)
    store.result("stage", "a", lambda: {"x": 1})
    folder = store.folder
    assert folder.exists()
    del store
    assert not folder.exists()


def test_keys_tell_contents_apart() -> None:
    keys = [key_of(part) for part in (1, "1", 1.0, np.arange(4), np.arange(4).reshape(2, 2), np.arange(4.0), None, ())]
    assert len({*keys, key_of("a", "b"), key_of("ab"), key_of("a;str:'b'")}) == len(keys) + 3
    assert key_of(np.arange(6)[::2]) == key_of(np.array([0, 2, 4]))


def test_one_run_at_a_time(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="only systems with locks keep runs apart")
    place = tmp_path / "out" / ".burnish"
    with Store(place).alone():
        with pytest.raises(DataError, match=r"another run is writing to .*out; wait for it"), Store(place).alone():
            raise AssertionError
        with Store(tmp_path / "elsewhere").alone(), Store().alone(), Store().alone():
            pass
    with pytest.raises(KeyError), Store(place).alone():  # what went wrong leaves it free
        raise KeyError
    with Store(place).alone():
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl", reason="only systems with locks keep runs apart")

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with Store(tmp_path).alone():
        assert Store(tmp_path).result("stage", "a", lambda: {"x": 1})["x"] == 1
