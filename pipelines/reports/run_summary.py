"""What a night did, for the data office: `run.json` for machines and a summary for the terminal, from one object.

The pipeline (command line or DAG) fills a RunReport as its stages end; nothing in it is personal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.workspace import atomic_path

REASONS = {
    "missing": "there is no snapshot",
    "not_proven": "too old, failed its expectations, or does not cover the county",
    "before_window": "dated before the last day of the months without income",
}


@dataclass(frozen=True)
class FileLine:
    """One delivered file of the night. `status`: conformed, refused, or same (bytes known under another name or an older date).

    `rows` = `conformed` + `quarantined` whenever the file was conformed; `warnings` counts unreadable optional values; `note` says what people
    must know, e.g. that it is unchanged since an earlier date.
    """

    dataset: str
    department: str
    file: str
    snapshot: str | None
    county_code: str | None
    digest: str
    bytes: int
    status: str
    in_force: bool
    rows: int = 0
    conformed: int = 0
    quarantined: int = 0
    warnings: int = 0
    unknown_columns: tuple[str, ...] = ()
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """One rule's flags or one check's mismatches: all that stand open, and what the night changed. `counties` where it was not checked."""

    key: str
    name: str
    family: str
    found: int
    identity_check: int = 0
    new: int = 0
    cleared: int = 0
    not_checked: int = 0
    checked: int | None = None


@dataclass(frozen=True)
class NotCheckedLine:
    """A rule or check that could not be done in some counties, and why."""

    rule: str
    counties: tuple[str, ...]
    datasets: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class LateLine:
    """A delivery that was due and is not there, by dataset and counties."""

    dataset: str
    counties: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Linking:
    """What became of the `records` without a valid ID number: `linked` to a person with one by likeness, `joined` to each other; `queued` pairs wait
    for people; `cut` pairs were not compared because a block was too large, which puts the absence of `cut_persons` persons in doubt."""

    records: int
    linked: int
    joined: int
    queued: int
    cut: int
    cut_persons: int


@dataclass(frozen=True)
class StageTime:
    stage: str
    seconds: float


@dataclass(frozen=True)
class RunReport:
    """One night from inputs to reports. `state`: published, published with suspended rules, held, dry run or failed."""

    as_of: str
    policy: str
    policy_digest: str
    code_version: str
    state: str
    files: tuple[FileLine, ...]
    flags: tuple[Finding, ...]
    mismatches: tuple[Finding, ...]
    not_checked: tuple[NotCheckedLine, ...]
    late: tuple[LateLine, ...]
    missing_sources: tuple[str, ...]
    stages: tuple[StageTime, ...]
    reports: str
    cases: int = 0
    linking: Linking | None = None

    @property
    def unchanged(self) -> tuple[FileLine, ...]:
        """Files whose bytes were delivered before, for the same date or an earlier one."""
        return tuple(line for line in self.files if line.status == "same" or "unchanged since" in line.note)

    @property
    def refused(self) -> tuple[FileLine, ...]:
        return tuple(line for line in self.files if line.status == "refused")

    def unaccounted(self) -> tuple[FileLine, ...]:
        """Files whose rows are not all either conformed or quarantined; there must be none."""
        return tuple(line for line in self.files if line.status == "conformed" and line.rows != line.conformed + line.quarantined)


def write_run(path: Path, report: RunReport) -> Path:
    """Writes `run.json` and returns its path."""
    totals = {
        "files": len(report.files),
        "refused": len(report.refused),
        "unchanged": len(report.unchanged),
        "rows": sum(line.rows for line in report.files),
        "conformed": sum(line.conformed for line in report.files),
        "quarantined": sum(line.quarantined for line in report.files),
        "flags": sum(line.found for line in report.flags),
        "mismatches": sum(line.found for line in report.mismatches),
        "cases": report.cases,
        "seconds": round(sum(line.seconds for line in report.stages), 3),
    }
    with atomic_path(path) as beside:
        beside.write_text(json.dumps({**asdict(report), "totals": totals}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def read_run(path: Path) -> RunReport:
    """What `write_run` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document.pop("totals")
    kinds: dict[str, type] = {
        "files": FileLine,
        "flags": Finding,
        "mismatches": Finding,
        "not_checked": NotCheckedLine,
        "late": LateLine,
        "stages": StageTime,
    }
    for name, kind in kinds.items():
        document[name] = tuple(kind(**_tuples(entry)) for entry in document[name])
    if document.get("linking"):
        document["linking"] = Linking(**document["linking"])
    return RunReport(**_tuples(document))


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


