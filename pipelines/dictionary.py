"""docs/data-dictionary.md from the contracts: `python -m pipelines.dictionary` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipelines.contracts import Contract, Field, load_contracts
from pipelines.workspace import PROJECT, atomic_path

DICTIONARY = PROJECT / "docs" / "data-dictionary.md"
SCHEMAS = PROJECT / "schemas"
_KINDS = {
    "text": "text",
    "name": "name",
    "id": "identity or certificate number",
    "county": "county unit: code of 6 or 12 digits, or name",
    "code": "code",
    "codes": "codes, several in one cell",
    "month": "month, YYYYMM",
    "date": "date, YYYY-MM-DD",
    "money": "money",
    "int": "whole number",
    "bool": "是 / 否",
}
_INTRODUCTION = """# Data dictionary

What the departments deliver, field by field. Made from the contracts in `schemas/` by `python -m pipelines.dictionary`; change those, not this page.

A `*` marks a required column: a row without it goes to the quarantine, a file without it is refused. Every header is accepted with any brackets and
blanks; the field's own name is accepted too. Of a code its value, its label and the other spellings are accepted. Where no county code stands in
a row, the one in the file's name counts. *identifying* and *sensitive* values appear in no message, log or unmasked export."""


def dictionary(contracts: Iterable[Contract]) -> str:
    """The data dictionary as Markdown, one section per dataset in the order given."""
    contracts = list(contracts)
    overview = ["| dataset | | department | due | fresh for | natural key |", "|---|---|---|---|---|---|"]
    overview += [_overview(contract) for contract in contracts]
    return "\n\n".join([_INTRODUCTION, "\n".join(overview), *(_section(contract) for contract in contracts)]) + "\n"


def _overview(contract: Contract) -> str:
    due = f"{contract.cadence}, by day {contract.due_day}"
    link = f"[{contract.dataset}](#{contract.dataset})"
    key = ", ".join(contract.key)
    return f"| {link} | {contract.title} | {contract.department_title} | {due} | {contract.fresh_days} days | {key} |"


def _section(contract: Contract) -> str:
    facts = [f"{contract.description}: {contract.grain}.", f"Owner: {contract.owner}."]
    if contract.event_date and contract.history_months:
        facts.append(f"Events, dated by `{contract.event_date}`, of at least the last {contract.history_months} months.")
    elif contract.history_months:
        facts.append(f"Who is in force, and who ended within {contract.history_months} months.")
    if contract.empty_county_uncovered:
        facts.append("A county without a row in a region-wide file is not covered by it.")
    if contract.household_roster:
        patterns = ", ".join((*contract.household_roster.head, *contract.household_roster.member))
        facts.append(f"One row per household is read too, its members headed by {patterns}.")
    facts.append(f"Usually {contract.min_rows:,} to {contract.max_rows:,} rows; a file of more than {contract.max_bytes >> 30} GiB is refused.")
    table = ["| field | header | also accepted | type | values and meaning |", "|---|---|---|---|---|"]
    table += [_row(field) for field in contract.fields.values()]
    return f"## {contract.dataset}\n\n{contract.title} — {' '.join(facts)}\n\n" + "\n".join(table)


def _row(field: Field) -> str:
    kind = _KINDS[field.type] + (f", {field.unit}" if field.unit else "") + (f" · *{field.classification}*" if field.classification else "")
    meaning = [_code(code, spellings) for code, spellings in field.codes.items()]
    notes = [part for part in (field.description, ", ".join(meaning), f"Empty means {field.default}." if field.default is not None else "") if part]
    return f"| `{field.name}`{'*' if field.required else ''} | {field.header} | {', '.join(field.aliases)} | {kind} | {' '.join(notes)} |"


def _code(code: str, spellings: tuple[str, ...]) -> str:
    label, *others = spellings
    also = f" (also {', '.join(others)})" if others else ""
    return f"{code}{also}" if label == code else f"{code} {label}{also}"


def write_dictionary(target: Path = DICTIONARY, schemas: Path = SCHEMAS) -> Path:
    """Writes the dictionary of the contracts in `schemas` to `target`; returns it."""
    with atomic_path(target) as beside:
        beside.write_text(dictionary(load_contracts(schemas).values()), encoding="utf-8")
    return target


if __name__ == "__main__":
    write_dictionary()
