"""Speed never changes results: a night by the code before any optimising, kept as digests, against the same night today.

`python -m benchmarks.reference` runs the night at 1/10 with the product of commit BEFORE, from a worktree of its own, and writes reference.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks import ours
from benchmarks.agreement import clean_subjects
from pipelines.workspace import PROJECT

BEFORE = "d371fbe"
PEOPLE = 720_000
KEPT = Path(__file__).with_name("reference.json")
TABLES = {"flags": "rule", "evidence": "rule", "mismatches": "check", "mismatch_evidence": "check"}
"""The tables that are compared, each with the column that its rows are counted by. Every column counts but `person`, which is a number of the run."""
MUST_AGREE = ("flags", "mismatches")
Digests = dict[str, dict[str, dict[str, list[str | int]]]]


def digests(data: Path, night: Path) -> Digests:
    """By `sure` (rows about subjects of whom every record carries a usable number, which no link by likeness can touch) and `all`, by table, by rule
    or check: how many rows, and the MD5 of their sorted text."""
    connection = duckdb.connect()
    clean = sorted(clean_subjects(data / "truth", night / "flags.parquet", night / "mismatches.parquet"))
    connection.register("clean", pa.table({"subject": pa.array(clean, pa.string())}))
    found: Digests = {"sure": {}, "all": {}}
    for table, by in TABLES.items():
        rows = connection.read_parquet(str(night / f"{table}.parquet")).set_alias(table)
        columns = sorted(set(rows.columns) - {"person"})
        text = "concat_ws(chr(31), " + ", ".join(f"coalesce(\"{name}\"::VARCHAR, chr(30))" for name in columns) + ")"
        for scope, only in {"sure": "WHERE subject IN (SELECT subject FROM clean)", "all": ""}.items():
            query = f"SELECT \"{by}\" AS part, count(*), md5(string_agg({text}, chr(10) ORDER BY {text})) FROM rows {only} GROUP BY 1 ORDER BY 1"
            found[scope][table] = {part: [count, digest] for part, count, digest in connection.execute(query).fetchall()}
    return found


def compared(data: Path, night: Path) -> str:
    """What comparing a night with the reference says; nothing where the reference is of another province.

    Raises AssertionError where flags or mismatches of sure subjects are not the same.
    """
    known = json.loads(KEPT.read_text(encoding="utf-8"))
    if known["deliveries"] != deliveries(data / "inbox"):
        return ""
    today = digests(data, night)
    differ = {
        scope: {table: _differing(known["digests"][scope][table], today[scope][table]) for table in TABLES} for scope in today
    }
    if any(differ["sure"][table] for table in MUST_AGREE):
        raise AssertionError(f"The night does not give what the code of {known['commit']} gave: {differ['sure']}.")
    counts = ", ".join(f"{sum(int(row[0]) for row in known['digests']['all'][table].values()):,} {table.replace('_', ' ')}" for table in TABLES)
    told = [f"{table} of {', '.join(parts)}" for table, parts in differ["all"].items() if parts]
    if not told:
        return f"all rows are those of commit {known['commit']}: {counts}"
    sure = [f"{table} of {', '.join(parts)}" for table, parts in differ["sure"].items() if parts]
    return (
        f"against commit {known['commit']} ({counts}), flags and mismatches are the same about everyone whose records all carry a usable number"
        f"{'; of their rows these differ: ' + '; '.join(sure) if sure else ', with their evidence'}; of all rows these differ: {'; '.join(told)}"
    )


def deliveries(inbox: Path) -> str:
    """A digest of everything delivered."""
    files = sorted(path for path in inbox.rglob("*") if path.is_file())
    said = "".join(f"{path.relative_to(inbox)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files)
    return hashlib.sha256(said.encode()).hexdigest()


def _differing(before: dict[str, list[str | int]], now: dict[str, list[str | int]]) -> list[str]:
    return sorted(part for part in before.keys() | now.keys() if before.get(part) != now.get(part))


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes reference.json from a night of BEFORE, or from the night's folder of `--night` that was run with it."""
    from benchmarks.run import province

    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference", description=__doc__)
    parser.add_argument("--night", type=Path, help="a night of these deliveries by that commit, as nights/<as-of>")
    night = parser.parse_args(arguments).night
    data = province(PEOPLE)[0]
    with tempfile.TemporaryDirectory() as place:
        found = digests(data, night or _night_before(data, Path(place)))
    known = {"commit": BEFORE, "people": PEOPLE, "deliveries": deliveries(data / "inbox"), "digests": found}
    KEPT.write_text(json.dumps(known, indent=1), encoding="utf-8")


def _night_before(data: Path, place: Path) -> Path:
    tree, workspace = place / "tree", ours.workspace(data, place / "work")
    subprocess.run(["git", "worktree", "add", "--detach", str(tree), BEFORE], cwd=PROJECT, check=True)
    try:
        command = [sys.executable, "-m", "pipelines.cli", "run", "--dry-run", "--as-of", ours.AS_OF.isoformat(), "--workspace", str(workspace)]
        subprocess.run(command, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, check=True)
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=PROJECT, check=True)
    return workspace / "nights" / ours.AS_OF.isoformat()


if __name__ == "__main__":
    main()
