"""Un-pivoting rosters that come one row per household, so that every later stage sees one row per member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.extracts.cells import Column, pc
from pipelines.extracts.header import HEAD

_NO_NUMBER = r"^(无|不详|暂无|[-—－–]+)$"


@dataclass(frozen=True)
class Rows:
    """Rows by field: text, whether the format stored it as a number (identity fields only), and whose lines and problems they are."""

    values: Mapping[str, Column]
    numeric: Mapping[str, Column]
    lines: Column
    problems: Column

    def __len__(self) -> int:
        return len(self.lines)


def unpivot(places: Mapping[int, Rows], contract: Contract) -> pa.Table:
    """Members from households: one table with the contract's fields, `numeric:<field>` for identity fields, `line_no`, `member_no`, `problem`.

    `places` gives the same households at each place, 1 the head. A place without name and number is nobody. A member who is the head by number or,
    where one of the two lacks it, by name, is the head, whom it completes. A household without anybody stays one row, so that no row is lost.
    """
    head = places.get(HEAD)
    nobody = pa.array([False] * len(next(iter(places.values()))))
    anybody = nobody
    tables: list[pa.Table] = []
    for place, rows in places.items():
        if place == HEAD:
            continue
        exists = _exists(rows, contract)
        if head is not None:
            same = pc.and_(_same_person(head, rows, contract), exists)
            head = _completed(head, rows, same, contract)
            exists = pc.and_not(exists, same)
            anybody = pc.or_(anybody, same)
        tables.append(_table(rows, place).filter(exists))
        anybody = pc.or_(anybody, exists)
    if head is None:
        head = next(iter(places.values()))
        present = nobody
    else:
        present = _exists(head, contract)
        head = _with_defaults(head, contract)
    tables.append(_table(head, HEAD).filter(pc.or_(present, pc.invert(anybody))))
    return pa.concat_tables(tables).sort_by([("line_no", "ascending"), ("member_no", "ascending")])


def _table(rows: Rows, place: int) -> pa.Table:
    columns = {**rows.values, **{f"numeric:{name}": flags for name, flags in rows.numeric.items()}}
    number = pa.array([place] * len(rows), pa.int32())
    return pa.table({**columns, "line_no": rows.lines, "member_no": number, "problem": rows.problems})


def _number(rows: Rows, contract: Contract) -> Column:
    """Identity numbers as they compare: upper-case, without separators; null where the cell says that there is none."""
    if contract.id_field is None:
        return pa.nulls(len(rows), pa.string())
    text = pc.utf8_upper(pc.replace_substring_regex(rows.values[contract.id_field], r"[\s'’\-]", ""))
    absent = pc.or_(pc.match_substring_regex(text, _NO_NUMBER), pc.equal(text, pa.scalar("")))
    return pc.if_else(absent, pa.scalar(None, pa.string()), text)


def _exists(rows: Rows, contract: Contract) -> Column:
    return pc.or_(pc.is_valid(rows.values["name"]), pc.is_valid(_number(rows, contract)))


def _same_person(head: Rows, member: Rows, contract: Contract) -> Column:
    ours, theirs = _number(head, contract), _number(member, contract)
    both = pc.and_(pc.is_valid(ours), pc.is_valid(theirs))
    by_number = pc.or_(pc.equal(ours, theirs), pc.or_(_is_short_form(ours, theirs), _is_short_form(theirs, ours)))
    by_name = pc.equal(_folded(head.values["name"]), _folded(member.values["name"]))
    return pc.fill_null(pc.if_else(both, by_number, by_name), False)


def _is_short_form(short: Column, long: Column) -> Column:
    """Whether a number of 15 digits is the one of 18 from before 1999."""
    body = pc.binary_join_element_wise(pc.utf8_slice_codeunits(long, 0, 6), pc.utf8_slice_codeunits(long, 8, 17), "")
    century = pc.and_(pc.equal(pc.utf8_length(long), 18), pc.equal(pc.utf8_slice_codeunits(long, 6, 8), pa.scalar("19")))
    return pc.and_(pc.equal(short, body), century)


def _folded(names: Column) -> Column:
    return pc.replace_substring_regex(names, r"[\s·•‧∙⋅●・･．.。﹒]", "")


def _completed(head: Rows, member: Rows, same: Column, contract: Contract) -> Rows:
    """The head with what it lacks taken from the member that is the same person."""
    values, numeric = dict(head.values), dict(head.numeric)
    for name, theirs in member.values.items():
        lacking = pc.is_null(_number(head, contract) if name == contract.id_field else values[name])
        fill = pc.and_(pc.and_(same, lacking), pc.is_valid(theirs))
        values[name] = pc.if_else(fill, theirs, values[name])
        if name in numeric:
            numeric[name] = pc.if_else(fill, member.numeric[name], numeric[name])
    return Rows(values, numeric, head.lines, head.problems)


def _with_defaults(head: Rows, contract: Contract) -> Rows:
    values = dict(head.values)
    for name, text in (contract.household_roster.head_values if contract.household_roster else {}).items():
        values[name] = pc.fill_null(values[name], text)
    return Rows(values, head.numeric, head.lines, head.problems)
