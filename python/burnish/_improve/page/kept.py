# SPDX-License-Identifier: Apache-2.0
"""Findings and pictures in a folder, so that the report can be made again without the data."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from burnish._files import replacing
from burnish._improve.page.findings import Findings
from burnish._improve.proof import Gain, Proof, Trial
from burnish._improve.proposals import COLUMNS, Proposals
from burnish.data import DataError

FOLDER = "report"  # below that of the other intermediate results
_FACTS, _ARRAYS = "findings.json", "findings.npz"
_PROPOSED = [name for name in COLUMNS if name != "reason"]  # in arrays; reasons are kept among the facts


def keep(findings: Findings, pictures: Mapping[int, bytes], folder: Path) -> None:
    """Write findings and the pictures shown to a folder."""
    facts: dict[str, Any] = {
        name: getattr(findings, name)
        for name in ("title", "names", "ids", "problems", "settings", "commands", "pipeline")
    }
    arrays: dict[str, Any] = {f"column-{name}": findings.column(name) for name in findings.columns}
    arrays |= {f"picture-{i}": np.frombuffer(data, np.uint8) for i, data in pictures.items()}
    if findings.proposals is not None:
        arrays |= {f"proposed-{name}": getattr(findings.proposals, name) for name in _PROPOSED}
        facts["reasons"] = list(findings.proposals.reason)
    if findings.proof is not None:
        facts["proof"] = asdict(findings.proof)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / _ARRAYS) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)
    with replacing(folder / _FACTS) as partial:
        partial.write_text(json.dumps(facts, default=_plain), encoding="ascii")


def kept(folder: Path) -> tuple[Findings, dict[int, bytes]]:
    """Return what `keep` wrote.

    Raises
    ------
    DataError
        If it is not there, or not whole.
    """
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="ascii"))
        with open(folder / _ARRAYS, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _findings(facts, arrays), {
            int(name[8:]): data.tobytes() for name, data in arrays.items() if name.startswith("picture-")
        }
    except FileNotFoundError as error:
        raise DataError(f"{folder} has no findings of `burnish improve`; run that first") from error
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"{folder} has findings that cannot be read ({error}); run `burnish improve` again") from error


def _findings(facts: dict[str, Any], arrays: dict[str, Any]) -> Findings:
    proposals = None
    if "reasons" in facts:
        reason = np.empty(len(facts["reasons"]), object)
        reason[:] = facts["reasons"]
        ids = tuple(facts["ids"])
        proposals = Proposals(reason=reason, ids=ids, **{name: arrays[f"proposed-{name}"] for name in _PROPOSED})
    return Findings(
        title=facts["title"],
        names=tuple(facts["names"]),
        ids=tuple(facts["ids"]),
        columns={name[7:]: array for name, array in arrays.items() if name.startswith("column-")},
        proposals=proposals,
        problems=tuple((name, kind, text) for name, kind, text in facts["problems"]),
        proof=_proof(facts["proof"]) if "proof" in facts else None,
        settings=facts["settings"],
        commands=tuple((what, command) for what, command in facts["commands"]),
        pipeline=facts["pipeline"],
    )


def _proof(facts: dict[str, Any]) -> Proof:
    trials = []
    for trial in facts["trials"]:
        recall = np.array(trial["recall"], np.float64).reshape(len(trial["recall"]), -1)
        gains = {name: Gain(**gain) for name, gain in trial["gains"].items()}
        measures = {name: tuple(values) for name, values in trial["measures"].items()}
        trials.append(
            Trial(**{**trial, "recall": recall, "gains": gains, "measures": measures, "rows": tuple(trial["rows"])})
        )
    arrays = {name: np.array(facts[name], np.float64) for name in ("trained", "held_out")}
    return Proof(**{**facts, "trials": tuple(trials), **arrays})


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return str(value)
