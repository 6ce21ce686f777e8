"""Facts, flag rules and mismatch checks of 2020-07-31 over the cleaned tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from benchmarks.pandas_night.read import EMPLOYEES, HERE, TODAY, YEAR_AGO, YINCHUAN, Frame, Frames, check_character

MONTH, WINDOW = 202007, 202004
GRANT = "一次性临时救助金"
POOR_HOME = ["household_no", "county"]


class Night:
    """The tables and the facts that several rules read. Facts about persons are series or indexes of `person`."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames

    def __getitem__(self, dataset: str) -> Frame:
        return self.frames[dataset]

    @cached_property
    def dibao(self) -> Frame:
        rows = self["dibao"]
        rows = rows[rows["is_covered"] & (rows["status"].isin(["在保", "渐退期"]) | rows["status"].isna()) & running(rows)]
        return rows.assign(standard=standard(rows["county"], rows["scheme"] == "城市低保"))

    @cached_property
    def tekun(self) -> Frame:
        rows = self["tekun"]
        return rows[(rows["status"] == "在册") & running(rows)]

    @cached_property
    def covered(self) -> pd.Index:
        return pd.Index(pd.concat([self.dibao["person"], self.tekun["person"]]).unique())

    @cached_property
    def deceased(self) -> pd.Series:
        """The date of death by person, NaT where two sources give none."""
        dibao, tekun, pensions = self["dibao"], self["tekun"], self["pension_benefit"]
        certificates, enrolment = self["disability_certificates"], self["medical_enrolment"]
        dibao, tekun = dibao[dibao["stop_reason"].isin(["人员死亡", "死亡"])], tekun[tekun["stop_reason"].isin(["人员死亡", "死亡"])]
        pensions = pensions[(pensions["survival_status"] == "死亡") | pensions["death_date"].notna()]
        cancelled = (certificates["status"] == "注销") & certificates["cancel_reason"].str.contains("死亡", na=False)
        certificates = certificates[cancelled | certificates["death_date"].notna()]
        enrolment = enrolment[(enrolment["status"] == "终止") & enrolment["end_reason"].isin(["死亡", "人员死亡"])]
        said = pd.concat([
            pd.DataFrame({"source": "dibao", "person": dibao["person"], "died": month_ends(dibao["end_month"])}),
            pd.DataFrame({"source": "tekun", "person": tekun["person"], "died": month_ends(tekun["end_month"])}),
            pd.DataFrame({"source": "pension", "person": pensions["person"], "died": pensions["death_date"]}),
            pd.DataFrame({"source": "certificate", "person": certificates["person"], "died": certificates["death_date"]}),
            pd.DataFrame({"source": "enrolment", "person": enrolment["person"], "died": enrolment["end_date"]}),
        ])  # fmt: skip
        people = said[~(said["died"] > TODAY) & (said["person"] > 0)].groupby("person").agg(sources=("source", "nunique"), died=("died", "min"))
        died: pd.Series = people.loc[(people["sources"] >= 2) | people["died"].notna(), "died"]
        return died

    @cached_property
    def certificates(self) -> Frame:
        """Certificates in force, with `severe`."""
        rows = self["disability_certificates"]
        rows = rows[(rows["status"] == "有效") & ~(rows["valid_until"] < TODAY)]
        return rows.assign(severe=rows["said_level"].fillna(rows["level"]).isin([1, 2]))

    @cached_property
    def severe(self) -> pd.Index:
        return pd.Index(self.certificates.loc[self.certificates["severe"], "person"].unique())

    @cached_property
    def ill(self) -> pd.Index:
        rows = self["serious_illness"]
        return pd.Index(rows.loc[(rows["recognised_on"] <= TODAY) & ~(rows["valid_until"] < TODAY), "person"].unique())

    @cached_property
    def families(self) -> Frame:
        """Low-income rows in force, with `below` and `edge`."""
        rows = self["low_income"]
        rows = rows[(rows["recognised_on"] <= TODAY) & ~(rows["valid_until"] < TODAY)]
        income = rows["income"] * rows["household_size"] - rows["employment_cost"]
        due = standard(rows["county"], rows["category"] == "城市") * rows["household_size"]
        return rows.assign(below=income < due, edge=(income >= due) & (2 * income < 3 * due), home=rows["family_id"])

    @cached_property
    def register(self) -> Frame:
        rows = self["poverty_register"]
        return rows.assign(covered=rows["person"].isin(self.covered), living=~rows["person"].isin(self.deceased.index), home=rows["household_no"])

    @cached_property
    def self_pay(self) -> pd.Series:
        """Compliant self-pay by person, fen."""
        rows = self["medical_settlements"]
        listed = pd.concat([self.families["person"], self.register["person"]]).unique()
        rows = rows[rows["valid"].astype(bool) & ~rows["refunded"].astype(bool) & (rows["settled_on"] > YEAR_AGO) & (rows["settled_on"] <= TODAY)]
        rows = rows[rows["person"].isin(listed)]
        paid = (rows["in_scope_cost"] - rows["fund_paid"]).clip(lower=0).groupby([rows["person"], rows["settlement_id"]]).max()
        total: pd.Series = paid.groupby("person").sum()
        return total

    @cached_property
    def kinds(self) -> pd.Series:
        """How many kinds of shock befell each registered household in the 12 months."""
        poor = self.register.loc[self.register["county"].isin(HERE), [*POOR_HOME, "person"]]
        insured, insurance = self["social_insurance"], self["unemployment_insurance"]
        paid = pd.concat([insured.loc[insured["scheme"].isin(EMPLOYEES), ["person", "last_paid_month"]], insurance[["person", "last_paid_month"]]])
        last = paid[paid["person"].isin(poor["person"])].groupby("person")["last_paid_month"].max()
        illness, registered, migrants = self["serious_illness"], self["unemployment_registration"], self["migrant_workers"]
        personal = {
            "job": [last.index[last.between(201907, 202003)], registered.loc[registered["status"] == "有效", "person"],
                    migrants.loc[migrants["work_status"] == "未返岗", "person"]],
            "illness": [illness.loc[(illness["recognised_on"] > YEAR_AGO) & (illness["recognised_on"] <= TODAY), "person"]],
            "disability": [self.certificates.loc[self.certificates["severe"] & (self.certificates["issued_on"] > YEAR_AGO)
                                                 & (self.certificates["issued_on"] <= TODAY), "person"]],
        }  # fmt: skip
        homes = [poor.loc[poor["person"].isin(np.concatenate(people)), POOR_HOME].assign(kind=kind) for kind, people in personal.items()]
        costs = poor.drop_duplicates().assign(paid=lambda rows: rows["person"].map(self.self_pay)).groupby(POOR_HOME)["paid"].sum()
        homes.append(costs[costs >= 1_000_000].index.to_frame(index=False).assign(kind="medical"))
        kinds: pd.Series = pd.concat(homes).groupby(POOR_HOME)["kind"].nunique()
        return kinds

    def uncovered(self, rows: Frame) -> Frame:
        return rows[~rows["person"].isin(self.covered) & ~rows["person"].isin(self.deceased.index)]


