"""From the ledger's open flags to one list a township: who a case is about, where it is visited, and what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.errors import StageError
from pipelines.policy import Policy
from pipelines.reports.cases import Case, Change, Person, TaskFlag, TownshipList, Unchecked
from pipelines.reports.evidence import EvidenceCell, Wording
from pipelines.reports.texts import grade_order, policy_title

UNCOVERED = "uncovered_member"


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """A flag that stands open on the night, as the ledger holds it, opened. Absent texts are empty.

    `person` is the token, empty for households; `household_dataset`, `household` name the household, empty for persons of none; `head` is the name of
    its head; `change` a key of the changes in texts.yaml, empty when it is simply still true; `members` are tokens of living members.
    """

    flag_id: str
    case_id: str
    rule: str
    person: str
    head: str
    county_code: str
    township: str
    village: str
    grade: str
    state: str
    checked: bool
    first_seen: date
    due: date
    name: str
    link_basis: str
    partial: bool
    change: str
    members: tuple[str, ...]
    evidence: tuple[EvidenceCell, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A change since the night before, of a flag that may be open no longer. `why` in Chinese, empty for the usual reason."""

    kind: str
    rule: str
    county_code: str
    township: str
    village: str
    name: str
    why: str


@dataclass(frozen=True)
class LedgerNight:
    """What the ledger says of one night. `persons` by token, ID numbers masked; `previous` is the published night before, None for the first."""

    flags: Sequence[OpenFlag]
    persons: Mapping[str, Person]
    changes: Sequence[Changed]
    previous: date | None


def township_lists(
    night: LedgerNight, unchecked: Mapping[str, tuple[Unchecked, ...]], wording: Wording, policy: Policy, as_of: date
) -> list[TownshipList]:
    """One list for each township with a case or a change, by county and township; a county with neither, but with unchecked rules, gets one too.

    `unchecked` are the flag rules suspended, by county. Raises StageError when a case would be on no list.
    """
    places: dict[tuple[str, str], tuple[list[Case], list[Change]]] = defaultdict(lambda: ([], []))
    for case in _cases(night, wording, policy):
        places[case.county_code, file_stem(case.township)][0].append(case)
    for item in night.changes:
        change = Change(item.kind, item.name, item.village, item.rule, policy.rules[item.rule].name, item.why)
        places[item.county_code, file_stem(item.township)][1].append(change)
    for county in set(unchecked) - {county for county, _ in places}:
        places[county, ""] = ([], [])
    lists = [
        TownshipList(
            county_code=county,
            county=policy.region.counties.get(county, county),
            township=township,
            as_of=as_of,
            policy=policy_title(policy),
            previous=night.previous,
            cases=tuple(cases),
            changes=tuple(changes),
            unchecked=unchecked.get(county, ()),
        )
        for (county, township), (cases, changes) in sorted(places.items())
    ]
    listed = {flag.flag_id for entry in lists for case in entry.cases for flag in case.flags}
    if missing := {flag.flag_id for flag in night.flags} - listed:
        raise StageError(f"{len(missing)} open flags of {as_of} stand on no township's list; the lists are not written: report this as a defect.")
    return lists


def file_stem(township: str) -> str:
    """A township's name as a file name on any system: characters that file systems refuse become `_`; unknown stays empty."""
    kept = "".join("_" if char in '\\/:*?"<>|' or ord(char) < 32 else char for char in township).strip(" .")
    return f"_{kept}" if kept == "_county" else kept[:80]


def _cases(night: LedgerNight, wording: Wording, policy: Policy) -> Iterable[Case]:
    by_case: dict[str, list[OpenFlag]] = defaultdict(list)
    for flag in night.flags:
        by_case[flag.case_id].append(flag)
    for case_id, flags in sorted(by_case.items()):
        people = _people(flags, night.persons)
        flags.sort(key=lambda flag: (grade_order(flag.grade), flag.due, flag.rule, flag.flag_id))
        head = next((flag.head for flag in flags if flag.head), "")
        tasks = tuple(_task(flag, len(people) > 1, wording, policy) for flag in flags)
        yield Case(case_id, flags[0].county_code, flags[0].township, flags[0].village, people, head, tasks)


def _people(flags: Sequence[OpenFlag], persons: Mapping[str, Person]) -> tuple[Person, ...]:
    """Whom the case is about: persons flagged themselves, then of flagged households the members not covered, or all where the evidence names none.

    A person whom the ledger does not know appears by the name of the flag.
    """
    tokens: list[str] = []
    for flag in sorted(flags, key=lambda flag: (not flag.person, flag.flag_id)):
        uncovered = [cell.person for cell in flag.evidence if cell.shows == UNCOVERED and cell.person]
        tokens += [flag.person] if flag.person else uncovered or flag.members
    known = tuple(persons[token] for token in dict.fromkeys(tokens) if token in persons)
    return known or tuple(Person(name) for name in dict.fromkeys(flag.name for flag in flags))


def _task(flag: OpenFlag, named: bool, wording: Wording, policy: Policy) -> TaskFlag:
    words = policy.rules[flag.rule]
    return TaskFlag(
        flag_id=flag.flag_id,
        rule=flag.rule,
        clause=words.clause,
        reason=words.reason,
        grade=flag.grade,
        due=flag.due,
        first_seen=flag.first_seen,
        shows=wording.sentences(flag.evidence, named=named),
        state=flag.state,
        change=flag.change,
        link_basis=flag.link_basis,
        partial=flag.partial,
        unchecked=not flag.checked,
    )
