"""Reading the ledger, as of a published night. Every frame is sorted and has its columns even when it is empty.

Names, ID numbers, phone numbers and subjects come masked, unless the caller has leave to see them (`access_log.reveal`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import bindparam, func, select, text

from pipelines.errors import LedgerError
from pipelines.ledger import states
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.evidence import cell_places
from pipelines.ledger.kinds import FLAGS, MISMATCHES, Kind
from pipelines.ledger.models import PUBLISHED, MatchRun
from pipelines.ledger.persons import person_place
from pipelines.masking import mask_id, mask_name, mask_phone

_MASKS: Mapping[str, Callable[[str], str]] = {"name": mask_name, "id_number": mask_id, "phone": mask_phone}


@dataclass(frozen=True)
class Run:
    """A published night: `previous` is the published night before it, None for the first."""

    run_id: int
    as_of: date
    previous: date | None
    attempt: int
    policy_id: str
    policy_version: str
    code_version: str
    inputs: list[dict[str, Any]]
    counts: dict[str, Any]
    timings: dict[str, Any]


def run_of(ledger: Ledger, as_of: date) -> Run:
    """The run that published a night. Raises LedgerError, naming the nights there are, when none has."""
    with ledger.transaction() as connection:
        row = connection.execute(select(MatchRun).where(MatchRun.as_of == as_of, MatchRun.state == PUBLISHED)).mappings().first()
        before = select(func.max(MatchRun.as_of)).where(MatchRun.as_of < as_of, MatchRun.state == PUBLISHED)
        previous = connection.scalar(before)
        if row is None:
            latest = connection.scalar(select(func.max(MatchRun.as_of)).where(MatchRun.state == PUBLISHED))
            other = f"the latest published is {latest}" if latest else "none has been published yet"
            raise LedgerError(f"The night of {as_of} has not been published; {other}; run doudi run --as-of {as_of} first.")
    names = ("run_id", "as_of", "attempt", "policy_id", "policy_version", "code_version", "inputs", "counts", "timings")
    return Run(previous=previous, **{name: row[name] for name in names})


def latest_night(ledger: Ledger) -> date | None:
    """The newest published night, None before the first."""
    with ledger.transaction() as connection:
        found: date | None = connection.scalar(select(func.max(MatchRun.as_of)).where(MatchRun.state == PUBLISHED))
    return found


def flags(
    ledger: Ledger,
    as_of: date,
    *,
    wanted: Collection[str] = states.WAITING,
    county: str | None = None,
    township: str | None = None,
    only: Collection[str] = (),
    reveal: Reveal | None = None,
) -> pd.DataFrame:
    """The flags of a night in the states `wanted`, one row each, sorted by rule, county and flag_id; with `only` the columns named, and the id.

    Columns: `flag_id`, `rule`, `family`, `subject_kind`, `subject`, `name`, `token`, `household_dataset`, `household_token`, `county_code`,
    `township`, `village`, `grade`, `state`, `checked`, `link_basis`, `partial`, `first_seen`, `last_seen`, `raised_on`, `due`, `due_provisional`,
    `clause`, `action`, `policy_version`, `case_id`, `edition` (of its evidence). Flags that the night no longer had are `cleared_by_data`, or stay
    `closed`. Raises LedgerError when the night has not been published.
    """
    columns = (
        "rule", "family", "subject_kind", "subject", "name", "token", "household_dataset", "household_token", "county_code", "township", "village",
        "grade", "state", "checked", "link_basis", "partial", "first_seen", "last_seen", "raised_on", "due", "due_provisional", "clause", "action",
        "policy_version", "case_id", "edition",
    )  # fmt: skip
    return _standing(ledger, FLAGS, as_of, wanted, ("flag_id", *columns), only, {"county_code": county, "township": township}, reveal)


def mismatches(
    ledger: Ledger,
    as_of: date,
    *,
    wanted: Collection[str] = states.WAITING,
    county: str | None = None,
    check: str | None = None,
    only: Collection[str] = (),
    reveal: Reveal | None = None,
) -> pd.DataFrame:
    """The mismatches of a night, one row each, sorted by check, county and mismatch_id; with `only` the columns named, and the id.

    Columns: `mismatch_id`, `check`, `subject`, `token`, `person`, `county_code`, `datasets`, `detail`, `grade`, `state`, `checked`, `first_seen`,
    `last_seen`, `policy_version`, `edition`. Otherwise as `flags`.
    """
    columns = (
        "check", "subject", "token", "person", "county_code", "datasets", "detail", "grade", "state", "checked", "first_seen", "last_seen",
        "policy_version", "edition",
    )  # fmt: skip
    return _standing(ledger, MISMATCHES, as_of, wanted, ("mismatch_id", *columns), only, {"county_code": county, '"check"': check}, reveal)


def evidence(
    ledger: Ledger,
    as_of: date,
    kind: Kind = FLAGS,
    *,
    keys: Collection[str] | None = None,
    county: str | None = None,
    without: Collection[str] = (),
    reveal: Reveal,
) -> pd.DataFrame:
    """The evidence of a night's flags or mismatches (of all that stand, of `keys`, or of a county), sorted by key and seq.

    Columns: `flag_id` or `mismatch_id`, `seq`, `person` (token), `dataset`, `snapshot`, `file`, `line`, `field`, `value` (as conformed), `shows`,
    and `side` for mismatches. Cells that show one of `without` are left out.
    """
    side = ", e.side" if kind is MISMATCHES else ""
    of = f"AND v.{kind.key} = ANY(:keys)" if keys is not None else ""
    of, parameters = _in_county(kind, of, county)
    if without:
        of, parameters = f"{of} AND e.shows <> ALL(:without)", {**parameters, "without": sorted(without)}
    frame = _frame(
        ledger,
        f"""SELECT e.{kind.key}, e.seq, e.person, e.dataset, e.snapshot, e.file, e.line, e.field, e.value, e.shows, e.edition{side}
            FROM {kind.versions} v JOIN {kind.evidence} e USING ({kind.key}, edition)
            WHERE v.from_night <= :as_of AND v.until_night > :as_of {of} ORDER BY e.{kind.key}, e.seq""",
        {"as_of": as_of, **parameters, **({"keys": sorted(keys)} if keys is not None else {})},
    )
    places = cell_places(kind, frame[kind.key].tolist(), frame["edition"].tolist(), frame["seq"].tolist())
    frame["value"] = [reveal.open(value, place) for value, place in zip(frame["value"].tolist(), places, strict=True)]
    return _tokens(frame.drop(columns="edition"), "person")


def members(ledger: Ledger, as_of: date, *, county: str | None = None) -> pd.DataFrame:
    """The living people of the households of a night's flags (or of a county's), and the flags' own persons; sorted by flag_id and token.

    Columns: `flag_id`, `person` (token, see `persons`).
    """
    of, parameters = _in_county(FLAGS, "", county)
    frame = _frame(
        ledger,
        f"""SELECT m.flag_id, m.person FROM flag_versions v JOIN flag_members m USING (flag_id, edition)
            WHERE v.from_night <= :as_of AND v.until_night > :as_of {of} ORDER BY m.flag_id, m.person""",
        {"as_of": as_of, **parameters},
    )
    return _tokens(frame, "person")


def persons(
    ledger: Ledger, tokens: Collection[str], *, wanted: Collection[str] = ("name", "id_number", "phone"), reveal: Reveal | None = None
) -> pd.DataFrame:
    """Persons by token, sorted by it: `person`, `birth_year` and what is `wanted` of `name`, `id_number` and `phone`."""
    frame = _frame(
        ledger,
        f"SELECT {', '.join(('token AS person', 'birth_year', *wanted))} FROM persons WHERE token = ANY(:tokens) ORDER BY token",
        {"tokens": [bytes.fromhex(token) for token in sorted(set(tokens))]},
    )
    return _people(ledger, _tokens(frame, "person"), reveal)


def changes(ledger: Ledger, as_of: date, kind: Kind = FLAGS, *, county: str | None = None, reveal: Reveal | None = None) -> pd.DataFrame:
    """What a night changed against the night before (in a county, where given), and why; one row an event, sorted by key and kind.

    Columns: key, rule or check, `county_code`, for flags `township`, `village`, `case_id`, `name`; `grade`, `state`, `kind` (raised, changed,
    cleared_by_data, suspended, resumed, reopened, silenced), `reason` (see departed.py, and for `changed` what differs: grade, evidence, place …),
    `result_code` of an earlier result. What is gone is shown as it last stood.
    """
    own = ", v.township, v.village, v.case_id, v.name" if kind is FLAGS else ", v.datasets"
    here = "AND s.county_code = :county" if county is not None else ""
    frame = _frame(
        ledger,
        f"""SELECT s.{kind.key}, s.{kind.rule}, s.county_code, v.grade, v.state, e.kind, e.reason, e.result_code{own}
            FROM {kind.events} e JOIN {kind.table} s USING ({kind.key})
            CROSS JOIN LATERAL (SELECT * FROM {kind.versions} v WHERE v.{kind.key} = e.{kind.key} AND v.from_night <= :as_of
                ORDER BY v.from_night DESC LIMIT 1) v
            {_changing(kind)} {here} ORDER BY {kind.key}, e.kind""",
        {"as_of": as_of, **({"county": county} if county is not None else {})},
    )
    return _sealed(ledger, frame, kind, ("name",) if kind is FLAGS else (), reveal)


def change_counts(ledger: Ledger, as_of: date, kind: Kind = FLAGS) -> pd.DataFrame:
    """How many `changes` a night made: rule or check, `county_code`, `kind`, `number`; sorted by the first three."""
    of = f"s.{kind.rule}, s.county_code, e.kind"
    return _frame(
        ledger,
        f"SELECT {of}, count(*) AS number FROM {kind.events} e JOIN {kind.table} s USING ({kind.key}) {_changing(kind)} GROUP BY {of} ORDER BY {of}",
        {"as_of": as_of},
    )


def _changing(kind: Kind) -> str:
    """The condition that an event `e` is a change which the night made and which stands."""
    return f"""WHERE e.as_of = :as_of AND e.run_id IS NOT NULL AND e.withdraws IS NULL AND e.kind <> '{states.STILL_TRUE}'
            AND NOT EXISTS (SELECT FROM {kind.events} w WHERE w.withdraws = e.event_id)"""


def coverage(ledger: Ledger, as_of: date) -> pd.DataFrame:
    """The night's coverage: models.Coverage without `run_id`, sorted by dataset and county."""
    return _of_run(ledger, as_of, "coverage", "dataset, county_code")


