"""What people ask of a published night: exports, and one flag explained or derived again."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Group, RenderableType
from rich.text import Text

from pipelines.ledger import export, queries
from pipelines.ledger.access_log import Reveal, reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.explain import Explanation, explain, render, stated
from pipelines.night import Progress, contracts_of, evaluate_night, policy_of, silent
from pipelines.workspace import Workspace


def export_night(
    workspace: Workspace, what: str, as_of: date, fmt: str, target: Path, *, all_states: bool = False, reason: str | None = None
) -> int:
    """Writes the flags, mismatches, links or coverage of a night to `target`; gives the number of rows.

    With a `reason` ID numbers are in clear and the access log says so; as CSV that is the machine interface.
    """
    with Ledger.open(workspace) as ledger:
        queries.run_of(ledger, as_of)
        allowed = reveal(ledger, "export", f"{what} {as_of}", reason) if reason else None
        machine = allowed is not None and fmt == "csv"
        if what == "flags":
            frame = export.flags_frame(ledger, as_of, all_states=all_states, reveal=allowed, machine=machine)
        elif what == "mismatches":
            frame = export.mismatches_frame(ledger, as_of, all_states=all_states, reveal=allowed, machine=machine)
        elif what == "links":
            frame = export.links_frame(workspace, as_of, list(contracts_of(workspace)), reveal=allowed)
        else:
            frame = queries.coverage(ledger, as_of)
    export.write(frame, target, fmt)
    return len(frame)


def explain_flag(
    workspace: Workspace, flag_id: str, progress: Progress = silent, *, replay: bool = False, reason: str | None = None
) -> tuple[RenderableType, bool]:
    """A flag or mismatch with its evidence, clause and history; with `replay` also whether the stored inputs give the same again.

    Gives what to print, and False when a replay differs.
    """
    with Ledger.open(workspace) as ledger:
        allowed: Reveal | None = reveal(ledger, "explain", flag_id, reason) if reason else None
        shown = render(explain(ledger, flag_id, contracts_of(workspace), reveal=allowed), policy_of(workspace))
        if not replay:
            return shown, True
        found = stated(ledger, flag_id)
    progress("deriving it again from the stored inputs")
    same, said = replayed(workspace, found)
    return Group(shown, Text(f"\nReplay: {said}", style="green" if same else "red")), same


def replayed(workspace: Workspace, found: Explanation) -> tuple[bool, str]:
    """Whether the rules, run again over what the flag's night had in force, give the same flag with the same evidence; and a sentence on it."""
    with tempfile.TemporaryDirectory(prefix="doudi-replay-") as folder:
        evaluate_night(workspace, found.night, Path(folder))
        is_flag = found.rule in policy_of(workspace).rules
        name, key = ("evidence", "rule") if is_flag else ("mismatch_evidence", "check")
        table = pq.read_table(Path(folder) / f"{name}.parquet")
    wanted = (pc.field(key) == found.rule) & (pc.field("subject") == found.subject) & (pc.field("county_code") == str(found.standing["county_code"]))
    cells = table.filter(wanted).to_pylist()
    again = [(cell["dataset"], cell["file"], cell["line"], cell["field"], cell["value"], cell["shows"]) for cell in cells]
    before = [(cell.dataset, cell.file, cell.line, cell.field, cell.value, cell.shows) for cell in found.evidence]
    if not again:
        return False, f"the inputs of {found.night} no longer give {found.rule} for this subject."
    if sorted(map(str, again)) != sorted(map(str, before)):
        return False, f"the inputs of {found.night} give {found.rule} again, but with other evidence ({len(again)} cells, {len(before)} before)."
    return True, f"the inputs of {found.night} give {found.rule} again, with the same {len(again)} cells of evidence."
