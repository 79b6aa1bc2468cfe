# SPDX-License-Identifier: Apache-2.0
"""The last sections: files that needed care, and how the report was made."""

from __future__ import annotations

from burnish._improve.page.findings import Findings
from burnish._improve.page.html import Markup, element, joined, name_of, table, visible
from burnish._improve.page.parts import ROWS, Section, none
from burnish._words import counted

_FILES = 200


def files_section(findings: Findings) -> Section:
    kinds: dict[str, int] = {}
    for _, kind, _ in findings.problems:
        kinds[kind] = kinds.get(kind, 0) + 1
    skipped = int((~findings.column("usable")).sum())
    rows = [(name_of(name, 60, "code"), visible(kind), visible(text)) for name, kind, text in findings.problems]
    counts = ", ".join(
        f"{n:,} {visible(kind)}" for kind, n in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    )
    meaning = (
        f"{counted(skipped, 'file')} could not be used and {'was' if skipped == 1 else 'were'} skipped."
        if skipped
        else "Every file could be read."
    )
    if counts:
        meaning += f" By kind: {counts}."
    body = none("No file needed care.")
    if rows:
        some = f"The first {_FILES:,} of {len(rows):,}; all are in manifest.json." if len(rows) > _FILES else ""
        heads = [("File", "t"), ("Kind", "t"), ("What about it", "t")]
        body = joined(
            (
                table("Files that needed care", heads, rows[:_FILES], shown=ROWS),
                element("p", some, class_="small") if some else "",
            )
        )
    return Section(
        "files",
        "Files that needed care",
        meaning,
        "Fetch the unreadable ones anew from where they came. Converted ones are safe if your training reads them the "
        "same way; rotated photographs and CMYK often are not.",
        "",
        body,
    )


def settings_section(findings: Findings) -> Section:
    rows = [(visible(name), visible(str(value))) for name, value in findings.settings.items()]
    parts: list[str] = []
    for what, command in findings.commands:
        parts += [element("h3", what), element("pre", element("code", command), tabindex="0", class_="command")]
    parts.append(element("h3", "Settings"))
    parts.append(table("Settings", [("Name", "t"), ("Value", "t")], rows) if rows else none("None were noted."))
    parts.append(element("h3", "Pipeline of the copies"))
    parts.append(
        element("pre", element("code", Markup(_lines(findings.pipeline))), tabindex="0", class_="command")
        if findings.pipeline
        else none("No copies were made.")
    )
    return Section(
        "settings",
        "How this was made",
        "The same data, settings and version give the same page, byte for byte.",
        "Keep manifest.json with the set: it says of every sample what was done and why.",
        "",
        joined(parts),
    )


def _lines(text: str) -> str:
    return "\n".join(joined([line]) for line in text.split("\n"))
