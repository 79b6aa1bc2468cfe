# SPDX-License-Identifier: Apache-2.0
"""What is compiled for a newer processor stays there, and the module exports nothing but itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import burnish
import pytest
from burnish import _core

# The entry points of every file that is compiled once per level, without their level.
ENTRY_POINTS = {
    "blur_cpu.cpp.o": {
        (
            "void burnish::augment::separable_tile<>(burnish::augment::Source const&, "
            "burnish::augment::Levels const&, burnish::augment::Tile const&, float*)"
        ),
        (
            "void burnish::augment::taps_tile<>(burnish::augment::Source const&, "
            "burnish::augment::Levels const&, burnish::augment::Tile const&, float*)"
        ),
    },
    "blur_bytes_cpu.cpp.o": {
        "void burnish::augment::blur_bytes<>(burnish::augment::Source const&, burnish::augment::Image const&, char*)",
    },
    "boxes_cpu.cpp.o": {
        (
            "void burnish::augment::filter_boxes<>(burnish::augment::Prepare const&, "
            "burnish::augment::Levels const&, burnish::augment::Boxes const&)"
        ),
    },
    "bytes_cpu.cpp.o": {
        (
            "void burnish::augment::move_image<>(burnish::augment::Source const&, burnish::augment::Image const&, "
            "burnish::augment::ByteWork const&)"
        ),
        "void burnish::augment::count_bytes<>(burnish::augment::Image const&, burnish::augment::Histogram*)",
    },
    "scale_cpu.cpp.o": {
        (
            "void burnish::augment::scale_image<>(burnish::augment::Source const&, "
            "burnish::augment::ColorScale const&, burnish::augment::Image const&, bool)"
        ),
    },
    "color_cpu.cpp.o": {
        "void burnish::augment::color_tile<>(burnish::augment::TileJob const&)",
        (
            "void burnish::augment::count_values<>(burnish::augment::Tile const&, "
            "burnish::augment::Levels const&, burnish::augment::Histogram*)"
        ),
        "long burnish::augment::luma_sum<>(burnish::augment::Tile const&, burnish::augment::Levels const&)",
        "long burnish::augment::value_sum<>(burnish::augment::Tile const&, burnish::augment::Levels const&)",
    },
    "copy_cpu.cpp.o": {
        (
            "void burnish::augment::store_tile<>(burnish::augment::Tile const&, burnish::augment::Image const&, "
            "burnish::augment::Change const*, bool)"
        ),
        "void burnish::augment::copy_tile<>(burnish::augment::Source const&, burnish::augment::Tile const&)",
    },
    "erase_cpu.cpp.o": {
        "void burnish::augment::erase_tile<>(burnish::augment::TileJob const&)",
    },
    "mix_cpu.cpp.o": {"void burnish::augment::mix_band<>(burnish::augment::MixJob const&, long, void*)"},
    "noise_cpu.cpp.o": {"void burnish::augment::noise_tile<>(burnish::augment::TileJob const&)"},
    "planes_cpu.cpp.o": {
        ("void burnish::augment::resize_planes<>(burnish::augment::Levels const&, burnish::augment::Planes const&)"),
    },
    "warp_cpu.cpp.o": {
        "void burnish::augment::warp_bytes<>(burnish::augment::Source const&, int, burnish::augment::Image const&)",
        (
            "void burnish::augment::warp_tile<>(burnish::augment::Source const&, "
            "burnish::augment::Levels const&, burnish::augment::Tile const&)"
        ),
    },
    "warp_image_cpu.cpp.o": {
        (
            "void burnish::augment::warp_image<>(burnish::augment::Source const&, "
            "burnish::augment::Levels const&, burnish::augment::Step const*, burnish::augment::Image const&, "
            "float*, bool)"
        ),
    },
    "interpolate_cpu.cpp.o": {
        "void burnish::balance::interpolate_rows<>(burnish::balance::InterpolateJob const&, long, long)"
    },
    "encode_cpu.cpp.o": {"void burnish::neighbors::encode_block<>(burnish::neighbors::EncodeJob&)"},
    "filter_cpu.cpp.o": {"int burnish::neighbors::filter_pairs<>(burnish::neighbors::FilterJob const&)"},
    "first_reach_cpu.cpp.o": {"void burnish::neighbors::first_reach<>(burnish::neighbors::FirstReachJob const&)"},
    "measure_cpu.cpp.o": {"void burnish::neighbors::measure_pairs<>(burnish::neighbors::MeasureJob const&)"},
    "project_cpu.cpp.o": {"void burnish::neighbors::project_rows<>(burnish::neighbors::ProjectJob const&)"},
    "hardest_cpu.cpp.o": {
        "long burnish::hardness::collect_at_least<>(float const*, long, int, float, unsigned int*)",
        "long burnish::hardness::collect_at_least<>(double const*, long, int, double, unsigned int*)",
    },
    "focal_cpu.cpp.o": {
        "void burnish::losses::softmax_rows<>(burnish::losses::SoftmaxJob const&, long, long, void*)",
        "void burnish::losses::sigmoid_rows<>(burnish::losses::SigmoidJob const&, long, long)",
        "bool burnish::losses::softmax_targets<>(burnish::losses::SoftmaxJob const&, long, long)",
        "bool burnish::losses::sigmoid_targets<>(burnish::losses::SigmoidJob const&, long, long)",
        "void burnish::losses::scale_values<>(burnish::losses::ScaleJob const&, long, long)",
    },
    "tiles_cpu.cpp.o": {
        "bool burnish::metrics::binary_flags<>(burnish::metrics::TileView const&, unsigned char*)",
        "int burnish::metrics::flags_of<>(burnish::metrics::TileView const&, long, unsigned char*)",
        "int burnish::metrics::threshold_flags<>(burnish::metrics::TileView const&, double, unsigned char*)",
        "int burnish::metrics::codes_of<>(burnish::metrics::TileView const&, long, long, unsigned short*)",
        "burnish::metrics::TileRange burnish::metrics::range_of<>(burnish::metrics::TileView const&)",
        "void burnish::metrics::add_flags<>(unsigned char const*, unsigned char const*, int, long*)",
        "burnish::metrics::KeyRange burnish::metrics::keys_of<>(burnish::metrics::TileView const&, unsigned long*)",
        "burnish::metrics::KeyRange burnish::metrics::keys_of<>(burnish::metrics::TileView const&, unsigned int*)",
    },
    "scores_cpu.cpp.o": {"void burnish::hardness::score_rows<>(burnish::hardness::ScoreJob const&, long, long)"},
    "survey_cpu.cpp.o": {
        "void burnish::quality::survey_rows<>(burnish::quality::SurveyJob const&, long, long, void*)",
        (
            "void burnish::quality::collect_rows<>(burnish::quality::CollectJob const&, long, long, void*, "
            "burnish::quality::Taker)"
        ),
        (
            "void burnish::quality::hand_rows<>(burnish::quality::RowJob const&, long, long, void*, "
            "burnish::quality::RowTaker)"
        ),
    },
}
LEVEL = re.compile(r"\(burnish::Isa\)(\d)")


class Member(NamedTuple):
    """One object file of the archive."""

    name: str
    symbols: tuple[tuple[str, str], ...]  # type letter of nm and name

    @property
    def levels(self) -> set[int]:
        return {int(level) for _, name in self.symbols for level in LEVEL.findall(name)}


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} (binutils) is not installed")
    return path


def output(*command: object) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def members(library: Path) -> list[Member]:
    found = []
    for part in output(tool("nm"), "--demangle", "--extern-only", "--defined-only", library).split("\n\n"):
        name, _, lines = part.strip().partition(":\n")
        symbols = (line.split(maxsplit=2)[1:] for line in lines.splitlines())
        found.append(Member(name.rstrip(":"), tuple((kind, symbol) for kind, symbol in symbols)))
    return [member for member in found if member.name]


def test_every_level_is_there_once(members: list[Member]) -> None:
    levels = defaultdict(list)
    for member in members:
        if member.name.endswith("_cpu.cpp.o"):
            levels[member.name].append(member.levels)
    expected = [{level} for level in range(len(burnish.build_info()["isa_levels"]))]
    assert set(levels) == set(ENTRY_POINTS), "a new file per level needs a line in ENTRY_POINTS"
    for name, found in levels.items():
        assert sorted(found, key=min) == expected, name


def test_objects_of_a_level_define_their_entry_points_alone(members: list[Member]) -> None:
    """No inline function, template or variable that the linker could take for another level's."""
    for member in members:
        if not member.name.endswith("_cpu.cpp.o"):
            continue
        assert {kind for kind, _ in member.symbols} == {"T"}, member
        names = [re.sub(LEVEL, "", name) for _, name in member.symbols]
        assert len(names) == len(set(names))
        assert set(names) == ENTRY_POINTS[member.name]


