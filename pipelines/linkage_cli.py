"""The command line `doudi linkage`: training and judging the model, the review queue, and applying decisions at once."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.errors import SettingsError
from pipelines.workspace import open_workspace

linkage_app = typer.Typer(no_args_is_help=True, help="The same person without the same number: model, review queue, decisions.")
reviews_app = typer.Typer(no_args_is_help=True, help="Pairs of records that people must decide.")
linkage_app.add_typer(reviews_app, name="reviews")
out = Console()

COLUMNS = ("review_id", "probability", "first_seen", "decision", "levels", "record", "other", "note")
BITS = 100


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write it as YYYY-MM-DD, for example 2020-07-31.") from error


AsOf = Annotated[date, typer.Option("--as-of", parser=_date, metavar="DATE", help="The night, YYYY-MM-DD.")]
Folder = Annotated[Path | None, typer.Option("--workspace", help="Where everything lies; default ./workspace, or DOUDI_WORKSPACE.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="With what both records say, in clear; logged, needs --reason.")]
Reason = Annotated[str, typer.Option("--reason", help="Why clear values are needed.")]
Note = Annotated[str, typer.Option("--note", help="Why it was decided so.")]


@linkage_app.command()
def train(as_of: AsOf, workspace: Folder = None) -> None:
    """Learns the model's weights from a linked night's own records; its next nights use them."""
    from pipelines.linkage import train_linkage
    from pipelines.night import OWN_MODEL

    place = open_workspace(workspace)
    model = train_linkage(place, as_of)
    for stratum, weights in model.strata.items():
        table = Table(title=f"{stratum}: {weights.sample['matches']:,.0f} matches, {weights.sample['others']:,.0f} others")
        table.add_column("comparison")
        table.add_column("level")
        table.add_column("bits", justify="right")
        for comparison, levels in weights.weights.items():
            for level, weight in levels.items():
                table.add_row(comparison, level, f"{weight / BITS:+.2f}")
        out.print(table)
    out.print(f"Model {model.version} in {place.root / OWN_MODEL}", highlight=False)


@linkage_app.command()
def evaluate(
    as_of: AsOf,
    workspace: Folder = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="records.parquet of a synthetic province; default: decided reviews.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also writes a page with charts.")] = None,
) -> None:
    """How right a night's links are: precision, recall, calibration by probability band."""
    from pipelines.linkage import evaluate_linkage

    found, page = evaluate_linkage(open_workspace(workspace), as_of, truth, output)
    out.print(f"{found.links:,} links, {found.wrong:,} wrong, precision {found.precision:.5f}", highlight=False)
    if found.recall is not None:
        out.print(f"{found.found:,} of {found.findable:,} findable records found their person, recall {found.recall:.5f}", highlight=False)
    for frame in (found.by_defect, found.bands):
        if len(frame):
            out.print(frame.to_string(index=False), highlight=False)
    if page is not None:
        out.print(f"Page: {page}", highlight=False)


@linkage_app.command()
def apply(as_of: AsOf, workspace: Folder = None) -> None:
    """Links, evaluates and publishes the night again at once, with what has been decided."""
    from pipelines.linkage import apply_reviews
    from pipelines.reports.run_summary import print_run

    report = apply_reviews(open_workspace(workspace), as_of, lambda step: out.print(f"Night of {as_of}: {step}", highlight=False))
    print_run(report, out)


@reviews_app.command("list")
def list_reviews(
    workspace: Folder = None,
    everything: Annotated[bool, typer.Option("--all", help="Also decided pairs and those no longer in the queue.")] = False,
    reveal: Reveal = False,
    reason: Reason = "",
) -> None:
    """The pairs that wait for a decision, likeliest first."""
    rows = _rows(workspace, everything, reveal, reason)
    table = Table("review", "probability", "since", "decision", "levels and weights (bits)")
    for row in rows:
        table.add_row(*(str(row[name]) for name in COLUMNS[:5]))
    out.print(table)
    for row in rows if reveal else ():
        out.print(f"{row['review_id']}\n  record {row['record']}\n  other  {row['other']}", highlight=False, markup=False)
    out.print(f"{len(rows):,} pairs", highlight=False)


@reviews_app.command("export")
def export_reviews(
    output: Annotated[Path, typer.Option("-o", "--output", help="The CSV file to write.")],
    workspace: Folder = None,
    everything: Annotated[bool, typer.Option("--all", help="Also decided pairs and those no longer in the queue.")] = False,
    reveal: Reveal = False,
    reason: Reason = "",
) -> None:
    """Writes the pairs to a CSV file, to be decided there and taken back with import."""
    from pipelines.workspace import atomic_path

    rows = _rows(workspace, everything, reveal, reason)
    with atomic_path(output) as beside, beside.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    out.print(f"{len(rows):,} pairs in {output}", highlight=False)


@reviews_app.command("import")
def import_reviews(file: Path, workspace: Folder = None) -> None:
    """Takes decisions back from a CSV file with review_id, decision (same, different, unsure) and note; rows without a decision are left."""
    from pipelines.ledger.database import Ledger
    from pipelines.ledger.reviews import decide_all

    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
        decided = [(int(row["review_id"]), row["decision"].strip(), row.get("note") or "") for row in rows if (row["decision"] or "").strip()]
    except (OSError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise SettingsError(f"{file.name} cannot be read as decisions; give a CSV file with the columns review_id and decision.") from error
    with Ledger.open(open_workspace(workspace)) as ledger:
        changed = decide_all(ledger, decided)
    out.print(f"{changed:,} decisions taken, {len(decided) - changed:,} as they were, {len(rows) - len(decided):,} rows without one", highlight=False)


@reviews_app.command("decide")
def decide_review(review_id: int, decision: str, workspace: Folder = None, note: Note = "") -> None:
    """Decides a pair: same, different or unsure. Holds from the next night on, or at once with doudi linkage apply."""
    from pipelines.ledger.database import Ledger
    from pipelines.ledger.reviews import decide

    with Ledger.open(open_workspace(workspace)) as ledger:
        decide(ledger, review_id, decision, note=note)
    out.print(f"Review {review_id}: {decision}", highlight=False)


@reviews_app.command("undo")
def undo_review(review_id: int, workspace: Folder = None, note: Note = "") -> None:
    """Takes a decision back; the pair waits again."""
    from pipelines.ledger.database import Ledger
    from pipelines.ledger.reviews import undo

    with Ledger.open(open_workspace(workspace)) as ledger:
        undo(ledger, review_id, note=note)
    out.print(f"Review {review_id} waits again", highlight=False)


def _rows(workspace: Path | None, everything: bool, reveal: bool, reason: str) -> list[dict[str, object]]:
    from pipelines.ledger import access_log
    from pipelines.ledger.database import Ledger
    from pipelines.ledger.reviews import reviews

    if reveal and not reason.strip():
        raise typer.BadParameter("clear values need a reason; say why with --reason.")
    with Ledger.open(open_workspace(workspace)) as ledger:
        leave = access_log.reveal(ledger, "review", "link reviews", reason) if reveal else None
        found = reviews(ledger, waiting=not everything, reveal=leave)
    return [
        {
            "review_id": one.review_id,
            "probability": f"{one.probability:.4f}",
            "first_seen": one.first_seen,
            "decision": one.decision or "",
            "levels": " ".join(f"{name}:{level}:{weight / BITS:+.2f}" for name, level, weight in one.levels),
            "record": json.dumps(one.record, ensure_ascii=False) if one.record else "",
            "other": json.dumps(one.other, ensure_ascii=False) if one.other else "",
            "note": "",
        }
        for one in found
    ]