def suspensions(ledger: Ledger, as_of: date) -> pd.DataFrame:
    """What the night could not check: `rule`, `county_code`, `dataset`, `reason`."""
    return _of_run(ledger, as_of, "suspensions", "rule, county_code, dataset")


def denominators(ledger: Ledger, as_of: date) -> pd.DataFrame:
    """What the night's checks looked at: `check`, `county_code`, `dataset`, `checked`."""
    return _of_run(ledger, as_of, "denominators", '"check", county_code, dataset')


def _in_county(kind: Kind, of: str, county: str | None) -> tuple[str, dict[str, Any]]:
    """The condition `of`, and that a version's flag or mismatch is of the county where one is given; with its parameter."""
    if county is None:
        return of, {}
    return f"{of} AND v.{kind.key} IN (SELECT {kind.key} FROM {kind.table} WHERE county_code = :county)", {"county": county}


def _of_run(ledger: Ledger, as_of: date, table: str, order: str) -> pd.DataFrame:
    run = run_of(ledger, as_of)
    return _frame(ledger, f"SELECT * FROM {table} WHERE run_id = :run ORDER BY {order}", {"run": run.run_id}).drop(columns="run_id")


def _standing(
    ledger: Ledger,
    kind: Kind,
    as_of: date,
    wanted: Collection[str],
    columns: tuple[str, ...],
    only: Collection[str],
    where: Mapping[str, str | None],
    reveal: Reveal | None,
) -> pd.DataFrame:
    run_of(ledger, as_of)
    fixed = {name.strip('"') for name in (*kind.fixed, *kind.texts)}
    source = {name: f's."{name}"' if name in fixed or name == kind.key else f'v."{name}"' for name in columns}
    since = f"e.{kind.key} = v.{kind.key} AND e.run_id IS NULL AND e.kind = '{states.CLOSED}' AND e.as_of > v.from_night AND e.as_of <= :as_of"
    closed = f"v.state = '{states.CLOSED}' OR EXISTS (SELECT FROM {kind.events} e WHERE {since})"
    gone = f"CASE WHEN {closed} THEN '{states.CLOSED}' ELSE '{states.CLEARED}' END"
    last = "(SELECT max(as_of) FROM match_runs WHERE state = 'published' AND as_of < v.until_night)"
    now = source | {"last_seen": "coalesce(v.last_checked, CAST(:as_of AS date))"}
    then = source | {"last_seen": f"coalesce(v.last_checked, {last})", "state": gone, "checked": "true"}
    places = {name: value for name, value in where.items() if value is not None}
    narrow = " ".join(f"AND {'s' if name.strip(chr(34)) in fixed else 'v'}.{name} = :at_{at}" for at, name in enumerate(places))
    shown = [name for name in columns if not only or name in only or name == kind.key]
    frame = _frame(
        ledger,
        f"""SELECT {", ".join(f'"{name}"' for name in shown)} FROM (
            SELECT {_listed(now)} FROM {kind.versions} v JOIN {kind.table} s USING ({kind.key})
                WHERE v.from_night <= :as_of AND v.until_night > :as_of {narrow}
            UNION ALL (SELECT DISTINCT ON (v.{kind.key}) {_listed(then)} FROM {kind.versions} v JOIN {kind.table} s USING ({kind.key})
                WHERE :gone AND v.until_night <= :as_of {narrow} AND NOT EXISTS (
                    SELECT FROM {kind.versions} n WHERE n.{kind.key} = v.{kind.key} AND n.from_night <= :as_of AND n.until_night > :as_of)
                ORDER BY v.{kind.key}, v.until_night DESC)
            ) AS found WHERE state IN :wanted ORDER BY {kind.rule}, county_code, {kind.key}""",
        {
            "as_of": as_of,
            "wanted": list(wanted),
            "gone": not {states.CLEARED, states.CLOSED}.isdisjoint(wanted),
            **{f"at_{at}": value for at, value in enumerate(places.values())},
        },
    )
    sealed = tuple(name for name in ("subject", "name") if name in shown)
    return _tokens(_sealed(ledger, frame, kind, sealed, reveal), "token", "household_token", "person", "edition")