def test_other_objects_define_no_level(members: list[Member]) -> None:
    others = [member for member in members if not member.name.endswith("_cpu.cpp.o")]
    assert "isa.cpp.o" in {member.name for member in others}
    assert all(not member.levels for member in others)


def widest_registers(library: Path) -> Iterator[tuple[str, set[int], str]]:
    """Yield each member's name, the levels its functions name, and the widest vector register that it uses."""
    disassembly = output(tool("objdump"), "--disassemble", "--no-show-raw-insn", library)
    for part in re.split(r"\n(?=\S+:     file format )", disassembly)[1:]:
        levels = {int(level) for level in re.findall(r"LNS_3IsaE(\d)EE", part)}
        widest = next((register for register in ("zmm", "ymm", "xmm") if f"%{register}" in part), "none")
        yield part.partition(":")[0], levels, widest


def test_wide_registers_are_used_at_their_level_alone(library: Path) -> None:
    if burnish.build_info()["isa_levels"] != ["v2", "v3", "v4"]:
        pytest.skip("registers are those of x86-64")
    seen = set()
    for name, levels, widest in widest_registers(library):
        if not name.endswith("_cpu.cpp.o"):
            assert widest in ("xmm", "none"), name
            continue
        (level,) = levels
        seen.add((level, widest))
        assert widest == ("xmm", "ymm", "zmm")[level], f"{name} of level {level}"
    assert {level for level, _ in seen} == {0, 1, 2}


def test_module_exports_its_entry_alone() -> None:
    lines = output(tool("nm"), "--dynamic", "--extern-only", "--defined-only", _core.__file__).splitlines()
    assert [line.split()[-1] for line in lines] == ["PyInit__core"]


def test_module_needs_the_system_libraries_alone() -> None:
    """No OpenMP, BLAS, torch or CUDA library, and not the interpreter's."""
    dynamic = output(tool("readelf"), "--dynamic", "--wide", _core.__file__)
    needed = {name.split(".so")[0] for name in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)}
    assert needed <= {"libstdc++", "libm", "libgcc_s", "libc", "libpthread", "libdl", "librt", "ld-linux-x86-64",
                      "ld-linux-aarch64"}  # fmt: skip
    assert "libc" in needed
