"""The rows of one landed file as engine expressions: typed, with what is wrong with each; then the conformed, quarantined and warned ones."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from pipelines.contracts import Contract, Field
from pipelines.engine import staged
from pipelines.extracts import reasons
from pipelines.extracts.types import default, prepared, value
from pipelines.policy import Region

COUNTY = "county_code"
Identify = Callable[[ir.Table, Contract], ir.Table]

PLAIN_TYPES = ("text", "name", "id")  # always readable
SOURCE = ("file", "line", "line_no", "member_no", "snapshot")
COMMON = {"township": "string", "village": "string", "phone": "string", "sex": "string", "birth_date": "int32"}
FAULT = "fault"
"""int32: what quarantines the row; 0 nothing, 1 landing's problem, 2i + 2 field i is empty, 2i + 3 field i is unreadable."""
FLAWS = "flaws"
"""int64: bit i for an unreadable optional field i; the bit after the last field for a row that names another county than its file."""


def typed_rows(landed: ir.Table, contract: Contract, region: Region) -> ir.Table:
    """Every landed row with its text, `<field>` as landed and `typed_<field>` as value, the source columns, `fault` and `flaws`.

    Besides what landing wrote, `landed` has `file`, `snapshot` (int32 yyyymmdd) and `file_county` (of a county's own file, else null).
    """
    fields = list(contract.fields.values())
    read = [field for field in fields if field.type not in PLAIN_TYPES]
    forms = staged(landed.mutate(**{f"form_{field.name}": prepared(field, landed[field.name]) for field in read}))
    values = {f"value_{field.name}": value(field, forms[f"form_{field.name}"], region) for field in read}
    rows = staged(forms.mutate(**values).drop(*(f"form_{field.name}" for field in read)))
    typed = {f"typed_{field.name}": _filled(rows, field, region) for field in fields}
    return rows.mutate(**typed, **{FAULT: _fault(rows, fields), FLAWS: _flaws(rows, fields)}).drop(*values, "file_county")


def conformed_rows(typed: ir.Table, contract: Contract, identify: Identify) -> ir.Table:
    """The rows without a fault: the contract's fields, typed; the common fields, null where the dataset has none; source and identity columns;
    `flaws`."""
    own = {name: typed[f"typed_{name}"] for name in contract.fields}
    absent = {name: ibis.null(kind) for name, kind in COMMON.items() if name not in contract.fields}
    table = typed.filter(typed[FAULT] == 0).select(**own, **absent, **{name: typed[name] for name in (*SOURCE, "numeric_cells", FLAWS)})
    return identify(table, contract).drop("numeric_cells")


def quarantined_rows(typed: ir.Table, contract: Contract, identify: Identify) -> ir.Table:
    """The rows with a fault, kept whole: the landed text, `row_county` (null where it cannot be read), source and identity columns, `column`,
    `reason`. A delivered field of one of these two names stands as `delivered_reason`."""
    rows = typed.filter(typed[FAULT] > 0).rename(row_county=f"typed_{COUNTY}")
    rows = rows.select(*contract.fields, "row_county", *SOURCE, "numeric_cells", "problem", FAULT)
    whole = rows.mutate(**{f"landed_{name}": rows[name] for name in contract.fields})
    known = identify(whole, contract)
    identity = [name for name in known.columns if name not in whole.columns]
    explained = _explained(known, list(contract.fields.values()))
    text = {f"delivered_{name}" if name in explained else name: known[f"landed_{name}"] for name in contract.fields}
    return known.select(**text, **{name: known[name] for name in ("row_county", *SOURCE, *identity)}, **explained)


def warning_rows(conformed: ir.Table, contract: Contract) -> ir.Table:
    """One row for every flaw of a conformed row: `file`, `line`, `line_no`, `member_no`, `column`, `reason`."""
    fields = list(contract.fields.values())
    flawed = conformed.filter(conformed[FLAWS] != 0)
    kinds = [(bit, field.name, reasons.unreadable(field)) for bit, field in enumerate(fields) if _may_be_flawed(field)]
    kinds.append((len(fields), COUNTY, reasons.other_county()))
    return ibis.union(
        *(
            flawed.filter(flawed[FLAWS] % 2 ** (bit + 1) >= 2**bit).select(
                "file", "line", "line_no", "member_no", column=ibis.literal(column), reason=ibis.literal(reason)
            )
            for bit, column, reason in kinds
        )
    )


def _may_be_flawed(field: Field) -> bool:
    return not field.required and field.type not in PLAIN_TYPES


def _value(rows: ir.Table, field: Field) -> ir.Value:
    return rows[field.name] if field.type in PLAIN_TYPES else rows[f"value_{field.name}"]


def _filled(rows: ir.Table, field: Field, region: Region) -> ir.Value:
    """The value; where there is none, the contract's default; where a county is not named, the file's."""
    if field.name == COUNTY:
        return ibis.ifelse(rows[COUNTY].isnull(), rows.file_county, _value(rows, field))
    filling = default(field, region)
    return _value(rows, field) if filling is None else ibis.coalesce(_value(rows, field), filling)


def _fault(rows: ir.Table, fields: list[Field]) -> ir.IntegerValue:
    faults = [(rows.problem.notnull(), 1)]
    for number, field in enumerate(fields):
        if field.required:
            empty = rows[field.name].isnull()
            faults.append((empty & rows.file_county.isnull() if field.name == COUNTY else empty, 2 * number + 2))
            if field.type not in PLAIN_TYPES:
                faults.append((~empty & _value(rows, field).isnull(), 2 * number + 3))
    return ibis.cases(*faults, else_=0).cast("int32")


def _flaws(rows: ir.Table, fields: list[Field]) -> ir.IntegerValue:
    flaws = ibis.literal(0, "int64")
    for bit, field in enumerate(fields):
        if _may_be_flawed(field):
            flaws = flaws + ibis.ifelse(rows[field.name].notnull() & _value(rows, field).isnull(), 2**bit, 0)
    elsewhere = (rows[f"value_{COUNTY}"] != rows.file_county).fill_null(False)
    return flaws + ibis.ifelse(elsewhere, 2 ** len(fields), 0)


def _explained(rows: ir.Table, fields: list[Field]) -> dict[str, ir.Value]:
    """`column` (null for a damaged row) and `reason` of a fault."""
    fault, columns, texts = rows[FAULT], [], []
    for number, field in enumerate(fields):
        columns.append((fault.isin((2 * number + 2, 2 * number + 3)), field.name))
        texts += [(fault == 2 * number + 2, reasons.empty(field)), (fault == 2 * number + 3, reasons.unreadable(field))]
    damage = [((fault == 1) & (rows.problem == noted), text) for noted, text in reasons.damaged().items()]
    return {"column": ibis.cases(*columns), "reason": ibis.cases(*texts, *damage, else_=rows.problem)}
