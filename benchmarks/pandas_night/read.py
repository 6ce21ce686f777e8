"""Delivered files to cleaned tables in memory, with persons. Without a valid number a row is a person of its own, with a number below zero."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

TODAY, YEAR_AGO, FOREVER = pd.Timestamp(2020, 7, 31), pd.Timestamp(2019, 7, 31), pd.Timestamp(2200, 1, 1)
COUNTIES = {
    "兴庆区": "640104", "西夏区": "640105", "金凤区": "640106", "永宁县": "640121", "贺兰县": "640122", "灵武市": "640181", "大武口区": "640202",
    "惠农区": "640205", "平罗县": "640221", "利通区": "640302", "红寺堡区": "640303", "盐池县": "640323", "同心县": "640324", "青铜峡市": "640381",
    "原州区": "640402", "西吉县": "640422", "隆德县": "640423", "泾源县": "640424", "彭阳县": "640425", "沙坡头区": "640502", "中宁县": "640521",
    "海原县": "640522",
}  # fmt: skip
HERE = set(COUNTIES.values())
YINCHUAN = {"640104", "640105", "640106", "640121", "640122", "640181"}
EMPLOYEES = ["企业职工养老", "机关事业养老"]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
Frame = pd.DataFrame
Frames = dict[str, pd.DataFrame]


# Reading -------------------------------------------------------------------------------------------------------------------------------------------

def dates(text: pd.Series, form: str = "%Y-%m-%d") -> pd.Series:
    return pd.to_datetime(text, format=form, errors="coerce").mask(text == "长期", FOREVER)


def months(text: pd.Series) -> pd.Series:
    """Months as numbers yyyymm, from 202007, 2020-07, 2020/07 and 2020年7月."""
    number = pd.to_numeric(text.str.replace("年", "-").str.rstrip("月").str.replace(r"^(\d{4})[-/](\d)$", r"\g<1>0\2", regex=True)
                           .str.replace(r"[-/]", "", regex=True), errors="coerce")  # fmt: skip
    return number.where((number % 100).between(1, 12))


def fen(text: pd.Series) -> pd.Series:
    return (pd.to_numeric(text.str.rstrip("元").str.replace(",", ""), errors="coerce") * 100).round()


def yes(text: pd.Series) -> pd.Series:
    return text.map({"是": True, "1": True, "Y": True, "否": False, "0": False, "N": False})


def county(text: pd.Series) -> pd.Series:
    return text.map(COUNTIES).fillna(text.str[:6])


def among(text: pd.Series, *words: str) -> pd.Series:
    return text.where(text.isin(words))


def table(path: Path, names: str, skip: int = 0, encoding: str = "utf-8-sig", sep: str = ",") -> Frame:
    """A delivered file as text, its columns named in their order."""
    form = {"header": None, "names": names.split(), "skiprows": skip + 1, "sep": sep, "encoding": encoding}
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], **form)


def workbook(path: Path, names: list[str], skip: int) -> Frame:
    """A workbook as text; what it stores as a number is corrupt and becomes scientific notation."""
    cells = pd.read_excel(path, header=None, skiprows=skip + 1, names=names, dtype=object, engine="calamine", keep_default_na=False)
    return cells.map(lambda cell: (cell if isinstance(cell, str) else f"{float(cell):.5E}") or None)


# ID numbers ----------------------------------------------------------------------------------------------------------------------------------------

def check_character(body: str) -> str:
    """The check character of 17 digits."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def undressed(text: str) -> str:
    bare = re.sub(r"[\s\u200b\ufeff'’-]", "", unicodedata.normalize("NFKC", text)).removesuffix(".0")
    return bare.upper().replace("×", "X")


def cleaned(text: str) -> str:
    """A number without its dressing; 15 digits, certificate numbers and letters that look like digits become a number of 18 characters."""
    bare = undressed(text)
    if re.fullmatch("[0-9]{15}", bare):
        body = f"{bare[:6]}19{bare[6:]}"
        return body + check_character(body)
    if re.fullmatch("[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?", bare):
        return bare[:18]
    guess = bare.translate(str.maketrans("OIL", "011"))
    if re.fullmatch("[0-9]{17}[0-9X]", guess) and check_character(guess[:17]) == guess[17]:
        return guess
    return bare


