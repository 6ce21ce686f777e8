"""One delivered file's content: from its bytes to the landed Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts import Contract
from pipelines.errors import DeliveryError
from pipelines.extracts.cells import Block, Column, pc
from pipelines.extracts.footer import DataRows
from pipelines.extracts.grid import Grid
from pipelines.extracts.header import COUNTY_FIELD, Header, HeaderError, find_header
from pipelines.extracts.parquet import open_parquet
from pipelines.extracts.roster import Rows, unpivot
from pipelines.extracts.text import GB18030, UTF8, open_text
from pipelines.extracts.workbook import open_workbook
from pipelines.workspace import atomic_path

_METADATA = "doudi"


@dataclass(frozen=True)
class Content:
    """What landing found in a file's bytes.

    `rows` counts landed rows (members, after un-pivoting), `delivered_rows` the file's own; `columns` are the fields found, `unknown_columns` headers
    that mean none; `blank_rows` and `footer_rows` are no data; `damaged_rows` landed with a problem and go to the quarantine.
    """

    rows: int
    delivered_rows: int
    columns: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    encoding: str | None
    sheet: str | None
    header_line: int
    household_roster: bool
    blank_rows: int
    footer_rows: int
    damaged_rows: int


def landed_schema(contract: Contract) -> pa.Schema:
    """The columns of a landed Parquet file, as docs/design.md names them."""
    fields = [pa.field(name, pa.string()) for name in contract.fields]
    source = [("line_no", pa.int64()), ("member_no", pa.int32()), ("numeric_cells", pa.string()), ("problem", pa.string())]
    return pa.schema([*fields, *(pa.field(name, kind) for name, kind in source)])


def land_content(path: Path, kind: str, gzipped: bool, contract: Contract, county_known: bool, target: Path) -> Content:
    """Reads the delivered file at `path`, of the format `kind`, and writes its rows to `target`; grain: delivered row, or member of a
    household-wide roster. `county_known` says that the file's name gives the county, so that its rows need not.

    Raises DeliveryError when the file must be refused; then `target` is not written.
    """
    if kind == "workbook":
        return _land(open_workbook(path, contract.max_bytes), contract, county_known, target, None)
    if kind == "parquet":
        return _land(open_parquet(path), contract, county_known, target, None)
    for encoding in (UTF8, GB18030):
        try:
            return _land(open_text(path, gzipped, encoding, contract.max_bytes), contract, county_known, target, encoding)
        except UnicodeDecodeError:
            continue
    raise DeliveryError("it is neither in UTF-8 nor in GB18030 throughout; save it as UTF-8 and have it delivered again.")


def read_content(landed: Path, contract: Contract, county_known: bool) -> Content:
    """What landing found when it wrote `landed`, for another file with the same bytes.

    Raises DeliveryError when that file's name gives no county and its rows neither.
    """
    stored: dict[str, Any] = json.loads((pq.read_metadata(landed).metadata or {})[_METADATA.encode()])
    content = Content(**{**stored, "columns": tuple(stored["columns"]), "unknown_columns": tuple(stored["unknown_columns"])})
    if not county_known and COUNTY_FIELD not in content.columns and contract.fields[COUNTY_FIELD].required:
        field = contract.fields[COUNTY_FIELD]
        raise DeliveryError(f"it has no column {field.header} ({', '.join(field.headers[1:])}) and its name no county code; have one of them added.")
    return content


def _land(grids: Sequence[Grid], contract: Contract, county_known: bool, target: Path, encoding: str | None) -> Content:
    grid, header = _choose(grids, contract, county_known)
    schema = landed_schema(contract)
    data = DataRows(header, contract)
    rows = delivered = damaged = 0
    with atomic_path(target) as beside, _writer(beside, schema) as writer:
        for block in data.of(grid.blocks(header)):
            table = _landed(block, header, contract).select(schema.names).cast(schema)
            writer.write_table(table)
            rows += table.num_rows
            delivered += len(block)
            damaged += table.num_rows - table["problem"].null_count
        if rows == 0:
            raise DeliveryError(f"it has a header in line {header.row.first_line} but no rows below it; have it delivered again.")
        content = Content(
            rows=rows,
            delivered_rows=delivered,
            columns=tuple(name for name in contract.fields if name in header.found),
            unknown_columns=header.unknown,
            encoding=encoding,
            sheet=grid.title or None,
            header_line=header.row.first_line,
            household_roster=bool(header.members),
            blank_rows=data.blank,
            footer_rows=data.footer,
            damaged_rows=damaged,
        )
        writer.add_key_value_metadata({_METADATA: json.dumps(asdict(content), ensure_ascii=False)})
    return content


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of landed rows. Columns in which hardly two cells are alike soon give up a small dictionary; nobody asks for the least text."""
    return pq.ParquetWriter(path, schema, compression="zstd", dictionary_pagesize_limit=1 << 16, write_statistics=["line_no"])


