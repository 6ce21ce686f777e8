"""What people ask of linking by likeness in a deployment: training its model, judging its links, and a night linked again after their decisions."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

from pipelines.errors import StageError
from pipelines.extracts.in_force import InForce
from pipelines.identity.candidates import DIFFERENT, SAME
from pipelines.identity.evaluation import Evaluation, against_reviews, against_truth
from pipelines.identity.model import Model
from pipelines.identity.training import train_model
from pipelines.ledger.database import Ledger
from pipelines.ledger.reviews import reviews
from pipelines.night import (
    OWN_MODEL,
    Progress,
    contracts_of,
    decisions_of,
    engine_of,
    evaluate_night,
    link_night,
    model_of,
    only_run,
    publish_night,
    report_night,
    silent,
)
from pipelines.reports.linkage_page import write_linkage_page
from pipelines.reports.run_summary import RunReport, StageTime
from pipelines.workspace import Workspace


def train_linkage(workspace: Workspace, as_of: date) -> Model:
    """Trains the linkage model on the records of a linked night and on what people decided of them; the deployment's next nights use it."""
    with engine_of(workspace) as engine:
        if not (workspace.night(as_of) / "in_force.json").is_file():
            raise StageError(f"The night of {as_of} is not linked; run doudi run --as-of {as_of} first.")
        fixed = InForce.load(workspace.night(as_of))
        about = "Trained on the deployment's own records, and on what people decided of them."
        model = train_model(engine, fixed, contracts_of(workspace), f"{as_of}", about, decisions_of(workspace))
    model.save(workspace.root / OWN_MODEL)
    return model


def evaluate_linkage(workspace: Workspace, as_of: date, truth: Path | None, page: Path | None) -> tuple[Evaluation, Path | None]:
    """How right a linked night's links are, against a truth of its records or, without one, against decided reviews; `page` gets it with charts."""
    links = workspace.night(as_of) / "links.parquet"
    if not links.exists():
        raise StageError(f"The night of {as_of} is not linked; run doudi run --as-of {as_of} first.")
    if truth is not None:
        found = against_truth(links, truth)
    else:
        with Ledger.open(workspace) as ledger:
            decided = [one for one in reviews(ledger, waiting=False) if one.decision in (SAME, DIFFERENT)]
        found = against_reviews([one.probability for one in decided], [one.decision == SAME for one in decided])
    return found, write_linkage_page(page, as_of, model_of(workspace), links, found) if page is not None else None


def apply_reviews(workspace: Workspace, as_of: date, progress: Progress = silent) -> RunReport:
    """Links the night again with what people have decided since, evaluates and publishes it at once; gives the run's report."""
    stages: list[StageTime] = []
    with only_run(workspace):
        for name, work in (("link", link_night), ("rules and checks", evaluate_night), ("publish", publish_night)):
            progress(name)
            begun = time.monotonic()
            work(workspace, as_of)
            stages.append(StageTime(name, round(time.monotonic() - begun, 3)))
        progress("reports")
        return report_night(workspace, as_of, stages, progress)
