"""What users of a synthetic province rely on: numbers of nobody real, files as departments deliver them, a truth that points at the right lines."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from collections import defaultdict
from pathlib import Path
from unicodedata import normalize

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_2

from pipelines.contracts import load_contracts
from pipelines.errors import SettingsError
from pipelines.synthetic.province import synthesize
from pipelines.workspace import PROJECT

AS_OF = dt.date(2020, 7, 31)
PEOPLE = 12_000


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("province")
    synthesize(out, PEOPLE, AS_OF, 5)
    return out


def _lines(path: Path) -> list[list[str]]:
    """Cells of a file by line; a Parquet file's first row is line 1."""
    if path.suffix == ".parquet":
        return [["" if cell is None else cell for cell in row.values()] for row in pq.read_table(path).to_pylist()]
    if path.suffix == ".xlsx":
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        return [[f"{cell:.0f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if path.suffix in (".txt", ".tsv") else ","))


def test_every_number_is_valid_unique_and_on_an_address_code_that_does_not_exist(province: Path) -> None:
    persons = pq.read_table(province / "truth" / "persons.parquet").to_pylist()
    numbers = [one["person"] for one in persons] + [one["earlier"] for one in persons if one["earlier"]]
    assert len(set(numbers)) == len(numbers)
    for one in persons:
        number = one["person"]
        assert number.startswith("640199")
        assert mod_11_2.is_valid(number)
        assert ric.get_birth_date(number).isoformat() == one["birth_date"]
        assert (int(number[16]) % 2 == 1) == (one["sex"] == "1")


def test_every_dataset_is_delivered_with_headers_of_its_contract(province: Path) -> None:
    contracts = load_contracts(PROJECT / "schemas")
    assert {folder.name for folder in (province / "inbox").iterdir()} == set(contracts)
    for dataset, contract in contracts.items():
        known = {normalize("NFKC", header) for field in contract.fields.values() for header in field.headers}
        for path in (province / "inbox" / dataset).iterdir():
            top = [{normalize("NFKC", cell) for cell in row if cell} for row in _lines(path)[:4]]
            if path.suffix == ".parquet":
                assert set(pq.read_schema(path).names) <= known
            elif "640323" not in path.name:
                assert any(len(row & known) == len(row) > 2 for row in top), path.name


def test_the_truth_names_the_line_of_every_record(province: Path) -> None:
    names = {one["person"]: one["name"] for one in pq.read_table(province / "truth" / "persons.parquet").to_pylist()}
    records = pq.read_table(province / "truth" / "records.parquet").to_pylist()
    by_file = defaultdict(list)
    for record in records:
        by_file[record["dataset"], record["file"]].append(record)
    for (dataset, file), rows in by_file.items():
        lines = _lines(province / "inbox" / dataset / file)
        for record in rows:
            line, _, member = record["line"].partition("#")
            cells = lines[int(line) - 1]
            if not record["name_defect"]:
                places = [0 if member == "1" else 12 + 3 * int(member)] if member else range(len(cells))
                assert names[record["person"]] in [cells[place] for place in places], file
            if record["defect"] == "":
                assert any(cell.startswith(record["person"]) for cell in cells), file
        named = {int(record["line"].partition("#")[0]) for record in rows}
        assert named == set(range(min(named), max(named) + 1)), file


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(province: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "again", PEOPLE, AS_OF, 5)
    synthesize(tmp_path / "other", PEOPLE, AS_OF, 6)
    files = sorted(path.relative_to(province) for path in province.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file())
    assert [file for file in files if (province / file).read_bytes() != (tmp_path / "again" / file).read_bytes()] == []
    truth = Path("truth") / "persons.parquet"
    assert (province / truth).read_bytes() != (tmp_path / "other" / truth).read_bytes()


def test_defects_of_every_kind_occur_at_the_rate_that_was_asked(tmp_path: Path) -> None:
    synthesize(tmp_path, PEOPLE, AS_OF, 5, defects=0.1)
    defects = pq.read_table(tmp_path / "truth" / "records.parquet", columns=["defect", "valid", "usable"]).to_pandas()
    shares = defects["defect"].value_counts(normalize=True)
    assert {
        "missing",
        "masked",
        "one_digit",
        "transposition",
        "rounded",
        "wrong_birth_year",
        "earlier_id",
        "dressed",
        "lookalike",
        "legacy_15",
    } <= set(shares.index)
    assert {"misspelt_name", "sex_column", "birth_column", "quarantined"} <= set(shares.index)
    assert 0.06 < 1 - shares[""] < 0.11
    assert shares["quarantined"] < 0.01
    assert defects.loc[defects["defect"].isin(["dressed", "lookalike", "legacy_15", "misspelt_name"]), "usable"].all()
    assert not defects.loc[defects["defect"].isin(["one_digit", "transposition", "wrong_birth_year", "masked"]), "valid"].any()


def test_people_who_are_easily_mistaken_live_in_the_province(tmp_path: Path) -> None:
    synthesize(tmp_path, 30_000, AS_OF, 5, defects=0.1)
    persons = pq.read_table(tmp_path / "truth" / "persons.parquet").to_pandas()
    named = persons[persons["trap"] == "three_namesakes"]
    assert set(named["name"]) == {"马小军"} and set(named.groupby(["county_code", "township"]).size()) == {3}
    twins = persons[persons["trap"] == "twins"].groupby("household")
    assert len(twins) > 20 and (twins["birth_date"].nunique() == 1).all() and (twins["name"].nunique() == 2).all()
    sons = persons[persons["trap"] == "father_and_son"].groupby("household")["name"]
    assert len(sons) > 20 and all(one[:-1] == other[:-1] and one != other for one, other in sons.agg(list))
    records = pq.read_table(tmp_path / "truth" / "records.parquet", columns=["name_defect", "valid"]).to_pandas()
    assert (records["name_defect"].ne("") & ~records["valid"]).sum() > 20


def test_without_defects_every_record_is_usable_and_everybody_clean(tmp_path: Path) -> None:
    synthesize(tmp_path, 6000, AS_OF, 9, defects=0)
    for name, column in (("records", "usable"), ("persons", "clean"), ("households", "clean"), ("flags", "clean"), ("mismatches", "clean")):
        assert all(pq.read_table(tmp_path / "truth" / f"{name}.parquet", columns=[column])[column].to_pylist()), name


def test_counties_grow_with_people(tmp_path: Path) -> None:
    few = synthesize(tmp_path / "few", 6000, AS_OF, 1)
    many = synthesize(tmp_path / "many", 90_000, AS_OF, 1)
    assert set(few.counties) < set(many.counties)
    assert len(few.counties) == 4
    assert few.people == pq.ParquetFile(few.truth / "persons.parquet").metadata.num_rows == 6000


def test_a_hundred_people_are_enough(tmp_path: Path) -> None:
    made = synthesize(tmp_path, 100, AS_OF, 1)
    assert made.people == 100
    assert made.rows["medical_enrolment"] > 50


def test_a_folder_with_deliveries_of_real_people_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "dibao").mkdir(parents=True)
    (tmp_path / "inbox" / "dibao" / "dibao_20200731.csv").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError):
        synthesize(tmp_path, 6000, AS_OF, 1)


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    synthesize(tmp_path, 6000, AS_OF, 1, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("people", "as_of", "defects"), [(10, AS_OF, 0.02), (10**9, AS_OF, 0.02), (6000, dt.date(2020, 1, 1), 0.02), (6000, AS_OF, 1.5)]
)
def test_arguments_that_make_no_province_are_refused(tmp_path: Path, people: int, as_of: dt.date, defects: float) -> None:
    with pytest.raises(SettingsError):
        synthesize(tmp_path, people, as_of, 1, defects)
