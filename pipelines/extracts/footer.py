"""Telling data from what merely stands below it: blank rows and footers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from pipelines.contracts import Contract, header_key
from pipelines.extracts.cells import Block, clean, pc
from pipelines.extracts.header import HEAD, Header

_DIGIT = re.compile(r"[0-9]")
_SHORTEST_NUMBER = 15
_LABEL_CELLS = 2  # a label stands first, or right after a running number


class DataRows:
    """The rows of a file that are data, and how many were not: `blank` and `footer`, known once all blocks have been taken."""

    def __init__(self, header: Header, contract: Contract) -> None:
        self.blank = 0
        self.footer = 0
        self._labels = contract.footer_labels
        placed = {**header.members.get(HEAD, {}), **header.columns}
        self._used = sorted({position for columns in (header.columns, *header.members.values()) for at in columns.values() for position in at})
        self._required = [at for name, at in placed.items() if contract.fields[name].required and name != "county_code"]
        self._names = placed.get("name", ())
        self._numbers = placed.get(contract.id_field or "", ())

    def of(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """The data rows of `blocks`, their used columns cleaned. What looks like a footer waits until it is known that only such rows follow."""
        waiting: list[Block] = []
        for raw in blocks:
            block = self._without_blanks(self._cleaned(raw))
            end = self._footer_start(block)
            if end > 0:
                yield from waiting
                waiting = []
                yield block.slice(0, end)
            if end < len(block):
                waiting.append(block.slice(end, len(block)))
        self.footer = sum(len(block) for block in waiting)

    def _cleaned(self, block: Block) -> Block:
        columns = list(block.columns)
        for position in self._used:
            columns[position] = clean(columns[position])
        return Block(columns, block.lines, block.problems, block.numeric)

    def _without_blanks(self, block: Block) -> Block:
        blank = pc.is_null(block.problems)
        for position in self._used:
            blank = pc.and_(blank, pc.is_null(block.columns[position]))
        if not pc.any(blank).as_py():
            return block
        kept = pc.invert(blank)
        others = [clean(column.filter(blank)) for position, column in enumerate(block.columns) if position not in self._used]
        if others:
            filled = pc.is_valid(others[0])
            for column in others[1:]:
                filled = pc.or_(filled, pc.is_valid(column))
            kept = pc.replace_with_mask(kept, blank, filled)
        self.blank += len(block) - (pc.sum(kept).as_py() or 0)
        return block.filter(kept)

    def _footer_start(self, block: Block) -> int:
        """Where the footer rows at the end of a block begin; its length where there are none."""
        start = len(block)
        while start > 0 and self._is_footer(clean(pa.array(block.row(start - 1), pa.string())).to_pylist()):
            start -= 1
        return start

    def _is_footer(self, cells: list[str | None]) -> bool:
        filled = [position for position, cell in enumerate(cells) if cell]
        label = next((at for at in filled[:_LABEL_CELLS] if header_key(cells[at] or "").startswith(self._labels)), None)
        if label is None or self._names_somebody(cells, label):
            return False
        required = sum(any(cells[position] for position in at if position != label) for at in self._required)
        return required * 2 < len(self._required)

    def _names_somebody(self, cells: list[str | None], label: int) -> bool:
        """Whether a row holds a name or an identity number; what has digits is no name, but a count or a date."""
        names = [cells[position] or "" for position in self._names if position != label]
        numbers = [cells[position] or "" for position in self._numbers if position != label]
        return any(name and not _DIGIT.search(name) for name in names) or any(len(number) >= _SHORTEST_NUMBER for number in numbers)
