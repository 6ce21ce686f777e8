"""The rows of a sheet as the workbook's XML, written in one go each.

XlsxWriter keeps every cell and asks a dozen functions for it when the book is closed, which was half of what reports cost. It still writes all else
of a workbook; rows below a table's heading go past it. Their texts stand in the cells (inline strings), as it writes them itself when it streams.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

_AT_ONCE = 2_000
_LONGEST = 32_767  # characters that a cell of Excel holds


class RowSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter has no types
    """A worksheet to which `add_row` appends rows, below all that is written by XlsxWriter's own functions."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[str] = []
        self._spilled: IO[str] | None = None
        self._opening: list[str] = []

    def add_row(self, row: int, cells: Sequence[str | int | None], formats: Sequence[Any], height: float) -> None:
        """Row number `row` (the first is 0), `height` points high. A text stays text whatever it looks like; None and '' are empty cells."""
        parts = [f'<row r="{row + 1}" ht="{height:g}" customHeight="1">']
        while len(self._opening) < len(cells):
            self._opening.append(f'<c r="{xl_col_to_name(len(self._opening))}')
        for opening, cell, style in zip(self._opening, cells, formats, strict=False):
            begun = f'{opening}{row + 1}" s="{style._get_xf_index()}"'
            if cell is None or cell == "":
                parts.append(f"{begun}/>")
            elif isinstance(cell, int):
                parts.append(f"{begun}><v>{cell}</v></c>")
            else:
                text = self._escape_data(self._escape_control_characters(cell[:_LONGEST]))
                parts.append(f'{begun} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>')
        parts.append("</row>")
        self._waiting.append("".join(parts))
        self._check_dimensions(row, len(cells) - 1)
        if len(self._waiting) == _AT_ONCE:
            self._spill()

    def _spill(self) -> None:
        """Puts what waits in a file that nobody else sees, so that a workbook takes little memory however long it is."""
        if self._spilled is None:
            self._spilled = TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115  # closed when the sheet is written
        self._spilled.writelines(self._waiting)
        self._waiting.clear()

    def _write_rows(self) -> None:
        """XlsxWriter's place for the rows of the sheet."""
        super()._write_rows()
        if self._spilled is not None:
            self._spilled.seek(0)
            shutil.copyfileobj(self._spilled, self.fh, 1 << 20)
            self._spilled.close()
        self.fh.writelines(self._waiting)
