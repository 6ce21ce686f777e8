"""The command line as people call it: exit statuses, one-sentence errors, exports, explanations, kills and second runs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import typer

from pipelines.cli import app
from pipelines.synthetic.province import synthesize
from pipelines.workspace import PROJECT

AS_OF = date(2020, 7, 31)
COMMAND = [sys.executable, "-m", "pipelines.cli"]
KILLED_AT = ("conform", "validate and link", "rules and checks", "publish", "reports")


def doudi(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=False, timeout=600)


def night(workspace: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return doudi("run", "--as-of", str(AS_OF), "--workspace", workspace, *more)


def exported(workspace: Path, what: str, target: Path) -> list[dict[str, str]]:
    """The machine interface's rows."""
    options = ("--as-of", str(AS_OF), "--workspace", workspace, "--format", "csv", "-o", target, "--reveal", "--reason", "test")
    done = doudi("export", what, *options)
    assert done.returncode == 0, done.stderr
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("deliveries")
    synthesize(place, 200, AS_OF, 3)
    return place / "inbox"


@pytest.fixture(scope="module")
def published(deliveries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose night ran undisturbed."""
    place = tmp_path_factory.mktemp("published")
    (place / "inbox").symlink_to(deliveries)
    done = night(place)
    assert done.returncode in (0, 3), done.stderr
    return place


def fresh(place: Path, deliveries: Path, published: Path) -> Path:
    """A workspace in which nothing ran yet; it is lent the queries of another, whose writing takes longest."""
    place.mkdir(exist_ok=True)
    (place / "inbox").symlink_to(deliveries)
    shutil.copytree(published / "queries", place / "queries")
    return place


def ledger(workspace: Path, folder: Path) -> dict[str, list[dict[str, str]]]:
    return {what: exported(workspace, what, folder / f"{what}.csv") for what in ("flags", "mismatches")}


def test_a_run_says_what_it_did(published: Path) -> None:
    report = json.loads((published / "reports" / AS_OF.isoformat() / "run.json").read_text(encoding="utf-8"))
    assert report["state"].startswith("published")
    assert all(line["rows"] == line["conformed"] + line["quarantined"] for line in report["files"] if line["status"] == "conformed")
    assert report["totals"]["flags"] > 0


def test_the_machine_interface_has_its_columns(published: Path, tmp_path: Path) -> None:
    found = ledger(published, tmp_path)
    assert list(found["flags"][0]) == ["rule", "subject", "county_code", "township", "grade", "state", "link_basis", "first_seen", "due_date"]
    assert list(found["mismatches"][0]) == ["check", "subject", "county_code", "datasets", "state"]
    assert {row["subject"].split(":")[0] for row in found["flags"]} <= {"person", "household", "record"}


def test_what_leaves_unrevealed_is_masked(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "flags.csv"
    assert doudi("export", "flags", "--as-of", str(AS_OF), "--workspace", published, "-o", target).returncode == 0
    revealed = {row["subject"] for row in exported(published, "flags", tmp_path / "revealed.csv")}
    masked = target.read_text(encoding="utf-8")
    assert not [subject for subject in revealed if subject.startswith("person:") and subject in masked]


def test_revealing_needs_a_reason_and_is_logged(published: Path, tmp_path: Path) -> None:
    refused = doudi("export", "flags", "--as-of", str(AS_OF), "--workspace", published, "-o", tmp_path / "x.csv", "--reveal")
    assert refused.returncode == 2
    assert not (tmp_path / "x.csv").exists()
    verified = doudi("audit", "verify", "--workspace", published)
    assert (verified.returncode, "hold together" in verified.stdout) == (0, True)


def test_a_flag_can_be_derived_again(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "flags.csv"
    doudi("export", "flags", "--as-of", str(AS_OF), "--workspace", published, "-o", target)
    with target.open(encoding="utf-8", newline="") as file:
        flag_id = next(csv.DictReader(file))["flag_id"]
    done = doudi("explain", flag_id, "--workspace", published, "--replay")
    assert done.returncode == 0, done.stderr
    assert "again, with the same" in " ".join(done.stdout.split())


def test_the_same_night_again_changes_nothing(published: Path, tmp_path: Path) -> None:
    before = ledger(published, tmp_path)
    assert night(published).returncode in (0, 3)
    assert ledger(published, tmp_path) == before


def test_killed_at_any_stage_and_run_again_gives_the_same_ledger(published: Path, deliveries: Path, tmp_path: Path) -> None:
    place = fresh(tmp_path / "killed", deliveries, published)
    for stage in KILLED_AT:
        words = [*COMMAND, "run", "--as-of", str(AS_OF), "--workspace", str(place)]
        with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True) as run:
            assert run.stderr is not None
            said = next((line for line in run.stderr if line.strip().endswith(f": {stage}")), None)
            assert said is not None, f"the run never came to {stage}"
            os.killpg(run.pid, signal.SIGKILL)
    assert night(place).returncode in (0, 3)
    assert ledger(place, tmp_path) == ledger(published, tmp_path)


def test_two_runs_at_once_do_not_harm_each_other(published: Path, deliveries: Path, tmp_path: Path) -> None:
    place = fresh(tmp_path / "twice", deliveries, published)
    words = [*COMMAND, "run", "--as-of", str(AS_OF), "--workspace", str(place)]
    runs = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(run.communicate(timeout=600)[1], run.returncode) for run in runs]
    assert all(status in (0, 3) for _, status in ended), ended
    assert ledger(place, tmp_path) == ledger(published, tmp_path)


def test_a_dry_run_publishes_nothing(published: Path, deliveries: Path, tmp_path: Path) -> None:
    place = fresh(tmp_path / "dry", deliveries, published)
    assert night(place, "--dry-run").returncode == 0
    done = doudi("export", "flags", "--as-of", str(AS_OF), "--workspace", place, "-o", tmp_path / "flags.csv")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)


def test_an_empty_inbox_is_a_night_in_which_nothing_was_checked(tmp_path: Path) -> None:
    done = night(tmp_path)
    assert done.returncode == 3, done.stderr
    assert exported(tmp_path, "flags", tmp_path / "flags.csv") == []


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--as-of", "2020-13-01"),
        ("run",),
        ("run", "--as-of", "2020-07-31", "--policy", "no-such-policy.yaml"),
        ("run", "--as-of", "2020-07-31", "--engine", "abacus"),
        ("synthesize", "--people", "3", "--out", "x", "--as-of", "2020-07-31", "--seed", "1"),
    ],
)
def test_wrong_usage_ends_with_two(words: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def commands(group: typer.Typer, prefix: str = "") -> list[str]:
    """The names of all commands of a group and of the groups in it."""
    names = [f"{prefix}{command.name or getattr(command.callback, '__name__', '')}" for command in group.registered_commands]
    inner = [commands(part.typer_instance, f"{prefix}{part.name} ") for part in group.registered_groups if part.typer_instance]
    return names + [name for part in inner for name in part]


def test_every_command_is_documented() -> None:
    documented = (PROJECT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [name for name in commands(app) if f"`doudi {name}" not in documented] == []
