"""`doudi linkage` as people call it: a pair in the queue keeps a flag back until somebody decides."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import LedgerError

NIGHT = ("--as-of", "2020-07-31")
CASE = Path(__file__).parent / "cases" / "MC-01-likeness" / "inbox"
DOUBTED = "person:640199196609173678"


def doudi(*words: str | Path) -> str:
    """The output of a command that ends well."""
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code in (0, 3), done.output
    return done.output


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published night with a pair in the queue."""
    place = tmp_path_factory.mktemp("linkage")
    shutil.copytree(CASE, place / "inbox")
    doudi("run", *NIGHT, "--workspace", place)
    return place


def state(workspace: Path, folder: Path) -> str:
    """The state in which the doubted person's flag stands."""
    target = folder / "flags.csv"
    doudi("export", "flags", *NIGHT, "--workspace", workspace, "--format", "csv", "-o", target, "--reveal", "--reason", "test")
    with target.open(encoding="utf-8", newline="") as file:
        return next(row["state"] for row in csv.DictReader(file) if (row["rule"], row["subject"]) == ("MC-01", DOUBTED))


def queue(workspace: Path, folder: Path) -> list[dict[str, str]]:
    target = folder / "reviews.csv"
    doudi("linkage", "reviews", "export", "-o", target, "--workspace", workspace, "--reveal", "--reason", "test")
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_flag_waits_for_the_decision_and_follows_it(workspace: Path, tmp_path: Path) -> None:
    assert state(workspace, tmp_path) == "identity_check"
    assert "1 pairs" in doudi("linkage", "reviews", "list", "--workspace", workspace)
    (row,) = queue(workspace, tmp_path)
    assert "张海龙" in row["record"] and "张海龙" in row["other"]
    assert re.search(r"name:exact:\+\d+\.\d\d", row["levels"])

    decided = tmp_path / "decided.csv"
    decided.write_text(f"review_id,decision,note\n{row['review_id']},different,电话核实\n", encoding="utf-8")
    assert "1 decisions taken" in doudi("linkage", "reviews", "import", decided, "--workspace", workspace)
    doudi("linkage", "apply", *NIGHT, "--workspace", workspace)
    assert state(workspace, tmp_path) == "open"
    assert queue(workspace, tmp_path) == []
    page = tmp_path / "linkage.html"
    judged = doudi("linkage", "evaluate", *NIGHT, "--workspace", workspace, "-o", page)
    assert "0 links, 0 wrong" in judged and page.read_text(encoding="utf-8").count("<svg") >= 4

    assert "waits again" in doudi("linkage", "reviews", "undo", row["review_id"], "--workspace", workspace)
    assert [one["review_id"] for one in queue(workspace, tmp_path)] == [row["review_id"]]
    doudi("linkage", "reviews", "decide", row["review_id"], "same", "--workspace", workspace)
    assert queue(workspace, tmp_path) == []


def test_an_unknown_review_is_refused(workspace: Path) -> None:
    with pytest.raises(LedgerError, match="reviews list"):
        doudi("linkage", "reviews", "decide", "999", "same", "--workspace", workspace)