def running(rows: Frame) -> pd.Series:
    return (rows["start_month"] <= MONTH) & ~(rows["end_month"] < MONTH)


def standard(county: pd.Series, urban: pd.Series) -> pd.Series:
    """S in fen; none outside the region."""
    amount = pd.Series(np.where(urban, np.where(county.isin(YINCHUAN), 62000, 60000), 38000), county.index)
    return amount.where(county.isin(HERE))


def month_ends(months: pd.Series) -> pd.Series:
    return pd.to_datetime(months, format="%Y%m") + pd.offsets.MonthEnd()


def years(born: pd.Series) -> pd.Series:
    """Completed years on the day."""
    return TODAY.year - born.dt.year - ((born.dt.month > TODAY.month) | (born.dt.month == TODAY.month) & (born.dt.day > TODAY.day))


def here(rows: Frame) -> Frame:
    return rows[rows["county"].isin(HERE)]


def flags(night: Night) -> Frame:
    """All rules."""
    return pd.concat([*missed_coverage(night), unemployment_gap(night), relapse_risk(night), *service_lists(night)])


def of_persons(rule: str, rows: Frame, grade: str, column: str = "rule") -> Frame:
    """One flag, or mismatch, per person with a valid number, in the smallest county."""
    first = rows[rows["person"] > 0].groupby("person", as_index=False)["county"].min()
    body = first["person"].astype(str)
    subject = "person:" + body + body.map(check_character)
    return pd.DataFrame({column: rule, "subject": subject, "county": first["county"], "grade": grade})


