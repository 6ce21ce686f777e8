"""What became of every delivered file, as the run's report and the departments' workbooks tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipelines.contracts import Contract
from pipelines.extracts.conform import Conformed
from pipelines.extracts.coverage import Coverage
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.in_force import InForce
from pipelines.extracts.land import Landing
from pipelines.reports.run_summary import FileLine, LateLine, iso

SAME, REFUSED, CONFORMED = "same", "refused", "conformed"


def file_lines(
    contracts: Mapping[str, Contract], landings: Iterable[Landing], conformed: Iterable[Conformed], deliveries: Iterable[Delivery], in_force: InForce
) -> tuple[FileLine, ...]:
    """One line for each file delivered up to the night, in the order of the contracts, snapshots and names.

    A file is refused when landing or conforming refused it, or when it is a part of a delivery that is.
    """
    done = {(item.dataset, item.file): item for item in conformed}
    used = {(dataset, file.file) for dataset, files in in_force.files.items() for file in files}
    whole: dict[tuple[str, str], Delivery] = {}
    for delivery in deliveries:
        whole.update({(delivery.dataset, file): delivery for file in delivery.files})
    lines = []
    for item in landings:
        key = (item.dataset, item.file)
        lines.append(_line(contracts[item.dataset], item, done.get(key), whole.get(key), key in used))
    order = list(contracts)
    return tuple(sorted(lines, key=lambda line: (order.index(line.dataset), line.snapshot or "", line.file)))


def _line(contract: Contract, landing: Landing, done: Conformed | None, delivery: Delivery | None, used: bool) -> FileLine:
    error = landing.error or (done.error if done else None) or (delivery.error if delivery else None)
    status = SAME if landing.status == SAME else REFUSED if error else CONFORMED
    notes = [f"the same bytes as {landing.same_as}"] if landing.same_as else []
    if delivery is not None and delivery.unchanged_since is not None:
        notes.append(f"unchanged since {delivery.unchanged_since}")
    return FileLine(
        dataset=landing.dataset,
        department=contract.department,
        file=landing.file,
        snapshot=iso(landing.snapshot),
        county_code=landing.county_code,
        digest=landing.digest,
        bytes=landing.bytes,
        status=status,
        in_force=used,
        rows=done.rows if done else 0,
        conformed=done.conformed if done else 0,
        quarantined=done.quarantined if done else 0,
        warnings=done.warnings if done else 0,
        unknown_columns=landing.unknown_columns,
        error=error or "",
        note="; ".join(notes),
    )


def late_lines(coverage: Coverage) -> tuple[LateLine, ...]:
    """The deliveries that were due and are not there, by dataset and what the coverage says of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in coverage.rows:
        if row.late:
            note = next((part for part in row.note.split("; ") if part.startswith("late: ")), "")
            found.setdefault((row.dataset, note), []).append(row.county_code)
    return tuple(LateLine(dataset, tuple(counties), note) for (dataset, note), counties in sorted(found.items()))