def _listed(source: Mapping[str, str]) -> str:
    return ", ".join(f'{expression} AS "{name}"' for name, expression in source.items())


def _frame(ledger: Ledger, statement: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
    query = text(statement)
    if ":wanted" in statement:
        query = query.bindparams(bindparam("wanted", expanding=True))
    with ledger.transaction() as connection:
        result = connection.execute(query, parameters)
        names = list(result.keys())
        rows = result.cursor.fetchall()  # the driver's tuples: a Row of SQLAlchemy around each takes as long as to read it
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in zip(names, columns, strict=True)})


def _tokens(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    for name in columns:
        if name in frame:
            frame[name] = [None if value is None else value.hex() for value in frame[name].tolist()]
    return frame


def _sealed(ledger: Ledger, frame: pd.DataFrame, kind: Kind, columns: tuple[str, ...], reveal: Reveal | None) -> pd.DataFrame:
    """Opens sealed columns; masked, unless the caller may see them."""
    for name in columns:
        values = zip(frame[name].tolist(), frame[kind.key].tolist(), strict=True)
        opened = [None if value is None else ledger.cipher.open(value, f"{kind.table}.{name}|{key}") for value, key in values]
        mask = mask_subject if name == "subject" else mask_name
        frame[name] = opened if reveal else [None if value is None else mask(value) for value in opened]
    return frame


def _people(ledger: Ledger, frame: pd.DataFrame, reveal: Reveal | None) -> pd.DataFrame:
    for name, mask in _MASKS.items():
        if name not in frame:
            continue
        values = zip(frame[name].tolist(), frame["person"].tolist(), strict=True)
        opened = [None if value is None else ledger.cipher.open(value, person_place(name, token)) for value, token in values]
        frame[name] = opened if reveal else [None if value is None else mask(value) for value in opened]
    return frame


def mask_subject(subject: str) -> str:
    """A subject with its ID numbers or household number masked; a record's place says nothing about a person and stays."""
    kind, _, rest = subject.partition(":")
    if kind == "person":
        return "|".join(f"person:{mask_id(part.removeprefix('person:'))}" for part in subject.split("|"))
    if kind == "household":
        dataset, _, number = rest.partition(":")
        return f"household:{dataset}:{mask_id(number)}"
    return subject
