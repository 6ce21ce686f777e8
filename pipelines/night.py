"""The stages of one night in order, as the DAGs and the command line both call them.

Every stage reads what the one before left on disk and replaces its own result whole, so that any can be run again alone and a killed night resumes.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from pipelines.contracts import Contract, by_department, load_contracts
from pipelines.engine import Engine, open_engine
from pipelines.errors import StageError
from pipelines.extracts.conform import Conformed, conform, waiting_bytes
from pipelines.extracts.deliveries import Delivery, deliveries
from pipelines.extracts.in_force import InForce
from pipelines.extracts.land import Landing, land, land_all
from pipelines.extracts.snapshots import due_since, in_force
from pipelines.extracts.suites import load_suites
from pipelines.extracts.validate import Validation, validate
from pipelines.facts import Facts
from pipelines.identity.identify import identify
from pipelines.identity.links import DEFAULT_MODEL
from pipelines.identity.links_once import link_once
from pipelines.identity.model import Model, load_model
from pipelines.identity.records import open_records
from pipelines.identity.tokens import open_tokens
from pipelines.ledger.database import Ledger
from pipelines.ledger.night_files import NightFiles
from pipelines.ledger.people import write_people
from pipelines.ledger.publish import publish
from pipelines.ledger.reviews import decisions
from pipelines.policy import Policy, load_policy
from pipelines.processes import spread
from pipelines.reports.file_lines import file_lines
from pipelines.reports.night_reports import NightStock, found_tonight, write_reports
from pipelines.reports.run_report import PUBLISHED, linking_of, run_report
from pipelines.reports.run_summary import RunReport, StageTime, write_run
from pipelines.rules.checks.evaluate import evaluate_checks
from pipelines.rules.evaluate import evaluate
from pipelines.workspace import PROJECT, Workspace

Progress = Callable[[str], None]
OWN_MODEL = Path("linkage") / "model.yaml"
"""A deployment's own linkage model, in its workspace."""
SHANGHAI = ZoneInfo("Asia/Shanghai")
SIDE_BY_SIDE_BYTES = 16 << 20
"""Bytes of landed rows to be conformed, below which starting processes costs more than it saves."""


def silent(_: str) -> None:
    """Progress for callers that show none."""


def contracts_of(workspace: Workspace) -> dict[str, Contract]:
    """The deployment's data contracts, by dataset."""
    return load_contracts(workspace.settings.schemas)


def policy_of(workspace: Workspace) -> Policy:
    """The deployment's policy in force."""
    return load_policy(workspace.settings.policy)


@contextmanager
def engine_of(workspace: Workspace) -> Iterator[Engine]:
    """The deployment's engine, open for one stage."""
    engine = _open(workspace)
    try:
        yield engine
    finally:
        engine.close()


def _open(workspace: Workspace) -> Engine:
    settings = workspace.settings
    scratch, queries = workspace.root / "scratch", workspace.root / "queries"
    return open_engine(settings.engine, memory=settings.memory, threads=settings.threads, scratch=scratch, queries=queries)