def status_of(number: str) -> str:
    """What is wrong with a cleaned number, its date apart; valid for nothing."""
    if number in ("", "无", "不详", "暂无"):
        return "missing"
    if "*" in number:
        return "masked"
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?E\+?[0-9]+", number):
        return "numeric_cell"
    if len(number) != 18:
        return "bad_length"
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        return "bad_characters"
    return "valid" if check_character(number[:17]) == number[17] else "bad_check"


def read_numbers(written: pd.Series) -> Frame:
    """`number`, `status` and `born` of numbers as written."""
    number = written.fillna("").map(cleaned)
    status = number.map(status_of)
    born = dates(number.str[6:14], "%Y%m%d")
    unborn = ~((born <= TODAY) & (born > pd.Timestamp(1899, 7, 31)))
    return pd.DataFrame({"number": number, "status": status.mask(status.isin(["valid", "bad_check"]) & unborn, "bad_date"), "born": born})


def identified(rows: Frame, required: str) -> Frame:
    """The rows that have the required columns, with `person`, `number`, `id_status` and `born` from the column `written`."""
    rows = rows.dropna(subset=["county", "name", *required.split()]).reset_index(drop=True)
    read = read_numbers(rows["written"])
    if "certificate_number" in rows:
        other = read_numbers(rows["certificate_number"])
        embedded = rows["certificate_number"].map(undressed).str.fullmatch("[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?")
        taken = (read["status"] != "valid") & (other["status"] == "valid") | (read["status"] == "missing") & embedded
        read = read.mask(taken, other)
    valid = read["status"] == "valid"
    own = pd.Series(-1 - np.arange(len(rows)), rows.index)
    person = read["number"].str[:17].where(valid, "0").astype("int64").where(valid, own)
    return rows.drop(columns="written").assign(person=person, number=read["number"], id_status=read["status"], born=read["born"])


# The deliveries ------------------------------------------------------------------------------------------------------------------------------------

PLACE = "county township village"
PAID = "is_covered scheme subtype household_amount income start_month end_month status stop_reason grace_start entry_cause phone"
DIBAO = f"family_id name written sex birth_date relationship {PAID}"
CERTIFICATE = f"""name sex birth_date written certificate_number category level components issued_on valid_until status cancel_reason death_date
    {PLACE} phone"""


def read_dibao(inbox: Path) -> Frame:
    """The region's roster, and three counties with files of their own: a workbook with a household a row, two parts, a correction."""
    folder = inbox / "dibao"
    region = table(folder / "dibao_20200731.csv", f"{PLACE} {DIBAO}", 2, "gb18030")
    region = region[~region["county"].str[:6].isin(["640303", "640323", "640324"])]
    parts = [table(folder / f"dibao_640324_20200731_part{part}.csv", f"township village {DIBAO}", 1, "gb18030") for part in (1, 2)]
    corrected = table(folder / "dibao_640303_20200731_更正.csv", f"township village {DIBAO}")
    each = ["name", "written", "relationship"]
    wide = ["name0", "written0", *f"{PLACE} family_id {PAID}".split(), *(f"{column}{n}" for n in range(1, 7) for column in each)]
    homes = workbook(folder / "dibao_640323_20200731.xlsx", wide, 2).assign(relationship0="户主").reset_index()
    members = pd.wide_to_long(homes, each, "index", "member").reset_index().dropna(subset=["name", "written"], how="all")
    birth = [dates(region["birth_date"]), *(dates(part["birth_date"], "%Y年%m月%d日") for part in parts), dates(corrected["birth_date"])]
    rows = pd.concat([region, *(part.assign(county="640324") for part in parts), corrected.assign(county="640303"), members])
    rows["birth_date"] = pd.concat([*birth, pd.Series(pd.NaT, members.index)]).to_numpy()
    rows = rows.assign(
        county=county(rows["county"]),
        is_covered=yes(rows["is_covered"]).ne(False),
        scheme=among(rows["scheme"], "城市低保", "农村低保"),
        **{name: fen(rows[name]) for name in ("household_amount", "income")},
        **{name: months(rows[name]) for name in ("start_month", "end_month", "grace_start")},
    )
    return identified(rows, "family_id scheme start_month")


