"""Who the records without a valid ID number are (identity.md, "Linking"): `links.parquet` of a night.

A valid number needs no link: it is the person. A record without one that links to nobody is a person of its own, keyed by dataset and natural key.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine, staged
from pipelines.extracts.in_force import InForce
from pipelines.identity.records import conformed_in_force

KEY_SEPARATOR = "\x1f"
_LINKS: dict[str, pa.DataType] = {
    "dataset": pa.string(),
    "file": pa.string(),
    "line": pa.string(),
    "person": pa.int64(),
    "link_basis": pa.string(),
    "probability": pa.float64(),
    "natural_key": pa.string(),
}


def link(engine: Engine, in_force: InForce, contracts: Mapping[str, Contract], target: Path) -> Path:
    """Writes `target`, one row for every record in force without a valid ID number, and returns it.

    Columns: `dataset`, `file`, `line`, `person`, `link_basis`, `probability`, `natural_key` (the key's values, separated by U+001F).
    Records of one dataset and natural key are one person, a negative number that counts down in the order of the contracts and then of the keys;
    `link_basis` is `none` and `probability` null, for nobody else is known to be that person.
    """
    parts = []
    for rank, (dataset, contract) in enumerate(contracts.items()):
        if dataset in in_force.files and contract.id_field is not None:
            rows = conformed_in_force(engine, in_force, dataset)
            rows = rows.filter(rows.id17.isnull())
            named = rows.select("file", "line", dataset=ibis.literal(dataset), natural_key=natural_key(rows, contract))
            parts.append(named.mutate(_rank=ibis.literal(rank, "int32")))
    if not parts:
        return engine.write(engine.table(pa.schema(_LINKS).empty_table()), target)
    unlinked = staged(parts[0] if len(parts) == 1 else ibis.union(*parts))
    keys = unlinked.select("_rank", "dataset", "natural_key").distinct()
    numbered = keys.mutate(person=-1 - ibis.row_number().over(order_by=["_rank", "natural_key"]))
    linked = unlinked.join(numbered, ["dataset", "natural_key"]).select(
        "dataset", "file", "line", "person", link_basis=ibis.literal("none"), probability=ibis.null("float64"), natural_key=unlinked.natural_key
    )
    return engine.write(linked.cast({"person": "int64"}), target, order_by=("dataset", "file", "line"))


def natural_key(rows: ir.Table, contract: Contract) -> ir.StringValue:
    """The natural key of conformed rows as text: the key's values in order; of the ID field the cleaned number, of an absent value nothing."""
    values = [rows["id_number" if name == contract.id_field else name].cast("string").fill_null("") for name in contract.key]
    key = values[0]
    for value in values[1:]:
        key = key.concat(KEY_SEPARATOR, value)
    return key
