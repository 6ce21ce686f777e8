"""The rows that departments must correct: quarantine and warnings of the files that matter on the night."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.extracts.conform import Conformed
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.in_force import InForce

COLUMNS = ["dataset", "file", "line", "column", "reason"]


def of_the_night(conformed: Iterable[Conformed], deliveries: Iterable[Delivery], in_force: InForce) -> list[Conformed]:
    """The files whose faults are still to be corrected: those in force, and of every dataset and county the newest delivery's, used or not."""
    newest: dict[tuple[str, str | None], Delivery] = {}
    for delivery in sorted(deliveries, key=lambda item: item.order):
        newest[delivery.dataset, delivery.county_code] = delivery
    wanted = {(delivery.dataset, file) for delivery in newest.values() for file in delivery.files}
    wanted |= {(dataset, file.file) for dataset, files in in_force.files.items() for file in files}
    done = sorted(conformed, key=lambda item: (item.dataset, item.snapshot, item.file))
    return [item for item in done if (item.dataset, item.file) in wanted]


def quarantined(conformed: Sequence[Conformed]) -> pd.DataFrame:
    """`dataset`, `file`, `line`, `column`, `reason` of every quarantined row, and of the first of a refused file; by dataset, file and line."""
    faults = [(item, fault) for item in conformed if item.status == "refused" for fault in item.first_faults]
    refused = [(item.dataset, item.file, fault.line, fault.column or "", fault.reason) for item, fault in faults]
    used = [item for item in conformed if item.status == "conformed" and item.quarantined]
    return pd.concat([*(_read(item, str(item.quarantine_path)) for item in used), pd.DataFrame(refused, columns=COLUMNS)], ignore_index=True)


def warned(conformed: Sequence[Conformed]) -> pd.DataFrame:
    """The same of every optional value that could not be read."""
    used = [item for item in conformed if item.status == "conformed" and item.warnings]
    return pd.concat([*(_read(item, str(item.warnings_path)) for item in used), pd.DataFrame([], columns=COLUMNS)], ignore_index=True)


def _read(item: Conformed, path: str) -> pd.DataFrame:
    table = pq.read_table(path, columns=["file", "line", "column", "reason"])
    frame: pd.DataFrame = table.add_column(0, "dataset", pa.array([item.dataset] * table.num_rows, pa.string())).to_pandas()
    return frame.fillna("")
