"""The profile of a delivery: one row per county that says what its rows look like as a set, computed by the engine in one pass.

Expectations judge this table, so the gate costs the same for a thousand rows and for seven million. It holds counts, shares and ranges, never the
value of a personal field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from pipelines.contracts import Contract, Field
from pipelines.engine import Engine
from pipelines.extracts.deliveries import Delivery
from pipelines.policy import Region
from pipelines.workspace import date_number, number_date

ID_STATUSES = ("missing", "masked", "numeric_cell", "bad_length", "bad_characters", "bad_date", "bad_check", "valid")
OPEN_END = {"date": 99991231, "month": 999912}
RANGED = ("money", "int", "date", "month")
COUNTS = ("rows", "conformed", "quarantined", "warned", "duplicates", "townships")
CHANGES = (
    "last_snapshot", "last_rows", "rows_ratio", "id_valid_change", "townships_ratio",
    "null_rise", "null_rise_field", "code_collapse", "code_collapse_field", "amount_shift", "amount_shift_field",
)  # fmt: skip


def profile(engine: Engine, contract: Contract, delivery: Delivery, region: Region) -> pd.DataFrame:
    """The profile of a good delivery, one row per county: those it serves, and any other that its rows name; ordered by `county_code`.

    Columns: `county_code`, `served`, `snapshot` (yyyymmdd); counts: `rows` delivered, `conformed`, `quarantined`, `warned`, `duplicates`
    (natural key), `townships`; shares from 0 to 1: `quarantined_share` of the delivered rows, of the conformed `warned_share`, `duplicate_share`,
    `id_<status>_share`, `<field>_null_share`, `<field>_<code>_share`, `<field>_true_share`; ranges: `<field>_min`, `<field>_max` (money in fen, also
    `<field>_mean`; dates without open ends; no personal field); `oldest_event`, `newest_event`, the days from these to the snapshot (`history_days`,
    `newest_event_days`), over all counties `delivery_history_days`; of a region-wide delivery `delivery_rows`.
    """
    measured = _measured(engine, contract, delivery)
    served = set(region.counties) if delivery.county_code is None else {delivery.county_code}
    rows = [_county(contract, delivery, county, county in served, measured.get(county, {})) for county in sorted(served | delivery.named_counties())]
    table = pd.DataFrame(rows, columns=profile_columns(contract))
    table["delivery_rows"] = table["rows"].sum() if delivery.county_code is None else None
    table["delivery_history_days"] = table["history_days"].max()
    numbers = table.columns.drop(["county_code", "served"])
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def profile_columns(contract: Contract) -> list[str]:
    """The columns of a contract's profiles, in order, without those that compare it with the last one (CHANGES)."""
    names = ["county_code", "served", "snapshot", *COUNTS, "delivery_rows", "quarantined_share", "warned_share", "duplicate_share"]
    names += [f"id_{status}_share" for status in ID_STATUSES]
    for field in contract.fields.values():
        names.append(f"{field.name}_null_share")
        names += [f"{field.name}_{code}_share" for code in _share_codes(field)]
        names += [f"{field.name}_{kind}" for kind in _ranges(field)]
    return [*names, "oldest_event", "newest_event", "history_days", "newest_event_days", "delivery_history_days"]