def read_tekun(inbox: Path) -> Frame:
    names = f"person_no name written sex category support_mode self_care monthly_amount start_month end_month status stop_reason {PLACE} phone"
    rows = table(inbox / "tekun/tekun_20200731.csv", names, 1)
    return identified(
        rows.assign(
            county=county(rows["county"]),
            category=among(rows["category"], "城市", "农村"),
            support_mode=among(rows["support_mode"], "集中供养", "分散供养"),
            status=among(rows["status"], "在册", "终止"),
            monthly_amount=fen(rows["monthly_amount"]),
            start_month=months(rows["start_month"]),
            end_month=months(rows["end_month"]),
        ),
        "category support_mode start_month status",
    )


def read_low_income(inbox: Path) -> Frame:
    names = f"""family_id name written relationship category household_size income employment_cost property_compliant recognised_on valid_until
        {PLACE} phone"""
    rows = table(inbox / "low_income/low_income_20200731.csv", names)
    return identified(
        rows.assign(
            county=county(rows["county"]),
            category=among(rows["category"], "城市", "农村"),
            household_size=pd.to_numeric(rows["household_size"], errors="coerce"),
            income=fen(rows["income"]),
            employment_cost=fen(rows["employment_cost"]).fillna(0),
            property_compliant=yes(rows["property_compliant"]),
            recognised_on=dates(rows["recognised_on"], "%Y年%m月%d日"),
            valid_until=dates(rows["valid_until"], "%Y年%m月%d日"),
        ),
        "family_id category household_size income property_compliant recognised_on",
    )


def read_assistance(inbox: Path) -> Frame:
    names = f"grant_id family_id name written assistance_type persons amount granted_on epidemic case_by_case minutes_no {PLACE} phone"
    rows = table(inbox / "temporary_assistance/temporary_assistance_20200731.txt", names, 1, "gb18030", "\t")
    groups = {"因灾急难型": "急难型", "因病支出型": "支出型", "因学支出型": "支出型"}
    return identified(
        rows.assign(
            county=county(rows["county"]),
            assistance_type=among(rows["assistance_type"].replace(groups), "急难型", "支出型", "个人", "一次性临时救助金", "其他"),
            persons=pd.to_numeric(rows["persons"], errors="coerce"),
            amount=fen(rows["amount"]),
            granted_on=dates(rows["granted_on"], "%Y/%m/%d"),
            epidemic=yes(rows["epidemic"]),
            case_by_case=yes(rows["case_by_case"]),
        ),
        "grant_id assistance_type persons amount granted_on",
    )