def of_homes(rule: str, dataset: str, homes: pd.MultiIndex, grade: Iterable[str] | str) -> Frame:
    number, county = homes.get_level_values(0), homes.get_level_values(1)
    return pd.DataFrame({"rule": rule, "subject": f"household:{dataset}:" + number, "county": county, "grade": grade})


def missed_coverage(night: Night) -> list[Frame]:
    """MC-01 to MC-07."""
    families, register = night.families, night.register
    edge = night.uncovered(families[families["edge"] & families["property_compliant"].astype(bool)])
    poor = families[families["below"] & families["property_compliant"].astype(bool)].set_index(["family_id", "county"]).index.unique()
    missing = night.uncovered(here(families)).set_index(["family_id", "county"]).index.unique()
    tekun = night["tekun"]
    ended = here(tekun[(tekun["status"] == "终止") & tekun["stop_reason"].str.contains("16周岁", na=False) & (years(tekun["born"]) < 18)])
    ended = ended[~ended["person"].isin(night.tekun["person"]) & ~ended["person"].isin(night.deceased.index)]
    living = here(register[register["living"]])
    living = living.assign(unable=living["labour"].isin(["丧失劳动力", "无劳动力"]))
    homes = living.groupby(POOR_HOME).agg(unable=("unable", "all"), covered=("covered", "any"))
    unknown = here(night.certificates[night.certificates["severe"]])
    unknown = unknown[~unknown["person"].isin(families["person"]) & ~unknown["person"].isin(register["person"])]
    listed = here(families)[["person", "county"]]
    others = here(register)[["person", "county"]]
    listed = pd.concat([listed, others[~others["person"].isin(listed["person"])]])
    costly = listed[listed["person"].isin(night.self_pay.index[night.self_pay >= 1_000_000]) & ~listed["person"].isin(night.ill)]
    return [
        of_persons("MC-01", edge[edge["person"].isin(night.severe)], "red"),
        of_persons("MC-02", edge[edge["person"].isin(night.ill)], "red"),
        of_homes("MC-03", "low_income", poor.intersection(missing), "red"),
        of_persons("MC-04", ended, "red"),
        of_homes("MC-05", "poverty_register", homes.index[homes["unable"] & ~homes["covered"]], "red"),
        of_persons("MC-06", night.uncovered(unknown), "yellow"),
        of_persons("MC-07", night.uncovered(costly), "yellow"),
    ]


def unemployment_gap(night: Night) -> Frame:
    """UI-01 to UI-03."""
    migrants, registered, grants = night["migrant_workers"], night["unemployment_registration"], night["temporary_assistance"]
    insured, insurance, benefit = night["social_insurance"], night["unemployment_insurance"], night["unemployment_benefit"]
    candidates = pd.concat([
        migrants[(migrants["work_status"] == "未返岗") & (migrants["hukou_type"] == "农业")],
        registered[(registered["status"] == "有效") & registered["migrant_worker"] & (registered["hukou_type"] == "农业")],
    ])  # fmt: skip
    candidates = candidates[years(candidates["born"]).between(16, 59)]
    candidates = candidates.assign(county=candidates["work_county"].where(candidates["work_county"].isin(HERE), candidates["county"]))
    paid = benefit[benefit["status"] == "已发放"]
    granted = (grants["assistance_type"] == GRANT) & (grants["granted_on"] >= pd.Timestamp(2020, 7, 1)) & (grants["granted_on"] <= TODAY)
    excluded = pd.concat([
        migrants.loc[migrants["last_income_month"] >= WINDOW, "person"],
        insured.loc[insured["scheme"].isin(EMPLOYEES) & (insured["last_paid_month"] >= WINDOW), "person"],
        insurance.loc[(insurance["last_paid_month"] >= WINDOW) | (insurance["first_paid_month"] >= WINDOW), "person"],
        paid.loc[paid["end_month"] >= WINDOW, "person"],
        grants.loc[granted, "person"],
    ])  # fmt: skip
    found = night.uncovered(here(candidates[~candidates["person"].isin(excluded)]))
    once = insurance[insurance["last_paid_month"].notna() | (insurance["months_paid"] > 0)]
    last = once[once["person"].isin(found["person"])].groupby("person")["last_paid_month"].max()
    since = paid[paid["person"].isin(last.index)]
    benefited = since.loc[~(since["end_month"] < since["person"].map(last)), "person"]
    was_insured, had_benefit = found["person"].isin(last.index), found["person"].isin(benefited)
    return pd.concat([
        of_persons("UI-01", found[~was_insured], "orange"),
        of_persons("UI-02", found[was_insured & ~had_benefit], "yellow"),
        of_persons("UI-03", found[was_insured & had_benefit], "orange"),
    ])  # fmt: skip