def print_run(report: RunReport, console: Console) -> None:
    """The summary for the terminal: found, not checked and why, quarantined, deliveries, time, where the reports lie."""
    console.print(summary(report))


def summary(report: RunReport) -> RenderableType:
    """The summary as something rich can print."""
    parts: list[RenderableType] = [Text(f"Night of {report.as_of} — {report.state}", style="bold"), _findings("Flags", report.flags)]
    parts.append(_findings("Mismatches", report.mismatches))
    parts += _not_checked(report)
    parts += _deliveries(report)
    if report.linking:
        parts.append(_linking(report.linking))
    if report.stages:
        longest = sorted(report.stages, key=lambda line: -line.seconds)[:4]
        told = ", ".join(f"{line.stage} {line.seconds:.1f} s" for line in longest)
        parts.append(Text(f"\nTime: {sum(line.seconds for line in report.stages):.1f} s ({told})"))
    parts.append(Text(f"Open cases: {report.cases:,}\nReports: {report.reports}"))
    return Group(*parts)


def _findings(title: str, findings: Sequence[Finding]) -> Table:
    over = any(line.checked is not None for line in findings)
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("")
    for heading in ("open", "identity", "new", "cleared", *(("checked",) if over else ()), "not checked"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in findings:
        cells = [line.found, line.identity_check, line.new, line.cleared, *((line.checked or 0,) if over else ())]
        missing = f"{line.not_checked} co." if line.not_checked else ""
        table.add_row(line.key, line.name, *(f"{cell:,}" if cell else "–" for cell in cells), Text(missing, style="yellow"))
    return table


def _not_checked(report: RunReport) -> list[RenderableType]:
    if not report.not_checked and not report.missing_sources:
        return [Text("\nEvery rule and check was done in every county.")]
    lines = [Text("\nNot checked (not the same as clear):", style="bold yellow")]
    by_cause: dict[tuple[tuple[str, ...], tuple[str, ...], str], list[str]] = {}
    for line in report.not_checked:
        by_cause.setdefault((line.counties, line.datasets, line.reason), []).append(line.rule)
    for (counties, datasets, reason), rules in by_cause.items():
        lines.append(Text(f"  {', '.join(rules)} in {_counties(counties)}: {' or '.join(datasets)} – {REASONS.get(reason, reason)}"))
    lines += [Text(f"  {source}") for source in report.missing_sources]
    return list(lines)


def _deliveries(report: RunReport) -> list[RenderableType]:
    lines = [Text("\nDeliveries:", style="bold")]
    quarantined = [line for line in report.files if line.quarantined]
    total = sum(line.quarantined for line in quarantined)
    rows = sum(line.rows for line in report.files)
    lines.append(Text(f"  {len(report.files)} files, {rows:,} rows, {total:,} quarantined"))
    lines += [Text(f"  quarantined {line.quarantined:,} of {line.rows:,}: {line.dataset}/{line.file}") for line in _most(quarantined)]
    lines += [Text(f"  refused: {line.dataset}/{line.file}: {line.error}", style="red") for line in report.refused]
    lines += [Text(f"  {line.note}: {line.dataset}/{line.file}") for line in report.unchanged]
    late: dict[tuple[str, ...], list[str]] = {}
    for line in report.late:
        late.setdefault(line.counties, []).append(line.dataset)
    lines += [Text(f"  late in {_counties(counties)}: {', '.join(datasets)}", style="yellow") for counties, datasets in late.items()]
    lines += [Text(f"  rows unaccounted for: {line.dataset}/{line.file}", style="bold red") for line in report.unaccounted()]
    return list(lines)


def _linking(line: Linking) -> Text:
    told = f"\nWithout a valid ID number: {line.records:,} records, {line.linked:,} linked by likeness, {line.queued:,} pairs in the review queue"
    cut = f"; {line.cut:,} pairs not compared, blocks too large: {line.cut_persons:,} persons in doubt" if line.cut else ""
    return Text(told + cut)


def _most(lines: Iterable[FileLine], count: int = 8) -> list[FileLine]:
    return sorted(lines, key=lambda line: -line.quarantined)[:count]


def _counties(codes: Sequence[str]) -> str:
    return f"{len(codes)} counties" if len(codes) > 4 else ", ".join(codes)


def stage_times(seconds: Iterable[tuple[str, float]]) -> tuple[StageTime, ...]:
    """Stage names and durations as the report holds them."""
    return tuple(StageTime(stage, round(value, 3)) for stage, value in seconds)


def iso(day: date | None) -> str | None:
    """A date as run.json writes it."""
    return day.isoformat() if day else None
