"""The data contracts of schemas/ as objects: which fields a dataset has, how departments head and code them, and what the deployment expects.

A contract is an Open Data Contract Standard v3 file `<dataset>.odcs.yaml`. Of the standard's own elements are used: `physicalName` for the
standard header, `synonyms` for its aliases, `physicalType` for our type, `enum` for codes, `primaryKey` for the natural key, `classification` for
personal fields, `slaProperties` for frequency, freshness and retention, `quality` for the volume bounds. What the standard has no word for stands
in `customProperties`.
Fields that many datasets share are written once, in common.odcs.yaml, and taken by `include`.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError

from pipelines.errors import ContractError

TYPES = ("text", "name", "id", "county", "code", "codes", "month", "date", "money", "int", "bool")
REFERENCE = "reference"
COMMON = "common.odcs.yaml"
_BRACKETS = str.maketrans("[]{}【】〔〕〖〗〈〉《》「」", "()()()()()()()()")


@dataclass(frozen=True)
class Field:
    """One field of a dataset.

    `type` is one of TYPES; `codes` maps each code to its label and the other spellings that mean it; `default` is the text that an absent value
    stands for; `classification` is `identifying`, `sensitive` or empty; `unit` is 元 or 万元 for money.
    """

    name: str
    header: str
    aliases: tuple[str, ...]
    type: str
    required: bool
    codes: Mapping[str, tuple[str, ...]]
    default: str | None
    classification: str
    unit: str
    description: str

    @property
    def personal(self) -> bool:
        """Whether its values may never appear in a message, a log or an unmasked export."""
        return bool(self.classification)

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header under which the field may be delivered; the standard header first."""
        return (self.header, self.name, *self.aliases)

    def label(self, code: str) -> str:
        """The Chinese for a code, or the code itself where it is a word already."""
        spellings = self.codes.get(code, ())
        return spellings[0] if spellings else code

    @property
    def spellings(self) -> dict[str, str]:
        """Every accepted spelling of the codes, in the NFKC form in which text lands, mapped to its code."""
        return {unicodedata.normalize("NFKC", spelling): code for code, others in self.codes.items() for spelling in (code, *others)}


@dataclass(frozen=True)
class HouseholdRoster:
    """How a file with one row per household heads its members, as patterns with `{header}` for a header of the dataset and `{n}` for the number.

    `head_values` are what the head of household's own row says where the file does not.
    """

    head: tuple[str, ...]
    member: tuple[str, ...]
    head_values: Mapping[str, str]


@dataclass(frozen=True)
class DatabaseSource:
    """Where a dataset is pulled from instead of being delivered as files: an Airflow connection, and a query that heads its columns as a file."""

    connection: str
    query: str


@dataclass(frozen=True)
class Contract:
    """What one dataset must look like and when it is due.

    `key` is the natural key; `id_field` the field with the person's ID number; `cadence` monthly or quarterly, due by `due_day` of the month (of
    the quarter's first month); `counties` that must be served (empty: every county of the region); `fresh_days` the age at which a snapshot still
    proves absence; `event_date` the field that dates an event dataset's rows, which must reach back `history_months`; `min_rows` and `max_rows`
    the usual volume of a region-wide delivery; `footer_labels` the words, as header keys, that begin a footer row; `source` a database that it is
    pulled from; `digest` covers everything that landing and conforming depend on.
    """

    dataset: str
    department: str
    department_title: str
    title: str
    grain: str
    fields: Mapping[str, Field]
    key: tuple[str, ...]
    id_field: str | None
    cadence: str
    due_day: int
    counties: tuple[str, ...]
    fresh_days: int
    history_months: int | None
    empty_county_uncovered: bool
    event_date: str | None
    household_roster: HouseholdRoster | None
    max_bytes: int
    min_rows: int
    max_rows: int
    owner: str
    version: str
    description: str
    footer_labels: tuple[str, ...]
    source: DatabaseSource | None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what landing and conforming depend on."""
        fields = [asdict(field) for field in self.fields.values()]
        roster = asdict(self.household_roster) if self.household_roster else None
        text = json.dumps([self.dataset, fields, self.id_field, roster, self.footer_labels], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def header_key(text: str) -> str:
    """What headers are compared by: NFKC, without blanks, line breaks and invisible characters, one kind of bracket, one case."""
    folded = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    return "".join(char for char in folded if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc")).casefold()


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Every contract of `folder` by dataset, in the order that the contracts give.

    Raises ContractError, naming file and place, when the folder has none or one of them is wrong.
    """
    files = sorted(folder.glob("*.odcs.yaml"))
    return dict(_load(folder, tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)))