def compared(table: pd.DataFrame, contract: Contract, last: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The profile with the columns CHANGES, against the row of `last`, by county, of the last good snapshot that served it; null without one.

    `rows_ratio`, `townships_ratio`: now / then. `id_valid_change`: difference of the shares. `null_rise`: the largest rise of a null share.
    `code_collapse`: the largest rise of a code's share to 1, so that a code column says one thing only. `amount_shift`: the largest factor,
    up or down, between mean amounts. Each `_field` names the field.
    """
    rows = [_changes(contract, row, last.get(row["county_code"])) for row in records(table)]
    changes = pd.DataFrame(rows, columns=list(CHANGES), index=table.index)
    for column in (name for name in CHANGES if not name.endswith("_field")):
        changes[column] = changes[column].astype("float64")
    return pd.concat([table, changes], axis=1)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _share_codes(field: Field) -> list[str]:
    return {"code": list(field.codes), "bool": ["true"]}.get(field.type, [])


def _ranges(field: Field) -> list[str]:
    if field.type not in RANGED or field.personal:
        return []
    return ["min", "max", "mean"] if field.type == "money" else ["min", "max"]


def _measured(engine: Engine, contract: Contract, delivery: Delivery) -> dict[str, dict[str, Any]]:
    """What the engine counts, by county: one pass over the delivery's conformed rows."""
    table = engine.read(part.path for part in delivery.parts)
    warned = (table.flaws != 0).sum()
    measures = {"conformed": table.count(), "warned": warned, **_identity(table, contract), **_fields(table, contract)}
    grouped = engine.arrow(table.group_by("county_code").aggregate(**measures))
    return {row.pop("county_code"): row for row in grouped.to_pylist()}


def _identity(table: ir.Table, contract: Contract) -> dict[str, ir.Value]:
    measures = {"townships": table.township.nunique(), **_duplicates(table, contract)}
    if contract.id_field is not None:
        measures.update({f"id_{status}": (table.id_status == status).sum() for status in ID_STATUSES})
    return measures


def _duplicates(table: ir.Table, contract: Contract) -> dict[str, ir.Value]:
    """Rows whose natural key another row of the county has. A valid number stands for the person; rows that lack a part of the key repeat nothing."""
    by_number = contract.id_field in contract.key
    known = ("id", "name", "county") if by_number else ("county",)
    parts = ([table.id17] if by_number else []) + [table[name] for name in contract.key if contract.fields[name].type not in known]
    key = parts[0] if len(parts) == 1 else reduce(lambda left, right: left + "\x1f" + right, [part.cast("string") for part in parts])
    return {"duplicates": key.count() - key.nunique()}


def _fields(table: ir.Table, contract: Contract) -> dict[str, ir.Value]:
    measures: dict[str, ir.Value] = {}
    for field in contract.fields.values():
        column = table[field.name]
        # of a valid number the file has id17 alone
        measures[f"{field.name}_null"] = (column.isnull() & table.id17.isnull() if field.name == contract.id_field else column.isnull()).sum()
        if field.type == "bool":
            measures[f"{field.name}_true"] = column.sum()
        for code in field.codes if field.type == "code" else ():
            measures[f"{field.name}_{code}"] = (column == code).sum()
        closed = column.nullif(OPEN_END[field.type]) if field.type in OPEN_END else column
        for kind in _ranges(field):
            measures[f"{field.name}_{kind}"] = getattr(closed, kind)()
    if contract.event_date is not None:
        event = contract.fields[contract.event_date]
        dated = table[event.name].nullif(OPEN_END[event.type])
        measures.update(oldest_event=dated.min(), newest_event=dated.max())
    return measures


def _county(contract: Contract, delivery: Delivery, county: str, served: bool, measured: Mapping[str, Any]) -> dict[str, Any]:
    conformed, rows = int(measured.get("conformed") or 0), delivery.rows(county)
    row: dict[str, Any] = {name: measured.get(name) for name in profile_columns(contract)}
    row.update({name: int(measured.get(name) or 0) for name in COUNTS})
    row.update(county_code=county, served=served, rows=rows, quarantined=delivery.quarantined_rows(county), snapshot=date_number(delivery.snapshot))
    row["quarantined_share"] = _share(row["quarantined"], rows)
    row["warned_share"] = _share(row["warned"], conformed)
    row["duplicate_share"] = _share(row["duplicates"], conformed)
    for name in row:
        count = name.removesuffix("_share")
        if name.endswith("_share") and count in measured:
            row[name] = _share(measured[count], conformed)
    oldest, newest = row["oldest_event"], row["newest_event"]
    row["history_days"] = (delivery.snapshot - _day(oldest)).days if oldest else None
    row["newest_event_days"] = (delivery.snapshot - _day(newest)).days if newest else None
    return row


def _share(count: Any, total: int) -> float | None:
    return (count or 0) / total if total else None


def _day(number: int) -> date:
    """The day of a date, or the first of a month."""
    return number_date(number if number > 999912 else number * 100 + 1)


def _changes(contract: Contract, now: dict[str, Any], then: Mapping[str, Any] | None) -> dict[str, Any]:
    if then is None:
        return {}
    fields = contract.fields.values()
    shares = {name: (now[name], then[name]) for name in now if name.endswith("_share") and _known(now[name], then[name])}
    nulls = {field.name: a - b for field in fields for a, b in [shares.get(f"{field.name}_null_share", (0.0, 0.0))]}
    collapsed = {
        field.name: 1 - then_share
        for field in fields
        for code in _share_codes(field)
        for share, then_share in [shares.get(f"{field.name}_{code}_share", (0.0, 0.0))]
        if share == 1
    }
    shifts = {field.name: _factor(now[f"{field.name}_mean"], then[f"{field.name}_mean"]) for field in fields if "mean" in _ranges(field)}
    valid = shares.get("id_valid_share")
    return {
        "last_snapshot": then["snapshot"],
        "last_rows": then["rows"],
        "rows_ratio": now["rows"] / then["rows"] if then["rows"] else None,
        "id_valid_change": valid[0] - valid[1] if valid else None,
        "townships_ratio": now["townships"] / then["townships"] if then["townships"] else None,
        **_largest("null_rise", nulls),
        **_largest("code_collapse", collapsed),
        **_largest("amount_shift", {name: factor for name, factor in shifts.items() if factor is not None}),
    }


def _largest(name: str, values: Mapping[str, float]) -> dict[str, Any]:
    field = max(values, key=lambda key: (values[key], key)) if values else None
    return {name: values[field] if field else None, f"{name}_field": field}


def _known(*values: Any) -> bool:
    return not any(pd.isna(value) for value in values)


def _factor(now: Any, then: Any) -> float | None:
    """How many times larger or smaller an amount is; unknown where one is not above zero."""
    if not _known(now, then) or now <= 0 or then <= 0:
        return None
    return float(max(now / then, then / now))