@contextmanager
def only_run(workspace: Workspace, wait: float = 600.0) -> Iterator[None]:
    """Holds the workspace for one run of the match; a second one waits up to `wait` seconds, then is refused with a StageError."""
    workspace.root.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait
    with (workspace.root / ".match.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StageError(f"Another match is running in {workspace.root}; wait until it has ended, then run again.") from None
                time.sleep(0.2)
        yield


def night_is_closed(as_of: date, now: datetime | None = None) -> bool:
    """Whether 02:00 Asia/Shanghai of the day after `as_of` has passed: from then on the night takes what is there."""
    closes = datetime(as_of.year, as_of.month, as_of.day, 2, tzinfo=SHANGHAI) + timedelta(days=1)
    return (now or datetime.now(SHANGHAI)) >= closes


@dataclass(frozen=True)
class Stock:
    """What of one dataset lies in the workspace, dated at or before the as-of date: files landed, conformed and judged."""

    landings: list[Landing]
    conformed: list[Conformed]
    deliveries: list[Delivery]
    validations: list[Validation]


def land_dataset(workspace: Workspace, dataset: str, as_of: date) -> dict[str, int]:
    """Lands the dataset's files dated at or before `as_of`; gives counts of files by status, and of rows."""
    landings = land(workspace, contracts_of(workspace)[dataset], as_of, policy_of(workspace).region)
    counts = {status: sum(item.status == status for item in landings) for status in ("landed", "refused", "same")}
    return {**counts, "rows": sum(item.rows for item in landings)}


def land_inbox(workspace: Workspace, as_of: date) -> None:
    """Lands the files of all datasets that are dated at or before `as_of`, several at once."""
    land_all(workspace, contracts_of(workspace).values(), as_of, policy_of(workspace).region)


def conform_dataset(workspace: Workspace, dataset: str, as_of: date) -> dict[str, int]:
    """Conforms the dataset's landed files; gives rows in, conformed, quarantined, and the files refused."""
    with engine_of(workspace) as engine:
        done = _conformed(engine, workspace, dataset, as_of)[1]
    return {
        "rows": sum(item.rows for item in done),
        "conformed": sum(item.conformed for item in done),
        "quarantined": sum(item.quarantined for item in done),
        "refused": sum(item.status == "refused" for item in done),
    }


def validate_dataset(workspace: Workspace, dataset: str, as_of: date) -> dict[str, int]:
    """Judges the dataset's deliveries by its expectations; gives how many, and the counties that failed a critical one in the newest."""
    with engine_of(workspace) as engine:
        stock = take_stock(engine, workspace, dataset, as_of)
    return {"deliveries": len(stock.deliveries), "failed_counties": len(stock.validations[-1].failed_counties) if stock.validations else 0}


def take_stock(engine: Engine, workspace: Workspace, dataset: str, as_of: date) -> Stock:
    """Everything of one dataset up to `as_of`. What was read, conformed or judged before is not done again."""
    contract = contracts_of(workspace)[dataset]
    landings, done = _conformed(engine, workspace, dataset, as_of)
    found = deliveries(landings, done)
    suite = load_suites(workspace.settings.expectations, contracts_of(workspace))[dataset]
    return Stock(landings, done, found, validate(engine, workspace, contract, policy_of(workspace).region, found, suite))


def _conformed(engine: Engine, workspace: Workspace, dataset: str, as_of: date) -> tuple[list[Landing], list[Conformed]]:
    contract, region = contracts_of(workspace)[dataset], policy_of(workspace).region
    landings = land(workspace, contract, as_of, region)
    return landings, [conform(engine, workspace, contract, item, region, identify) for item in landings if item.status == "landed"]


def link_night(workspace: Workspace, as_of: date, progress: Progress = silent) -> dict[str, int]:
    """Fixes which files are in force on the night and who is who: in_force.json, coverage.parquet, links.parquet."""
    contracts, folder = contracts_of(workspace), workspace.night(as_of)
    with engine_of(workspace) as engine:
        progress("validate")
        stocks = [take_stock(engine, workspace, dataset, as_of) for dataset in contracts]
        progress("in force")
        found = [delivery for stock in stocks for delivery in stock.deliveries]
        judged = [validation for stock in stocks for validation in stock.validations]
        fixed = in_force(contracts, policy_of(workspace).region, as_of, found, judged)
        fixed.save(folder)
        progress("link by likeness")
        model, decided, asked = model_of(workspace), decisions_of(workspace), flags_rest_on(policy_of(workspace))
        earlier = workspace.other_nights(as_of)
        link_once(engine, fixed, contracts, folder, earlier, model=model, decisions=decided, asked=asked, code=code_version())
    return {"files": sum(len(files) for files in fixed.files.values())}


def flags_rest_on(policy: Policy) -> frozenset[str]:
    """The datasets of which a rule or check asks who is there or who is not."""
    needs = [policy.needs(key) for key in (*policy.rules, *policy.checks)]
    return frozenset(dataset for need in needs for dataset in (*need.absence, *(name for group in need.presence for name in group)))


def model_of(workspace: Workspace) -> Model:
    """The deployment's own linkage model where it has trained one, else the one that ships."""
    own = workspace.root / OWN_MODEL
    return load_model(own if own.is_file() else DEFAULT_MODEL)


def decisions_of(workspace: Workspace) -> pa.Table | None:
    """What people decided about pairs of records, from the ledger; None where there is no ledger yet."""
    if not workspace.settings.ledger_url and not workspace.ledger.exists():
        return None
    with Ledger.open(workspace) as ledger:
        return decisions(ledger)


@contextmanager
def facts_of(workspace: Workspace, as_of: date) -> Iterator[Facts]:
    """The facts of a linked night, with the engine open."""
    folder = workspace.night(as_of)
    with engine_of(workspace) as engine:
        yield Facts(open_records(engine, InForce.load(folder), folder / "links.parquet"), policy_of(workspace), as_of)


def evaluate_night(workspace: Workspace, as_of: date, folder: Path | None = None, progress: Progress = silent) -> dict[str, int]:
    """Facts, rules and checks of a linked night, and whom they name; gives the count of each rule and check.

    Writes to the night's folder, or to `folder` where what the night has must stay as it is.
    """
    coverage, target = InForce.load(workspace.night(as_of)).coverage, folder or workspace.night(as_of)
    with facts_of(workspace, as_of) as facts:
        progress("rules")
        flags = evaluate(facts, coverage, target)
        progress("checks")
        mismatches = evaluate_checks(facts, coverage, target)
        progress("people")
        write_people(facts, open_tokens(workspace), target)
    return {**flags, **mismatches}


def publish_night(workspace: Workspace, as_of: date) -> dict[str, int]:
    """Publishes an evaluated night to the ledger in one transaction; gives counts of flags and mismatches standing and new."""
    folder = workspace.night(as_of)
    fixed = InForce.load(folder)
    inputs = [
        {"dataset": dataset, "file": file.file, "snapshot": file.snapshot, "content": file.path.stem}
        for dataset, files in fixed.files.items()
        for file in files
    ]
    with Ledger.open(workspace) as ledger:
        done = publish(ledger, NightFiles(folder, as_of, policy_of(workspace), code_version(), inputs))
    return {"flags": done.flags.get("standing", 0), "mismatches": done.mismatches.get("standing", 0), "new": done.flags.get("new", 0)}


def report_night(workspace: Workspace, as_of: date, stages: Sequence[StageTime] = (), progress: Progress = silent) -> RunReport:
    """Writes the reports of a published night and run.json; gives the run's report. `stages` says how long the stages before took."""
    begun = time.monotonic()
    with facts_of(workspace, as_of) as facts, Ledger.open(workspace) as ledger:
        progress("taking stock of the files")
        stock = night_stock(facts.records.engine, workspace, as_of)
        written = write_reports(
            ledger, workspace, as_of, facts=facts, stock=stock, contracts=contracts_of(workspace), code_version=code_version(), progress=progress
        )
    report = run_report(
        policy_of(workspace),
        as_of,
        code_version=code_version(),
        state=PUBLISHED,
        files=stock.files,
        coverage=stock.in_force.coverage,
        suspended=written.suspended,
        found=written.findings,
        stages=(*stages, StageTime("report", round(time.monotonic() - begun, 3))),
        reports=written.folder,
        cases=written.cases,
        linking=linking_of(workspace.night(as_of) / "links.parquet"),
    )
    write_run(written.folder / "run.json", report)
    return report


def dry_report(workspace: Workspace, as_of: date, stages: Sequence[StageTime]) -> RunReport:
    """The run's report of a night that was evaluated and is not to be published; written beside the night's tables."""
    with engine_of(workspace) as engine:
        stock = night_stock(engine, workspace, as_of)
    found, suspended = found_tonight(workspace.night(as_of), policy_of(workspace))
    report = run_report(
        policy_of(workspace),
        as_of,
        code_version=code_version(),
        state="dry run, nothing published",
        files=stock.files,
        coverage=stock.in_force.coverage,
        suspended=suspended,
        found=found,
        stages=stages,
        reports=workspace.night(as_of),
        cases=0,
        linking=linking_of(workspace.night(as_of) / "links.parquet"),
    )
    write_run(workspace.night(as_of) / "run.json", report)
    return report


def night_stock(engine: Engine, workspace: Workspace, as_of: date) -> NightStock:
    """The files up to `as_of` with what became of each, and what the linked night took."""
    contracts, fixed = contracts_of(workspace), InForce.load(workspace.night(as_of))
    stocks = [take_stock(engine, workspace, dataset, as_of) for dataset in contracts]
    landings, done, found, judged = (
        [item for stock in stocks for item in getattr(stock, part)] for part in ("landings", "conformed", "deliveries", "validations")
    )
    return NightStock(file_lines(contracts, landings, done, found, fixed), done, found, judged, fixed)


def run_night(workspace: Workspace, as_of: date, progress: Progress = silent, *, approve: bool = False, dry_run: bool = False) -> RunReport:
    """All stages of the night of `as_of` over what lies in inbox/; gives the run's report, which is in run.json too.

    `approve` publishes also where the gate would hold the night; `dry_run` leaves ledger and reports alone. Raises a DoudiError when a stage fails;
    then nothing is published, and the next run goes on from what is done.
    """
    del approve  # the gate that it answers comes with the approval of nights
    contracts_of(workspace), policy_of(workspace)  # what is wrong with these is said before any work
    stages: list[StageTime] = []

    def stage(name: str, work: Callable[[], Any]) -> None:
        progress(name)
        begun = time.monotonic()
        work()
        stages.append(StageTime(name, round(time.monotonic() - begun, 3)))

    with only_run(workspace):
        stage("land", lambda: land_inbox(workspace, as_of))
        stage("conform", lambda: conform_all(workspace, as_of, progress))
        stage("validate and link", lambda: link_night(workspace, as_of, progress))
        stage("rules and checks", lambda: evaluate_night(workspace, as_of, progress=progress))
        if dry_run:
            return dry_report(workspace, as_of, stages)
        stage("publish", lambda: publish_night(workspace, as_of))
        progress("reports")
        return report_night(workspace, as_of, stages, progress)


def conform_all(workspace: Workspace, as_of: date, progress: Progress = silent) -> None:
    """Conforms every dataset's landed files: with one engine, or where that is much work and memory has no limit, with one for each core."""
    contracts, region = contracts_of(workspace), policy_of(workspace).region
    landings = land_all(workspace, contracts.values(), as_of, region)
    waiting = {dataset: waiting_bytes(workspace, contract, landings[dataset], region) for dataset, contract in contracts.items()}
    settings = workspace.settings
    alone = bool(settings.memory) or settings.engine != "duckdb" or sum(waiting.values()) < SIDE_BY_SIDE_BYTES
    own = workspace if alone else replace(workspace, settings=replace(settings, threads=1))
    with engine_of(own) as engine:
        jobs = [_Conforming(dataset, as_of) for dataset in sorted(contracts, key=lambda dataset: -waiting[dataset])]
        spread("Conforming", jobs, (engine, own, progress), _conforming, (own,), threads=settings.threads, alone=alone)


@dataclass(frozen=True)
class _Conforming:
    """Conforms a dataset's landed files."""

    dataset: str
    as_of: date

    def __call__(self, means: tuple[Engine, Workspace, Progress]) -> None:
        engine, workspace, progress = means
        progress(f"conform {self.dataset}")
        _conformed(engine, workspace, self.dataset, self.as_of)


def _conforming(workspace: Workspace) -> tuple[Engine, Workspace, Progress]:
    return _open(workspace), workspace, silent


def delivery_is_complete(workspace: Workspace, department: str, as_of: date) -> bool:
    """Whether every dataset of the department has a good-looking delivery within its cadence, dated at or before `as_of`."""
    region = policy_of(workspace).region
    for contract in by_department(contracts_of(workspace))[department]:
        landed = [item.snapshot for item in land(workspace, contract, as_of, region) if item.status != "refused" and item.snapshot]
        if not landed or max(landed) <= due_since(contract, as_of):
            return False
    return True


def close_delivery(workspace: Workspace, department: str, as_of: date) -> dict[str, int]:
    """What the department's partition of the night says: datasets, files taken and refused, and datasets that are late."""
    policy, counts = policy_of(workspace), {"datasets": 0, "files": 0, "refused": 0, "late": 0}
    for contract in by_department(contracts_of(workspace))[department]:
        landings = land(workspace, contract, as_of, policy.region)
        dates = [item.snapshot for item in landings if item.status != "refused" and item.snapshot]
        counts["datasets"] += 1
        counts["files"] += len(landings)
        counts["refused"] += sum(item.status == "refused" for item in landings)
        counts["late"] += not dates or max(dates) <= due_since(contract, as_of)
    return counts


@cache
def code_version() -> str:
    """The product's version, and a digest of its code and texts, so that a night says what made it."""
    parts = sorted(path for path in (PROJECT / "pipelines").rglob("*") if path.suffix in (".py", ".yaml", ".html", ".css"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()
    return f"{version('doudi')}+{digest[:10]}"
