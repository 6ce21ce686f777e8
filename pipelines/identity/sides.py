"""What both records of a pair say, side by side, for the people who decide whether they are one person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import ibis
import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine
from pipelines.extracts.in_force import InForce
from pipelines.identity.appearances import rows_of

SAYS = ("dataset", "file", "line", "name", "id_number", "sex", "birth_date", "county_code", "township", "village", "phone")
MOST_ROWS = 12  # of one person


def with_sides(engine: Engine, in_force: InForce, contracts: Mapping[str, Contract], queue: pa.Table) -> pa.Table:
    """The queue with `record_says` and `other_says`: JSON lists of rows, each with the fields of SAYS that it fills, MOST_ROWS at most."""
    rows = queue.to_pylist()
    persons = sorted({row["person"] for row in rows if row["other_key"] is None})
    others = {(row["other_dataset"], row["other_key"]) for row in rows if row["other_key"]}
    keys = sorted(others | {(row["dataset"], row["natural_key"]) for row in rows})
    of_person: dict[int, list[dict[str, Any]]] = {}
    of_key: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for dataset, contract in contracts.items() if rows else ():
        if dataset not in in_force.files or contract.id_field is None:
            continue
        found = rows_of(engine, in_force, dataset, contract)
        found = found.select("id17", "natural_key", "line_no", *SAYS[1:]).mutate(dataset=ibis.literal(dataset))
        wanted = [key for name, key in keys if name == dataset]
        asked, named = pa.table({"id17": pa.array(persons, pa.int64())}), pa.table({"natural_key": pa.array(wanted, pa.string())})
        numbered = found.semi_join(engine.table(asked), "id17")
        unnumbered = found.filter(found.id17.isnull()).semi_join(engine.table(named), "natural_key")
        for row in engine.arrow(numbered.union(unnumbered).order_by("file", "line_no", "line")).to_pylist():
            said = {name: row[name] for name in SAYS if row[name] is not None}
            if row["id17"] is None:
                of_key.setdefault((dataset, row["natural_key"]), []).append(said)
            else:
                of_person.setdefault(row["id17"], []).append(said)
    own = [of_key[row["dataset"], row["natural_key"]] for row in rows]
    other = [of_key[row["other_dataset"], row["other_key"]] if row["other_key"] else of_person[row["person"]] for row in rows]
    for name, says in (("record_says", own), ("other_says", other)):
        queue = queue.append_column(name, pa.array([json.dumps(one[:MOST_ROWS], ensure_ascii=False) for one in says], pa.string()))
    return queue
