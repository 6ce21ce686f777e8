"""The command line `doudi`: parses, calls, prints; the work is done below it. Commands, columns and exit statuses: outputs of the specification."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.errors import DoudiError
from pipelines.linkage_cli import linkage_app
from pipelines.workspace import open_workspace

SUSPENDED = 3
DEMO_DATE = date(2020, 7, 31)
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Nightly data matching across departments (兜底).")
audit_app = typer.Typer(no_args_is_help=True, help="The access log.")
app.add_typer(audit_app, name="audit")
app.add_typer(linkage_app, name="linkage")
out = Console()
err = Console(stderr=True)


class What(StrEnum):
    """What can be exported."""

    FLAGS = "flags"
    MISMATCHES = "mismatches"
    LINKS = "links"
    COVERAGE = "coverage"


class Format(StrEnum):
    """A file format of an export."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


def parse_date(text: str) -> date:
    """An as-of date as YYYY-MM-DD. Raises a usage error otherwise."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write it as YYYY-MM-DD, for example 2020-07-31.") from error


AsOf = Annotated[date, typer.Option("--as-of", parser=parse_date, metavar="DATE", help="The date whose state is matched, YYYY-MM-DD.")]
Folder = Annotated[Path | None, typer.Option("--workspace", help="Where everything lies; default ./workspace, or DOUDI_WORKSPACE.")]


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """A line that says what is being done: a moving one on a terminal, plain lines elsewhere."""
    if err.is_terminal:
        with err.status(title) as status:
            yield lambda step: status.update(f"{title}: {step}")
    else:
        yield lambda step: err.print(f"{title}: {step}", highlight=False, soft_wrap=True)


@app.command()
def run(
    as_of: AsOf,
    workspace: Folder = None,
    policy: Annotated[Path | None, typer.Option(help="The policy file; default is the one in force.")] = None,
    engine: Annotated[str | None, typer.Option(help="duckdb, or a Spark master such as spark://host:7077.")] = None,
    memory: Annotated[str | None, typer.Option(help="The most memory the engine may use, such as 2GB.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Publish also where the gate would hold the night.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
) -> None:
    """One night over what lies in inbox/, without Airflow."""
    from pipelines.night import run_night
    from pipelines.reports.run_summary import print_run

    place = open_workspace(workspace, policy=policy, engine=engine, memory=memory)
    with progress(f"Night of {as_of}") as step:
        report = run_night(place, as_of, step, approve=approve, dry_run=dry_run)
    print_run(report, out)
    if report.not_checked and not dry_run:
        raise typer.Exit(SUSPENDED)


@app.command()
def export(
    what: What,
    as_of: AsOf,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    workspace: Folder = None,
    format_: Annotated[Format, typer.Option("--format", help="csv, parquet or xlsx.")] = Format.CSV,
    all_states: Annotated[bool, typer.Option("--all-states", help="Also what is no longer open.")] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="With ID numbers in clear; logged, needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why clear ID numbers are needed.")] = "",
) -> None:
    """Writes the flags, mismatches, links or coverage of a night to a file, masked unless --reveal."""
    from pipelines.enquiry import export_night

    if reveal and not reason.strip():
        raise typer.BadParameter("clear ID numbers need a reason; say why with --reason.")
    place = open_workspace(workspace)
    with progress(f"Export of {what.value}"):
        rows = export_night(place, what.value, as_of, format_.value, output, all_states=all_states, reason=reason.strip() if reveal else None)
    out.print(f"{rows:,} rows in {output}", highlight=False)


@app.command()
def explain(
    flag_id: str,
    workspace: Folder = None,
    replay: Annotated[bool, typer.Option("--replay", help="Derive the flag again from the stored inputs and compare.")] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="With personal values in clear; logged, needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why clear values are needed.")] = "",
) -> None:
    """A flag with its evidence, clause and history."""
    from pipelines.enquiry import explain_flag

    if reveal and not reason.strip():
        raise typer.BadParameter("clear values need a reason; say why with --reason.")
    with progress(f"Flag {flag_id}") as step:
        text, agrees = explain_flag(open_workspace(workspace), flag_id, step, replay=replay, reason=reason.strip() if reveal else None)
    out.print(text)
    if not agrees:
        raise typer.Exit(1)


@app.command()
def synthesize(
    people: Annotated[int, typer.Option(help="How many people.")],
    folder: Annotated[Path, typer.Option("--out", help="Gets inbox/ and truth/.")],
    as_of: AsOf,
    seed: Annotated[int, typer.Option(help="The same seed makes the same province.")],
    defects: Annotated[float | None, typer.Option(help="The share of records with something wrong, 0 to 0.3.")] = None,
) -> None:
    """Deliveries of all datasets about people who do not exist, and the truth beside them."""
    from pipelines.synthetic.province import DEFAULT_DEFECTS
    from pipelines.synthetic.province import synthesize as make

    with progress("Synthetic province") as step:
        made = make(folder, people, as_of, seed, DEFAULT_DEFECTS if defects is None else defects, lambda done, of: step(f"{done:,} of {of:,} people"))
    rows = sum(made.rows.values())
    out.print(f"{made.people:,} people in {len(made.counties)} counties, {rows:,} rows in {len(made.files)} files", highlight=False)
    out.print(f"Deliveries: {folder / 'inbox'}\nTruth: {made.truth}", highlight=False)


@app.command()
def demo(
    people: Annotated[int, typer.Option(help="How many people.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same province.")] = 1,
    workspace: Folder = None,
) -> None:
    """A synthetic county through Airflow, from deliveries to flags, compared with the truth."""
    from pipelines.demo import run_demo

    with progress("Demo") as step:
        shown = run_demo(open_workspace(workspace).root / "demo", people, seed, DEMO_DATE, step)
    out.print(shown)


@audit_app.command("verify")
def audit_verify(workspace: Folder = None) -> None:
    """Checks the chain of the access log; exit status 1 when an entry was changed or removed."""
    from pipelines.errors import LedgerError
    from pipelines.ledger.access_log import verify
    from pipelines.ledger.database import Ledger

    with Ledger.open(open_workspace(workspace)) as ledger:
        verified = verify(ledger)
    if verified.broken is not None:
        raise LedgerError(verified.broken)
    out.print(f"{verified.entries:,} entries of the access log hold together.", highlight=False)


def main() -> None:
    """Runs the command line; every DoudiError becomes one sentence and its exit status, a traceback only with --debug."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        app()
    except DoudiError as error:
        fail(str(error), error.exit_status, debug)
    except KeyboardInterrupt:
        fail("Stopped; nothing was published. Run the same command again to go on.", 130, debug)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        fail(f"Unexpected {type(error).__name__} in {Path(where.filename).name}; run again with --debug for details.", 1, debug)


def fail(message: str, status: int, debug: bool) -> None:
    """Prints one sentence on the standard error and ends with `status`."""
    if debug:
        traceback.print_exc()
    err.print(f"doudi: {message}", highlight=False, markup=False, soft_wrap=True)
    sys.stdout.flush()
    os._exit(status) if status == 130 else sys.exit(status)


if __name__ == "__main__":
    main()