def _choose(grids: Sequence[Grid], contract: Contract, county_known: bool) -> tuple[Grid, Header]:
    """The grid with a header that serves the contract, of several the first; two sheets with rows of the dataset are more than one statement."""
    if not any(grid.preview for grid in grids):
        raise DeliveryError("it is empty; have it delivered again.")
    found: list[tuple[Grid, Header]] = []
    failed: list[HeaderError] = []
    for grid in grids:
        try:
            found.append((grid, find_header(grid.preview, contract, county_known)))
        except HeaderError as error:
            failed.append(error)
    if not found:
        raise max(failed, key=lambda error: error.found)
    filled = [(grid, header) for grid, header in found if grid.preview[-1] != header.row]
    if len(filled) > 1:
        sheets = ", ".join(grid.title for grid, _ in filled)
        raise DeliveryError(f"it has rows of {contract.dataset} on several sheets ({sheets}); have them put on one sheet, or into files of parts.")
    return (filled or found)[0]


def _landed(block: Block, header: Header, contract: Contract) -> pa.Table:
    _refuse_ambiguous(block, header)
    if header.members:
        shared = _rows(block, header.columns, contract)
        table = unpivot({place: _rows(block, columns, contract, shared) for place, columns in header.members.items()}, contract)
    else:
        rows = _rows(block, header.columns, contract)
        numeric = {f"numeric:{name}": flags for name, flags in rows.numeric.items()}
        table = pa.table({**rows.values, **numeric, "line_no": rows.lines, "problem": rows.problems})
        table = table.append_column("member_no", pa.array([0] * len(block), pa.int32()))
    names = [name for name, field in contract.fields.items() if field.type == "id"]
    return table.append_column("numeric_cells", _numeric_cells(table, names))


def _refuse_ambiguous(block: Block, header: Header) -> None:
    for positions in header.repeated:
        first = block.columns[positions[0]]
        for position in positions[1:]:
            differs = pc.fill_null(pc.not_equal(first, block.columns[position]), False)
            if pc.any(differs).as_py():
                line = block.lines.filter(differs)[0].as_py()
                title = header.row.cells[positions[0]].strip()
                raise DeliveryError(f"its column {title} occurs more than once and differs in line {line}; have all but the one that counts removed.")


def _rows(block: Block, columns: Mapping[str, tuple[int, ...]], contract: Contract, shared: Rows | None = None) -> Rows:
    """The contract's fields from a block: the first filled of a field's columns; what this place has no column for comes from `shared`."""
    values: dict[str, Column] = {}
    numeric: dict[str, Column] = {}
    for name, field in contract.fields.items():
        positions = columns.get(name, ())
        if not positions and shared is not None:
            values[name] = shared.values[name]
            if name in shared.numeric:
                numeric[name] = shared.numeric[name]
            continue
        values[name] = pc.coalesce(*(block.columns[at] for at in positions)) if positions else pa.nulls(len(block), pa.string())
        if field.type == "id":
            numeric[name] = _is_number(block, positions)
    return Rows(values, numeric, block.lines, block.problems)


def _is_number(block: Block, positions: Sequence[int]) -> Column:
    """Whether the cell that counts, the first filled, is stored as a number."""
    nothing = pa.array([False] * len(block))
    flags = nothing
    for position in reversed(positions):
        here = block.numeric.get(position, nothing)
        flags = pc.if_else(pc.is_valid(block.columns[position]), here, flags)
    return flags


def _numeric_cells(table: pa.Table, names: Sequence[str]) -> Column:
    """The identity fields that the format stored as numbers, blank-separated; null for none."""
    parts = [pc.if_else(table[f"numeric:{name}"], pa.scalar(name), pa.scalar("")) for name in names]
    if not parts:
        return pa.nulls(table.num_rows, pa.string())
    joined = pc.utf8_trim_whitespace(pc.replace_substring_regex(pc.binary_join_element_wise(*parts, " "), " +", " "))
    return pc.if_else(pc.equal(joined, pa.scalar("")), pa.scalar(None, pa.string()), joined)