def relapse_risk(night: Night) -> Frame:
    """RR-01 to RR-04."""
    rows = here(night.register)
    says = pd.DataFrame({
        "not_lifted": rows["poverty_status"].isin(["未脱贫", "返贫"]),
        "lifted": rows["poverty_status"] == "已脱贫",
        "unstable": rows["monitor_type"] == "脱贫不稳定户",
        "on_edge": (rows["monitor_type"] == "边缘易致贫户") | (rows["poverty_status"] == "边缘户"),
        "monitored": rows["monitor_type"].notna(),
        "cleared": rows["risk_cleared"],
        "low": rows["net_income"] < 600_000,
        "open": rows["living"] & ~rows["covered"],
    })  # fmt: skip
    homes = says.groupby([rows["household_no"], rows["county"]]).any()
    homes = homes[homes["open"]]
    homes["kinds"] = night.kinds.reindex(homes.index).fillna(0)
    shaken = ~homes["cleared"] & (homes["kinds"] > 0)
    rule = pd.Series(np.select(
        [homes["not_lifted"], homes["unstable"] & shaken, homes["on_edge"] & shaken, homes["lifted"] & ~homes["monitored"] & homes["low"]],
        ["RR-01", "RR-02", "RR-03", "RR-04"], "",
    ), homes.index)  # fmt: skip
    raised = np.where(homes["kinds"] > 1, "red", "orange")
    grade = np.select([rule == "RR-01", rule == "RR-04"], ["red", np.where(homes["kinds"] > 0, "orange", "yellow")], raised)
    flags = of_homes("", "poverty_register", homes.index, grade).assign(rule=rule.to_numpy())
    return flags[flags["rule"] != ""]


def service_lists(night: Night) -> list[Frame]:
    """SV-01 to SV-03."""
    tekun, dibao, insured = here(night.tekun), here(night.dibao), night["social_insurance"]
    frail = (years(tekun["born"]) >= 80) | tekun["person"].isin(night.severe) | tekun["self_care"].isin(["不能自理", "全护理"])
    birthday = tekun["born"] + pd.DateOffset(years=18)
    employed = insured.loc[insured["scheme"].isin(EMPLOYEES) & (insured["last_paid_month"] >= WINDOW), "person"]
    leaving = (dibao["status"] != "渐退期") & (dibao["person"].isin(employed) | (dibao["income"] > dibao["standard"]))
    return [
        of_persons("SV-01", tekun[(tekun["support_mode"] == "分散供养") & frail], "yellow"),
        of_persons("SV-02", tekun[(birthday > TODAY) & (birthday <= TODAY + pd.Timedelta(days=90))], "yellow"),
        of_persons("SV-03", dibao[leaving], "yellow"),
    ]