@cache
def _load(folder: Path, files: tuple[tuple[str, int, int], ...]) -> dict[str, Contract]:
    common = _common(folder / COMMON) if any(name == COMMON for name, *_ in files) else _Common({}, ())
    ordered: list[tuple[int, Contract]] = []
    for name, *_ in files:
        if name == COMMON:
            continue
        path = folder / name
        document = _read(path)
        try:
            ordered.append((int(_custom(document)["order"]), _contract(document, common)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(f"{path.name} lacks something or has it in a wrong form ({error}); compare it with another contract.") from error
        except ContractError as error:
            raise ContractError(f"{path.name}: {error}") from error
    if not ordered:
        raise ContractError(f"There is no data contract (*.odcs.yaml) in {folder}; point the setting schemas to the folder that holds them.")
    contracts = [contract for _, contract in sorted(ordered, key=lambda pair: (pair[0], pair[1].dataset))]
    by_dataset = {contract.dataset: contract for contract in contracts}
    if len(by_dataset) != len(contracts):
        raise ContractError(f"Two contracts in {folder} describe the same dataset; remove one of them.")
    return by_dataset


@dataclass(frozen=True)
class _Common:
    """What common.odcs.yaml says: groups of shared fields by name, and the words that begin a footer."""

    groups: Mapping[str, list[SchemaProperty]]
    footer_labels: tuple[str, ...]


def _common(path: Path) -> _Common:
    document = _read(path)
    groups = {str(part.name): part.properties or [] for part in document.schema_ or []}
    return _Common(groups, tuple(header_key(str(label)) for label in _custom(document).get("footerLabels", ())))


def _read(path: Path) -> OpenDataContractStandard:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)  # the C one: seconds less over all contracts
        document = OpenDataContractStandard(**raw)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValidationError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ContractError(f"{path.name} is not a contract of the Open Data Contract Standard ({reason}); correct it.") from error
    if document.model_dump(by_alias=True, exclude_unset=True, mode="json") != json.loads(json.dumps(raw, default=str)):
        raise ContractError(f"{path.name} uses an element that the Open Data Contract Standard does not know, perhaps misspelt; correct it.")
    return document


def _custom(element: Any) -> dict[str, Any]:
    return {str(item.property): item.value for item in element.customProperties or []}


def _sla(document: OpenDataContractStandard) -> dict[str, Any]:
    return {str(item.property): item.value for item in document.slaProperties or []}


def _contract(document: OpenDataContractStandard, common: _Common) -> Contract:
    if not document.schema_ or len(document.schema_) != 1:
        raise ContractError("a contract describes exactly one dataset under schema; split or complete it.")
    table = document.schema_[0]
    custom, sla = _custom(document), _sla(document)
    fields = _fields(table, common.groups)
    keyed = sorted((item for item in table.properties or [] if item.primaryKey), key=lambda item: item.primaryKeyPosition or 1)
    rows = next((item.mustBeBetween for item in table.quality or [] if item.metric == "rowCount"), None)
    if rows is None:
        raise ContractError("quality must bound rowCount by mustBeBetween.")
    roster = custom.get("householdRoster")
    contract = Contract(
        dataset=str(table.name),
        department=str(document.domain),
        department_title=str(custom["departmentTitle"]),
        title=str(table.businessName),
        grain=str(table.dataGranularityDescription),
        fields=fields,
        key=tuple(str(item.name) for item in keyed),
        id_field=custom.get("idField"),
        cadence=str(sla["frequency"]),
        due_day=int(custom["dueDay"]),
        counties=() if custom["counties"] == "all" else tuple(str(code) for code in custom["counties"]),
        fresh_days=int(sla["latency"]),
        history_months=int(sla["retention"]) if "retention" in sla else None,
        empty_county_uncovered=bool(custom.get("emptyCountyUncovered", False)),
        event_date=custom.get("eventDate"),
        household_roster=HouseholdRoster(tuple(roster["head"]), tuple(roster["member"]), dict(roster.get("head_values", {}))) if roster else None,
        max_bytes=int(custom["maxBytes"]),
        min_rows=int(rows[0]),
        max_rows=int(rows[1]),
        owner=str(document.team.name if document.team and not isinstance(document.team, list) else ""),
        version=str(document.version),
        description=str(table.description or document.name),
        footer_labels=common.footer_labels,
        source=_source(document),
    )
    return _checked(contract)


def _source(document: OpenDataContractStandard) -> DatabaseSource | None:
    if not document.servers:
        return None
    custom = _custom(document.servers[0])
    return DatabaseSource(connection=str(custom["connection"]), query=str(custom["query"]))


def _checked(contract: Contract) -> Contract:
    for what, name in (("idField", contract.id_field), ("eventDate", contract.event_date)):
        if name is not None and name not in contract.fields:
            raise ContractError(f"{what} names {name}, which is no field of {contract.dataset}; correct the name.")
    if not contract.key:
        raise ContractError(f"{contract.dataset} has no natural key; mark its fields with primaryKey.")
    if contract.cadence not in ("monthly", "quarterly"):
        raise ContractError(f"the frequency of {contract.dataset} must be monthly or quarterly.")
    taken: dict[str, str] = {}
    for field in contract.fields.values():
        for header in field.headers:
            if taken.setdefault(header_key(header), field.name) != field.name:
                raise ContractError(f"the header {header} means both {taken[header]} and {field.name}; take it from one of them.")
    return contract


def _fields(table: SchemaObject, common: Mapping[str, list[SchemaProperty]]) -> dict[str, Field]:
    own = {str(item.name): item for item in table.properties or []}
    shared: dict[str, SchemaProperty] = {}
    for group in _custom(table).get("include", []):
        if group not in common:
            raise ContractError(f"include names the group {group}, which {COMMON} does not have; correct the name.")
        shared.update({str(item.name): item for item in common[group]})
    fields = [_field(item, shared.get(name)) for name, item in own.items()]
    fields += [_field(item, None) for name, item in shared.items() if name not in own]
    return {field.name: field for field in fields}


def _field(item: SchemaProperty, shared: SchemaProperty | None) -> Field:
    """A field as the contract says; what it leaves out it takes from the common field of its name, whose headers it keeps."""
    own, base = _custom(item), _custom(shared) if shared else {}
    kind = item.physicalType or (shared.physicalType if shared else None)
    if kind not in TYPES:
        raise ContractError(f"the field {item.name} has the physicalType {kind}; it must be one of {', '.join(TYPES)}.")
    header = item.physicalName or (shared.physicalName if shared else None)
    if not header:
        raise ContractError(f"the field {item.name} has no physicalName, the header under which it is delivered; add it.")
    terms = [shared.physicalName, *(term.synonym for term in shared.synonyms or [])] if shared else []
    terms += [term.synonym for term in item.synonyms or []]
    default = own.get("default", base.get("default"))
    if default is not None and not isinstance(default, str):
        raise ContractError(f"the default of {item.name} must be text as a department would write it; put it in quotes.")
    return Field(
        name=str(item.name),
        header=header,
        aliases=tuple(dict.fromkeys(str(term) for term in terms if term and term != header)),
        type=kind,
        required=bool(item.required if item.required is not None else shared and shared.required),
        codes=_codes(item, shared),
        default=default,
        classification=item.classification or (shared.classification if shared else None) or "",
        unit=str(own.get("unit", base.get("unit", ""))),
        description=item.description or (shared.description if shared else None) or "",
    )


def _codes(item: SchemaProperty, shared: SchemaProperty | None) -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    for entry in item.enum or (shared.enum if shared else None) or []:
        if not isinstance(entry.value, str):
            raise ContractError(f"a code of {item.name} is not text; put it in quotes.")
        spellings = tuple(str(term) for term in _custom(entry).get("spellings", []))
        codes[entry.value] = (entry.label or entry.value, *spellings)
    return codes


def by_department(contracts: Mapping[str, Contract]) -> dict[str, list[Contract]]:
    """The contracts of each delivering department, in the order of the contracts; reference data belongs to none."""
    departments: dict[str, list[Contract]] = {}
    for contract in contracts.values():
        if contract.department != REFERENCE:
            departments.setdefault(contract.department, []).append(contract)
    return departments
