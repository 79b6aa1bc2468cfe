# SPDX-License-Identifier: Apache-2.0
"""Elements of an HTML page, put together so that no text of the data can become markup."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence

_VOID = ("img", "meta")
# Neither seen nor harmless: control and format characters (right-to-left marks), halves of pairs, line separators.
_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
_NAME_LENGTH = 56
_UNBROKEN = 16  # characters of a word; longer ones may be broken anywhere


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def visible(text: str) -> str:
    r"""Return `text` with what cannot be seen written out, as in ``\n`` and ``\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def shortened(text: str, longest: int = _NAME_LENGTH) -> str:
    """Return `text` with its middle left out where it is longer than `longest`."""
    text = visible(text)
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-(longest - longest // 2 - 1) :]}"


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Return an element; children that are not `Markup` are escaped, and so are attributes.

    Names of attributes: ``class_`` is class, ``data_id`` is data-id. None leaves one out, True gives no value.
    """
    parts = [f"<{tag}"]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        parts.append(f" {name}" if value is True else f' {name}="{html.escape(visible(str(value)))}"')
    parts.append(">")
    if tag not in _VOID:
        parts.extend((joined(children), f"</{tag}>"))
    return Markup("".join(parts))


def joined(children: Iterable[str], between: str = "") -> Markup:
    """Return children one behind the other."""
    return Markup(between.join(c if isinstance(c, Markup) else html.escape(visible(c), quote=False) for c in children))


def name_of(text: str, longest: int = _NAME_LENGTH, tag: str = "span") -> Markup:
    """Return the name of a file or class: isolated from the direction of the text around, whole in its title."""
    short = shortened(text, longest)
    kind = "name long" if any(len(word) > _UNBROKEN for word in short.split()) else "name"
    return element(tag, element("bdi", short), class_=kind, title=text if short != text else None)


def table(
    caption: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], *, shown: int | None = None
) -> Markup:
    """Return a table that scrolls within its box where it is too wide.

    Parameters
    ----------
    caption : str
        What it holds, for those who cannot see it.
    columns : sequence of (heading, class)
        "n" for numbers, "t" for text, "c" for charts.
    rows : sequence of sequence of str
        The first cell of each names the row.
    shown : int, optional
        Rows above are folded away.
    """
    if shown is not None and len(rows) > shown:
        rest = element("summary", f"{len(rows) - shown:,} more")
        folded = element("details", rest, table(f"{caption}, continued", columns, rows[shown:]))
        return joined((table(caption, columns, rows[:shown]), folded))
    head = element("tr", *(element("th", text, scope="col", class_=kind) for text, kind in columns))
    body = (
        element(
            "tr",
            *(
                element("th", cell, scope="row") if i == 0 else element("td", cell, class_=kind)
                for i, (cell, (_, kind)) in enumerate(zip(row, columns, strict=True))
            ),
        )
        for row in rows
    )
    content = (element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", element("table", *content), class_="scroll", tabindex="0", role="region", aria_label=caption)