def read_unemployment(inbox: Path) -> Frames:
    """Insurance, benefits and registration."""
    folder = "unemployment_insurance/unemployment_insurance_20200731.csv.gz"
    insurance = table(inbox / folder, "written name status first_paid_month last_paid_month months_paid employer county")
    insurance = insurance.assign(
        county=county(insurance["county"]),
        status=among(insurance["status"], "参保缴费", "暂停缴费", "终止参保"),
        first_paid_month=months(insurance["first_paid_month"]),
        last_paid_month=months(insurance["last_paid_month"]),
        months_paid=pd.to_numeric(insurance["months_paid"], errors="coerce"),
    )
    names = "written name benefit_type start_month end_month monthly_amount status county"
    benefit = table(inbox / "unemployment_benefit/unemployment_benefit_20200731.tsv", names, 0, "gb18030", "\t")
    benefit = benefit.assign(
        county=county(benefit["county"]),
        status=among(benefit["status"], "已发放", "未发放"),
        start_month=months(benefit["start_month"]),
        end_month=months(benefit["end_month"]),
        monthly_amount=fen(benefit["monthly_amount"]),
    )
    names = f"written name sex registered_on status reason migrant_worker hukou_type {PLACE} phone work_county"
    registration = table(inbox / "unemployment_registration/unemployment_registration_20200731.csv", names)
    registration = registration.assign(
        county=county(registration["county"]),
        work_county=county(registration["work_county"]),
        status=among(registration["status"], "有效", "注销"),
        registered_on=dates(registration["registered_on"], "%Y%m%d"),
        migrant_worker=yes(registration["migrant_worker"]).eq(True),
    )
    return {
        "unemployment_insurance": identified(insurance, "status"),
        "unemployment_benefit": identified(benefit, "benefit_type start_month end_month status"),
        "unemployment_registration": identified(registration, "registered_on status"),
    }


def read_work(inbox: Path) -> Frames:
    """Migrant workers, pension insurance and pensions."""
    names = f"name written hukou_type work_status stopped_on last_income_month work_county {PLACE} phone"
    migrants = table(inbox / "migrant_workers/migrant_workers_20200731.csv", names, 2, "gb18030")
    migrants = migrants.assign(
        county=county(migrants["county"]),
        work_county=county(migrants["work_county"]),
        hukou_type=among(migrants["hukou_type"], "农业", "非农业"),
        work_status=among(migrants["work_status"], "已返岗", "未返岗"),
        stopped_on=dates(migrants["stopped_on"], "%Y/%m/%d"),
        last_income_month=months(migrants["last_income_month"]),
    )
    names = "written name scheme status last_paid_month monthly_base employer county"
    insured = table(inbox / "social_insurance/social_insurance_20200731.csv.gz", names)
    insured = insured.assign(
        county=county(insured["county"]),
        scheme=among(insured["scheme"], *EMPLOYEES, "城乡居民养老"),
        status=among(insured["status"], "参保缴费", "暂停缴费", "终止参保"),
        last_paid_month=months(insured["last_paid_month"]),
        monthly_base=fen(insured["monthly_base"]),
    )
    pensions = pd.read_parquet(inbox / "pension_benefit/pension_benefit_20200731.parquet")
    names = "written name sex birth_date scheme monthly_amount start_month survival_status death_date county"
    pensions.columns = pd.Index(names.split())
    pensions = pensions.assign(
        county=county(pensions["county"]),
        birth_date=dates(pensions["birth_date"], "%Y%m%d"),
        death_date=dates(pensions["death_date"], "%Y%m%d"),
        scheme=among(pensions["scheme"], *EMPLOYEES, "城乡居民养老"),
        survival_status=among(pensions["survival_status"], "正常", "死亡", "待认证"),
        monthly_amount=fen(pensions["monthly_amount"]),
        start_month=months(pensions["start_month"]),
    )
    return {
        "migrant_workers": identified(migrants, "hukou_type work_status"),
        "social_insurance": identified(insured, "scheme status"),
        "pension_benefit": identified(pensions, "scheme monthly_amount survival_status"),
    }


def read_certificates(inbox: Path) -> Frame:
    folder = inbox / "disability_certificates"
    region = table(folder / "disability_certificates_20200731.csv", CERTIFICATE, 0, "gb18030")
    region = region[region["county"] != "640181"]
    own = workbook(folder / "disability_certificates_640181_20200731.xlsx", CERTIFICATE.split(), 1)
    dated = ["birth_date", "issued_on", "valid_until", "death_date"]
    own[dated] = own[dated].apply(dates, form="%Y年%m月%d日")
    rows = pd.concat([region.assign(**{name: dates(region[name]) for name in dated}), own])
    said = rows["certificate_number"].map(undressed, na_action="ignore").str.extract("^[0-9]{17}[0-9X]([1-7])([1-4])(?:B[0-9]+)?$").astype(float)
    rows = rows.assign(
        category=rows["category"].map({word: place for place, word in enumerate(("视力", "听力", "言语", "肢体", "智力", "精神", "多重"), 1)}),
        level=rows["level"].map({"一级": 1, "二级": 2, "三级": 3, "四级": 4}),
        status=among(rows["status"], "有效", "注销", "冻结", "过期"),
        said_category=said[0],
        said_level=said[1],
    )
    return identified(rows, "certificate_number category level status")


