"""run.json and the terminal's summary say the same night."""

import json
from pathlib import Path

from rich.console import Console

from pipelines.reports.run_summary import print_run, read_run, write_run
from tests.reports.factory import file_line, run_report


def shown(**changes: object) -> str:
    console = Console(width=160, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        print_run(run_report(**changes), console)
    return capture.get()


def test_run_json_holds_the_report_and_its_totals(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run.json", run_report())
    assert read_run(path) == run_report()
    totals = json.loads(path.read_text(encoding="utf-8"))["totals"]
    assert totals["files"] == 3
    assert (totals["rows"], totals["conformed"], totals["quarantined"]) == (12, 11, 1)
    assert (totals["refused"], totals["unchanged"]) == (1, 1)
    assert totals["seconds"] == 2.0


def test_the_summary_tells_what_was_found_not_checked_and_quarantined() -> None:
    text = shown()
    for told in ("MC-01", "Not checked (not the same as clear)", "UI-01 in 640323: unemployment_benefit", "Open cases: 6", "2.0 s"):
        assert told in text, told
    for told in ("quarantined 1 of 12", "refused: dibao/bad_20200731.csv", "late in 640324: tekun", "workspace/reports/2020-07-31"):
        assert told in text, told


def test_a_night_that_checked_everything_says_so() -> None:
    assert "Every rule and check was done in every county." in shown(not_checked=())


def test_lost_rows_are_shouted_about() -> None:
    assert "rows unaccounted for: dibao/dibao_20200731.csv" in shown(files=(file_line(conformed=10),))
