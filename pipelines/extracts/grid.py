"""What every format gives to landing: a grid of rows, its first ones to find the header in, the others in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.extracts.cells import Block
from pipelines.extracts.header import Header, PreviewRow


@dataclass(frozen=True)
class Grid:
    """One table of a file: a sheet, or a text read with one delimiter.

    `title` is the sheet's name, empty where there is none; `preview` the first rows that are not blank, one more than may hold the header; `blocks`
    gives the rows below a header, in order.
    """

    title: str
    preview: list[PreviewRow]
    blocks: Callable[[Header], Iterator[Block]]