def mismatches(night: Night) -> Frame:
    """The mismatch checks but ID-02, which needs readings of names, and those of records."""
    dibao, tekun, register = night.dibao, night.tekun, here(night.register)
    pensions, insured, grants = night["pension_benefit"], night["social_insurance"], night["temporary_assistance"]
    rosters = {"dibao": dibao, "tekun": tekun}
    dead = night.deceased.index[~(night.deceased >= pd.Timestamp(2020, 7, 1))]
    pensions = pensions[pensions["scheme"].isin(EMPLOYEES) & (pensions["survival_status"] == "正常")]
    highest = pensions.groupby("person")["monthly_amount"].max()
    one_off = grants[(grants["assistance_type"] == GRANT) & (grants["granted_on"] >= pd.Timestamp(2020, 7, 1)) & (grants["granted_on"] <= TODAY)]
    times = one_off.groupby("person")["grant_id"].nunique()
    staff = insured[(insured["scheme"] == "机关事业养老") & (insured["status"] == "参保缴费") & (insured["last_paid_month"] >= WINDOW)]
    disabled = register[register["health"].str.contains("残疾", na=False)]
    schemes = dibao.groupby("person")["scheme"].nunique()
    found = [
        ("EN-01", dibao[dibao["person"].isin(tekun["person"])]),
        ("EN-01", tekun[tekun["person"].isin(dibao["person"])]),
        ("EN-03", dibao[dibao["person"].isin(schemes.index[schemes > 1])]),
        ("EN-05", dibao[(dibao["status"] == "渐退期") & (dibao["grace_start"] < 202001)]),
        ("EN-06", dibao[dibao["person"].map(highest) >= dibao["standard"]]),
        ("EN-08", one_off[one_off["person"].isin(times.index[times > 1])]),
        ("EN-10", disabled[~disabled["person"].isin(night.certificates["person"])]),
        ("EN-12", dibao[dibao["household_amount"] == 0]),
        ("EN-12", tekun[tekun["monthly_amount"] == 0]),
    ]
    for name, rows in rosters.items():
        places = rows.groupby("person")["county"].nunique()
        claim, active = register[f"{name}_claim"], register["person"].isin(rows["person"])
        denied = claim.isin(["未享受", "不享受"])
        found += [
            ("EN-02", rows[rows["person"].isin(places.index[places > 1])]),
            ("EN-04", rows[rows["person"].isin(dead)]),
            ("EN-07", register[claim.notna() & ~denied & ~active | denied & active]),
            ("EN-11", rows[rows["person"].isin(staff["person"])]),
        ]
    for rows in (*rosters.values(), night.families, night.certificates, night.register):
        found.append(("ID-04", rows[rows["person"].duplicated(keep=False)]))
    rows = pd.concat([table[["person", "county"]].assign(check=check) for check, table in found])
    persons = [of_persons(check, here(table), "", "check") for check, table in rows.groupby("check")]
    return pd.concat([*persons, wrong_amounts(grants)]).drop(columns="grade")


def wrong_amounts(grants: Frame) -> Frame:
    """EN-09."""
    paid = here(grants[(grants["granted_on"] >= pd.Timestamp(2020, 1, 1)) & (grants["granted_on"] <= TODAY)])
    multiple = paid["assistance_type"].map({"急难型": 2, "支出型": 3, "个人": 1.5})
    due = paid["persons"] * multiple * standard(paid["county"], pd.Series(True, paid.index))
    decided = paid["case_by_case"].eq(True) & paid["minutes_no"].notna()
    wrong = paid[multiple.notna() & (paid["amount"] != due) & ~decided]
    return pd.DataFrame({"check": "EN-09", "subject": "grant:" + wrong["grant_id"], "county": wrong["county"], "grade": ""})


def record_checks(night: Night) -> Frame:
    """ID-01 by status, ID-03 and ID-05, counted per dataset and county."""
    found = []
    for dataset, table in night.frames.items():
        rows = here(table).assign(dataset=dataset, detail="")
        found.append(rows[rows["id_status"] != "valid"].assign(check="ID-01", detail=rows["id_status"]))
        valid = rows[rows["id_status"] == "valid"]
        wrong = pd.Series(False, valid.index)
        if "sex" in valid:
            said = valid["number"].str[16].astype(int) % 2
            wrong |= valid["sex"].map({"男": 1, "女": 0}).sub(said).fillna(0) != 0
        if "birth_date" in valid:
            wrong |= valid["birth_date"].notna() & (valid["birth_date"] != valid["born"])
        found.append(valid[wrong].assign(check="ID-03"))
        if dataset == "disability_certificates":
            differs = (rows["said_category"] != rows["category"]) | (rows["said_level"] != rows["level"])
            found.append(rows[rows["said_level"].notna() & differs].assign(check="ID-05"))
    columns = ["check", "dataset", "county", "detail"]
    return pd.concat([rows[columns] for rows in found]).groupby(columns, as_index=False).size()
