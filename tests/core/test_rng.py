# SPDX-License-Identifier: Apache-2.0
"""Philox 4x32-10 against the known answers of Random123 and a twin in plain Python."""

from __future__ import annotations

import random

import pytest
from burnish import _core

MASK = 2**32 - 1

# tests/kat_vectors of Random123: counter, key, result.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


def philox4x32(counter: list[int], key: list[int]) -> list[int]:
    """Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011, section 3.3."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN_ANSWERS)
def test_known_answers(counter: str, key: str, result: str) -> None:
    assert _core._philox4x32(words(counter), words(key)) == words(result)
    assert philox4x32(words(counter), words(key)) == words(result)


def test_against_the_plain_twin() -> None:
    generator = random.Random(1)
    for _ in range(2000):
        counter = [generator.getrandbits(32) for _ in range(4)]
        key = [generator.getrandbits(32) for _ in range(2)]
        assert _core._philox4x32(counter, key) == philox4x32(counter, key)


@pytest.mark.parametrize(
    ("counter", "key"),
    [([0, 0, 0], [0, 0]), ([0, 0, 0, 0, 0], [0, 0]), ([0, 0, 0, 0], [0]), ([-1, 0, 0, 0], [0, 0]),
     ([2**32, 0, 0, 0], [0, 0]), ([0, 0, 0, 0], [0.5, 0])],
)  # fmt: skip
def test_bad_words_are_refused(counter: list[int], key: list[int]) -> None:
    with pytest.raises(TypeError):
        _core._philox4x32(counter, key)
