# SPDX-License-Identifier: Apache-2.0
"""Errors name the call that the user made, not one that it makes inside."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PREFIX = re.compile(r"[A-Za-z_]\w*(\.\w+)?: ")


@contextmanager
def naming(call: str) -> Iterator[None]:
    """Let what is refused inside be refused by `call`."""
    try:
        yield
    except (TypeError, ValueError, BufferError) as error:
        message = str(error)
        if message.startswith((f"{call}: ", f"{call}.", f"{call}(")):  # the last is Python's, of wrong arguments
            raise
        inner = _PREFIX.match(message)
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"{call}: {message[inner.end() :] if inner else message}") from error


def named(call: str) -> Callable[[_Function], _Function]:
    """Decorate the public function `call`."""

    def decorate(function: _Function) -> _Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **options: Any) -> Any:
            with naming(call):
                return function(*args, **options)

        return cast(_Function, wrapper)

    return decorate