def read_register(inbox: Path) -> Frame:
    names = f"""year {PLACE} household_no person_no name written household_size relationship health labour work_months main_cause net_income
        poverty_status monitor_type risk_cleared dibao_claim tekun_claim phone"""
    rows = table(inbox / "poverty_register/poverty_register_20200731.csv", names, 2, "gb18030")
    rows = rows.assign(
        county=county(rows["county"]),
        **{name: pd.to_numeric(rows[name], errors="coerce") for name in ("year", "household_size", "work_months")},
        net_income=fen(rows["net_income"]),
        poverty_status=among(rows["poverty_status"], "未脱贫", "已脱贫", "返贫", "边缘户"),
        risk_cleared=yes(rows["risk_cleared"]).eq(True),
    )
    rows = identified(rows, "year household_no person_no poverty_status")
    rows = rows[rows["year"] <= TODAY.year]
    return rows[rows["year"] == rows.groupby("county")["year"].transform("max")]


def read_medical(inbox: Path) -> Frames:
    """Enrolment, settlements and serious illness."""
    enrolment = table(
        inbox / "medical_enrolment/medical_enrolment_20200731.csv.gz", "written name insurance_type status end_reason end_date subsidy_group county"
    )
    enrolment = enrolment.assign(
        county=county(enrolment["county"]),
        insurance_type=among(enrolment["insurance_type"], "职工医保", "居民医保"),
        status=among(enrolment["status"], "正常", "暂停", "终止"),
        end_date=dates(enrolment["end_date"]),
    )
    names = """settlement_id written name care_type disease_code disease_name settled_on total_cost in_scope_cost fund_paid self_paid valid refunded
        county"""
    bills = table(inbox / "medical_settlements/medical_settlements_20200731.csv", names)
    bills = bills.assign(
        county=county(bills["county"]),
        settled_on=dates(bills["settled_on"]),
        **{name: fen(bills[name]) for name in ("total_cost", "in_scope_cost", "fund_paid", "self_paid")},
        **{name: yes(bills[name]) for name in ("valid", "refunded")},
    )
    names = "name written disease_name disease_code recognised_on valid_until recognised_by county"
    illness = table(inbox / "serious_illness/serious_illness_20200731.csv", names, 1, "gb18030")
    illness = illness.assign(
        county=county(illness["county"]), recognised_on=dates(illness["recognised_on"]), valid_until=dates(illness["valid_until"])
    )
    required = "settlement_id care_type settled_on total_cost in_scope_cost fund_paid self_paid valid refunded"
    return {
        "medical_enrolment": identified(enrolment, "insurance_type status"),
        "medical_settlements": identified(bills, required),
        "serious_illness": identified(illness, "disease_name recognised_on"),
    }


def read_all(inbox: Path) -> Frames:
    """Every dataset in force, cleaned."""
    one: dict[str, Callable[[Path], Frame]] = {
        "dibao": read_dibao,
        "tekun": read_tekun,
        "low_income": read_low_income,
        "temporary_assistance": read_assistance,
        "disability_certificates": read_certificates,
        "poverty_register": read_register,
    }
    several = (read_unemployment, read_work, read_medical)
    frames = {name: read(inbox) for name, read in one.items()} | {name: rows for read in several for name, rows in read(inbox).items()}
    for place, (name, rows) in enumerate(frames.items()):  # who has no valid number is nobody in another dataset
        frames[name] = rows.assign(person=rows["person"].where(rows["person"] > 0, rows["person"] - place * 10**10))
    return frames
