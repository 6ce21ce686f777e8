"""Evidence cells in words: what a source says, with codes as labels, money in yuan, dates as dates and ID numbers masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipelines.contracts import Contract, Field
from pipelines.masking import mask_id, mask_phone
from pipelines.policy import Policy
from pipelines.reports.mismatches import SideCell
from pipelines.reports.texts import dataset_titles, label, sentence, texts

POLICY = "policy"
ID_STATUS = "id_status"
MASKS: Mapping[str, Callable[[str], str]] = {"phone": mask_phone, "id_original": mask_id}
_OPEN_ENDS = {"99991231", "999912"}


class EvidenceCell(NamedTuple):
    """One cell of evidence as the night stored it: `value` is the conformed value as text (money in fen, dates yyyymmdd), `snapshot` an ISO date.

    An absence has no `line`, `field` and `value`. A number of the policy has the dataset `policy` and its clause as `line`; its value, and a sum
    over rows, stand as people write them. `person` is the token of whose it is, `name` the name, both empty where nobody is meant.
    """

    dataset: str
    snapshot: str
    file: str
    line: str
    field: str
    value: str
    shows: str
    person: str = ""
    name: str = ""


class Wording:
    """Turns evidence cells into Chinese with the contracts' headers and labels and the policy's texts."""

    def __init__(self, contracts: Mapping[str, Contract], policy: Policy) -> None:
        self._fields = {(dataset, field.name): field for dataset, contract in contracts.items() for field in contract.fields.values()}
        self._alike = {field.name: field for contract in contracts.values() for field in contract.fields.values()}
        self._titles = {dataset: contract.title for dataset, contract in contracts.items()}
        self._full_titles = dataset_titles(contracts)
        self._shows = policy.shows
        self._counties = policy.region.counties
        self._source = lru_cache(maxsize=1024)(self._source_of)  # cells of one row stand together and share their source

    def header(self, dataset: str, field: str) -> str:
        """A field as people head it; the name itself of one that no contract has."""
        known = self._known(dataset, field)
        return known.header if known is not None else label("added_columns", field)

    def _known(self, dataset: str, field: str) -> Field | None:
        """The field of the dataset, or for one that is derived from others (a death dated by the end of cover) the field that bears its name."""
        return self._fields.get((dataset, field)) or self._alike.get(field)

    def value(self, dataset: str, field: str, value: str) -> str:
        """A conformed value as people write it; ID and certificate numbers and phone numbers masked. What no contract has stands as it is."""
        known = self._known(dataset, field)
        if not value:
            return label("evidence", "empty")
        if field in MASKS or (known is not None and known.type == "id"):
            return MASKS.get(field, mask_id)(value)
        if known is None:
            return label("id_statuses", value) if field == ID_STATUS else value
        if known.type in ("code", "codes"):
            return "、".join(known.label(code) for code in value.split(";") if code)
        return self._counties.get(value, value) if known.type == "county" else _written(known.type, value)

    def shows(self, key: str) -> str:
        """The policy's text for what a cell shows."""
        return self._shows.get(key, key)

    def sentences(self, cells: Iterable[EvidenceCell], *, named: bool) -> tuple[str, ...]:
        """What the data shows, one sentence a source; `named` puts the person's name before what is only theirs.

        What only helps to derive the flag again (`only_in_ledger` in texts.yaml) is left out. People of whom the same is said, and datasets that show
        the same absence, are told together.
        """
        unsaid = texts()["only_in_ledger"]
        present: dict[tuple[str, str, str], list[EvidenceCell]] = {}
        absent: dict[tuple[str, str], list[str]] = {}
        numbers: list[str] = []
        for cell in cells:
            if cell.shows in unsaid:
                continue
            who = cell.name if named else ""
            if cell.dataset == POLICY:
                numbers.append(f"{self.shows(cell.shows)} {cell.value}")
            elif cell.line:
                present.setdefault((who, cell.dataset, cell.snapshot), []).append(cell)
            else:
                absent.setdefault((who, self.shows(cell.shows)), []).append(self._titles.get(cell.dataset, cell.dataset))
        told = [
            (who, sentence("evidence", "present", dataset=self._titles.get(dataset, dataset), snapshot=snapshot, told=self._told(own)))
            for (who, dataset, snapshot), own in present.items()
        ]
        told += [(who, sentence("evidence", "absent", datasets="、".join(_once(names)), told=text)) for (who, text), names in absent.items()]
        return (*_together(told), *_once(numbers))

    def side(self, cells: Iterable[EvidenceCell]) -> tuple[SideCell, ...]:
        """One side of a mismatch: each cell with its source."""
        return tuple(SideCell(self._source(cell.dataset, cell.snapshot, cell.file, cell.line), self._content(cell)) for cell in cells)

    def _told(self, cells: Sequence[EvidenceCell]) -> str:
        """What cells of one source show: a value alone behind what it shows, several with their headers."""
        groups: dict[str, list[EvidenceCell]] = {}
        for cell in cells:
            groups.setdefault(cell.shows, []).append(cell)
        told = []
        for shows, group in groups.items():
            if len({cell.field for cell in group}) == 1:
                values = _once([self.value(cell.dataset, cell.field, cell.value) for cell in group])
                told.append(f"{self.shows(shows)} {'、'.join(values)}")
            else:
                values = _once([f"{self.header(cell.dataset, cell.field)} {self.value(cell.dataset, cell.field, cell.value)}" for cell in group])
                told.append(sentence("evidence", "several", shows=self.shows(shows), values="、".join(values)))
        return "，".join(told)

    def _content(self, cell: EvidenceCell) -> str:
        if not cell.field:
            return self.shows(cell.shows)
        said = self.shows(cell.shows) if cell.dataset == POLICY else self.header(cell.dataset, cell.field)
        return f"{said}：{self.value(cell.dataset, cell.field, cell.value)}"

    def _source_of(self, dataset: str, snapshot: str, file: str, line: str) -> str:
        if dataset == POLICY:
            return sentence("evidence", "clause_source", clause=line)
        title = self._full_titles.get(dataset, dataset)
        if line:
            return sentence("evidence", "source", dataset=title, snapshot=snapshot, file=file, line=line)
        return sentence("evidence", "absent_source", dataset=title, snapshot=snapshot or "—")


def _together(told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Sentences with the names of those of whom they are said; of nobody in particular without a name."""
    people: dict[str, list[str]] = {}
    for who, text in told:
        people.setdefault(text, []).append(who)
    for text, names in people.items():
        known = [name for name in _once(names) if name]
        yield sentence("evidence", "of_people", names="、".join(known), told=text) if known else text


def _once(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _written(kind: str, value: str) -> str:
    """A typed value as people write it. What does not look like its type is shown as it is."""
    if value in _OPEN_ENDS and kind in ("date", "month"):
        return label("evidence", "open_end")
    if kind == "date" and len(value) == 8 and value.isdigit():
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if kind == "month" and len(value) == 6 and value.isdigit():
        return f"{value[:4]}-{value[4:]}"
    if kind == "money" and value.lstrip("-").isdigit():
        return f"{int(value) / 100:,.2f} 元"
    if kind == "bool":
        return label("bools", value.lower())
    return value
