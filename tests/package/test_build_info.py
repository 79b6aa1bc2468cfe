# SPDX-License-Identifier: Apache-2.0
"""What the package says of itself: versions, stubs, what was built; with and without torch and CUDA."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import itertools
import re
import subprocess
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import _core, augment, hardness
from exporters import Exporter

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


# With and without torch


def test_keys() -> None:
    info = burnish.build_info()
    assert list(info) == ["version", "compiler", "isa_levels", "isa_level", "num_threads", "cuda", "cuda_architectures",
                          "cuda_toolkit", "cuda_devices", "cuda_problem"]  # fmt: skip
    assert info["isa_level"] in info["isa_levels"]
    assert info["num_threads"] == burnish.get_num_threads()
    assert re.fullmatch(r"\w+ \d+(\.\d+)*", info["compiler"])
    assert isinstance(info["cuda"], bool)
    assert bool(info["cuda_architectures"]) == bool(info["cuda_toolkit"]) == info["cuda"]
    assert all(isinstance(device, str) for device in info["cuda_devices"])
    if info["cuda"]:
        assert bool(info["cuda_devices"]) != bool(info["cuda_problem"])


def test_as_a_one_liner(run_python: Run) -> None:
    run = run_python("import burnish; print(burnish.build_info())")
    assert run.returncode == 0, run.stderr
    printed = ast.literal_eval(run.stdout)
    info = burnish.build_info()
    assert list(printed) == list(info)
    assert all(printed[key] == info[key] for key in ("version", "compiler", "isa_levels", "cuda"))


def test_import_does_not_import_torch(run_python: Run) -> None:
    run = run_python(
        """
        import sys
        import numpy as np
        import burnish
        from burnish import hardness
        hardness.entropy(np.ones((3, 4)))
        hardness.hardest(np.ones(3), 2)
        optional = {"torch", "scipy", "sklearn", "matplotlib", "PIL", "pandas", "numba", "cupy"}
        print(sorted(optional & sys.modules.keys()))
        """
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "[]\n"


def test_without_torch(run_python: Run) -> None:
    run = run_python(
        """
        import sys
        import numpy as np

        class NoTorch:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "torch":
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        sys.meta_path.insert(0, NoTorch())
        import burnish
        from burnish import hardness
        print(burnish.build_info()["version"])
        logits, labels = np.ones((3, 4), np.float32), np.array([0, 1, 2])
        hardness.scores(logits, labels, ("entropy", "el2n", "predictions"))
        hardness.by_class(hardness.entropy(logits), labels)
        hardness.select(hardness.entropy(logits), labels, 2, "balanced")
        hardness.uncertain(np.full((3, 4), 0.25), labels)
        hardness.Accumulator(2, 4).update(logits, labels)
        hardness.batch_dependent(lambda x: x, np.ones((4, 4)))
        assert "torch" not in sys.modules
        """
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == burnish.__version__


# Versions


def test_one_version(installed: Path) -> None:
    header = (installed / "include" / "burnish" / "version.hpp").read_text()
    macros = dict(re.findall(r"#define (BURNISH_VERSION\w*) \"?([\d.]+)\"?", header))
    version = macros["BURNISH_VERSION"]
    parts = [macros[f"BURNISH_VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH")]
    assert version == ".".join(parts) == burnish.__version__ == burnish.build_info()["version"]
    assert importlib.metadata.version("burnish") == version
    cmake = (installed / "share" / "cmake" / "burnish" / "burnish-config-version.cmake").read_text()
    assert f'set(PACKAGE_VERSION "{version}")' in cmake


def test_version_of_the_sources() -> None:
    line = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert line is not None
    assert line[1] == burnish.__version__


# Stubs


def stub() -> ast.Module:
    return ast.parse((Path(burnish.__file__).parent / "_core.pyi").read_text())


def test_stubs_name_what_the_module_has() -> None:
    named = {node.name for node in stub().body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    named |= {node.target.id for node in stub().body if isinstance(node, ast.AnnAssign)
              and isinstance(node.target, ast.Name)}  # fmt: skip
    dunder = re.compile(r"__\w+__")
    assert {name for name in named if not dunder.fullmatch(name)} == {
        name for name in vars(_core) if not dunder.fullmatch(name)
    }


def test_stubs_name_the_parameters() -> None:
    """pybind11 writes each signature in the docstring; unnamed ones read arg0, arg1, ..."""
    for node in stub().body:
        if isinstance(node, ast.FunctionDef):
            documented = str(getattr(_core, node.name).__doc__)
            overloads = re.findall(rf"{node.name}\((.*)\) ->", documented)
            assert overloads, documented
            names = [argument.arg for argument in node.args.args]
            for overload in overloads:
                found = [name for name in re.findall(r"(?:^|, )(\w+): ", overload) if name != "Overloaded"]
                if not all(re.fullmatch(r"arg\d+", name) for name in found):
                    assert found == names, documented
                assert len(found) == len(names), documented


def test_stubs_name_the_members_of_enumerations() -> None:
    classes = [node for node in stub().body if isinstance(node, ast.ClassDef)]
    classes = [node for node in classes if any("Enum" in ast.unparse(base) for base in node.bases)]
    assert classes
    for node in classes:
        members = {
            target.id: ast.literal_eval(statement.value)
            for statement in node.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }
        enumeration = getattr(_core, node.name)
        assert issubclass(enumeration, Enum)
        assert members == {member.name: member.value for member in enumeration}


@pytest.mark.parametrize("module", [burnish, hardness, augment, augment.functional], ids=lambda module: module.__name__)
def test_public_names_exist_and_are_documented(module: Any) -> None:
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert inspect.getdoc(getattr(module, name)), name


def test_typed() -> None:
    assert (Path(burnish.__file__).parent / "py.typed").is_file()


def entry_point(group: str) -> Any:
    (point,) = [point for point in importlib.metadata.entry_points(group=group) if point.name == "burnish"]
    return point.load()


def test_entry_points() -> None:
    assert callable(entry_point("console_scripts"))


# CUDA arrays where there is no CUDA

LOGITS = np.zeros((3, 4), np.float32)
ADDRESSES = itertools.count(0xDEAD0000, 0x10000)


class OnGpu(Exporter):
    """Says that it lies in CUDA memory, where nothing can be read or written from the CPU."""

    def __init__(self, *shape: int, dtype: Any = np.float32, **options: Any) -> None:
        super().__init__(np.empty(shape, dtype), **{"device": (2, 0), "data": next(ADDRESSES), **options})


class StandardOnGpu(OnGpu):
    """Allocates results there, as libraries do that follow the array API standard."""

    def __array_namespace__(self) -> Any:
        class Library:
            @staticmethod
            def empty(n: int, dtype: str) -> Any:
                return OnGpu(n, dtype=dtype, device=self.device)

        return Library


@pytest.fixture
def no_cuda() -> None:
    if burnish.build_info()["cuda"]:
        pytest.skip("burnish was built with CUDA")


GPU_CALLS: dict[str, Callable[..., Any]] = {
    "plain": lambda **options: hardness.entropy(OnGpu(3, 4, **options)),
    "array API": lambda **options: hardness.entropy(StandardOnGpu(3, 4, **options)),
    "with out": lambda **options: hardness.entropy(OnGpu(3, 4, **options), out=OnGpu(3, **options)),
    "augmentation": lambda **options: augment.HorizontalFlip()(OnGpu(2, 3, 4, 3, dtype=np.uint8, **options)),
    "probabilities": lambda **options: hardness.uncertain(OnGpu(3, 4, **options), np.zeros(3)),
}


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("call", GPU_CALLS)
@pytest.mark.parametrize("options", [{}, {"version": None}, {"device": (13, 0)}, {"device": (2, 3)}])
def test_cuda_arrays_are_refused(call: str, options: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match=r"burnish was built without CUDA.*move them to the CPU"):
        GPU_CALLS[call](**options)


@pytest.mark.usefixtures("no_cuda")
def test_cuda_arrays_beside_cpu_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'labels' is on cuda:0; accepted: cpu"):
        hardness.correct(LOGITS, OnGpu(3, dtype=np.int64))
    with pytest.raises(ValueError, match=r"'out' is on cuda:0; accepted: cpu"):
        hardness.entropy(LOGITS, out=OnGpu(3))
    images = np.zeros((2, 3, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"'out' is on cuda:0; accepted: cpu, where 'images' are"):
        augment.HorizontalFlip(p=1)(images, out=OnGpu(2, 3, 4, 3, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"'ids' is on a GPU; accepted: integers on a CPU"):
        augment.HorizontalFlip(p=1)(images, OnGpu(2, dtype=np.int64))
    with pytest.raises(ValueError, match=r"'out' is on cpu; accepted: cuda:0"):
        hardness.entropy(OnGpu(3, 4), out=np.empty(3, np.float32))
    with pytest.raises((TypeError, RuntimeError), match=r"GPU"):
        hardness.hardest(OnGpu(3), 2)


@pytest.mark.usefixtures("no_cuda")
def test_cuda_arrays_are_exported_for_the_default_stream() -> None:
    """DLPack calls CUDA's default stream 1 and forbids 0."""
    logits = StandardOnGpu(3, 4)
    with pytest.raises(RuntimeError, match="without CUDA"):
        hardness.entropy(logits, out=StandardOnGpu(3))
    assert [arguments["stream"] for arguments in logits.arguments] == [1]
    assert logits.released == logits.exported == 1
