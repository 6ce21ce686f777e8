"""Every scenario declares all that should be flagged for it; the truth, computed from what happened to people, must say the same."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.synthetic.province import synthesize
from pipelines.synthetic.scenarios import CATALOGUE
from pipelines.synthetic.stage import ROLES

RECORD_CHECKS = {"ID-01", "ID-02", "ID-03", "ID-05", "ID-06"}
POLICY_NAMES = (
    {f"MC-0{n}" for n in range(1, 8)} | {f"UI-0{n}" for n in range(1, 4)} | {f"RR-0{n}" for n in range(1, 5)} | {f"SV-0{n}" for n in range(1, 4)}
)
CHECK_NAMES = {"ID-04"} | {f"EN-{n:02d}" for n in range(1, 13)}


@pytest.fixture(scope="module", params=[dt.date(2020, 7, 31), dt.date(2020, 12, 1), dt.date(2024, 2, 29)], ids=str)
def province(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("province")
    synthesize(out, 6000, request.param, 11, defects=0)
    return out


def _found(out: Path) -> dict[str, list[set[str]]]:
    """Per scenario, for each of its families, what the truth expects: `MC-01:head`, `MC-03:low_income`, `EN-09:grant`."""
    persons = pq.read_table(out / "truth" / "persons.parquet").to_pylist()
    families: dict[str, list[dict[str, object]]] = defaultdict(list)
    for person in persons:
        families[person["household"]].append(person)
    role = {one["person"]: ROLES[place] for family in families.values() for place, one in enumerate(family) if one["scenario"]}
    home = {one["person"]: one["household"] for one in persons}
    [grants_file] = (out / "inbox" / "temporary_assistance").iterdir()
    rows = [line.split("\t") for line in grants_file.read_text(encoding="gb18030").splitlines()]
    grantee = {row[0]: row[3] for row in rows if row[0].startswith("LS")}
    found: dict[str, set[str]] = defaultdict(set)
    expected = [(row["rule"], row["subject"]) for row in pq.read_table(out / "truth" / "flags.parquet").to_pylist()]
    expected += [
        (row["check"], row["subject"]) for row in pq.read_table(out / "truth" / "mismatches.parquet").to_pylist() if row["check"] not in RECORD_CHECKS
    ]
    for name, subject in expected:
        kind, _, rest = subject.partition(":")
        if kind == "person":
            found[home[rest]].add(f"{name}:{role.get(rest, '')}")
        elif kind == "grant":
            found[home[grantee[rest]]].add(f"{name}:grant")
        else:
            dataset, _, number = rest.partition(":")
            digits = int(number[2:]) % 50_000_000
            found[str(digits)].add(f"{name}:{dataset}")
    by_scenario: dict[str, list[set[str]]] = defaultdict(list)
    for household, family in families.items():
        if family[0]["scenario"]:
            by_scenario[str(family[0]["scenario"])].append(found[household])
    return by_scenario


def test_the_truth_of_every_family_is_what_its_scenario_declares(province: Path) -> None:
    found = _found(province)
    assert set(found) == {scenario.name for scenario in CATALOGUE}
    wrong = {one.name: (found[one.name], one.expects) for one in CATALOGUE if any(family != set(one.expects) for family in found[one.name])}
    assert not wrong


def test_every_rule_and_check_has_scenarios_that_raise_it_and_near_misses_that_do_not() -> None:
    raised = {re.sub(":.*", "", expected) for scenario in CATALOGUE for expected in scenario.expects}
    assert raised == POLICY_NAMES | CHECK_NAMES
    assert sum(not scenario.expects for scenario in CATALOGUE) > len(CATALOGUE) / 3
