"""The datasets of the night: delivered text to typed columns, those of the floor's clean/."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from benchmarks.floor.files import FILES
from benchmarks.polars_night.values import (
    RELATIONS,
    Values,
    chinese_months,
    coded,
    counties,
    dates,
    identified,
    months,
    sexes,
    split_months,
    undressed,
    unread,
    whole,
    yes,
    yuan,
)

Landed = dict[str, pl.DataFrame]
CHINESE = "%Y年%m月%d日"
PENSIONS = ("企业职工养老", "机关事业养老", "城乡居民养老")
INSURED = ("参保缴费", "暂停缴费", "终止参保")


def typed(landed: Landed, name: str, dataset: str, /, **columns: Values | str) -> pl.DataFrame:
    """The columns of one file; a text names the cell that is kept as it is."""
    cells = {column: pl.col(cell) if isinstance(cell, str) else cell for column, cell in columns.items()}
    return landed[name].select("line", file=pl.lit(FILES[dataset][name].name), **cells)


def dibao(landed: Landed) -> pl.DataFrame:
    """The region's file, and three counties with files of their own: two parts, a correction, a workbook with a household a row."""
    common = {
        "township": "乡镇(街道)", "village": "村(社区)", "relationship": "与户主关系", "is_covered": yes("是否保障对象").fill_null(True),
        "scheme": coded("救助类型", "城市低保", "农村低保"), "subtype": "低保类型", "household_amount": yuan("户月保障金（元）"),
        "income": yuan("月人均收入"), "status": "保障状态", "stop_reason": "停发原因", "entry_cause": "新增原因", "phone": "联系电话",
    }  # fmt: skip

    def columns(name: str, number: str, family: str, born: Values | None, month: Callable[[str], Values]) -> dict[str, Values | str]:
        sex = sexes("性别") if born is not None else pl.lit(None, pl.Int32)
        start, end, grace = (month(cell) for cell in ("起始保障年月", "截止保障年月", "渐退起始年月"))
        birth = {"sex": ("性别", sex), "birth_date": ("出生日期", born)} if born is not None else {}
        told = unread(
            **birth, is_covered=("是否保障对象", yes("是否保障对象")), household_amount=("户月保障金（元）", common["household_amount"]),
            per_capita_income=("月人均收入", common["income"]), end_month=("截止保障年月", end), grace_start=("渐退起始年月", grace),
            relationship=("与户主关系", coded("与户主关系", *RELATIONS)),
            subtype=("低保类型", coded("低保类型", "低收入型", "重残单人户", "残疾人单列户施保", "重病单人户", "重病型单列户施保")),
            status=("保障状态", coded("保障状态", "在保", "停保", "渐退期")),
            stop_reason=("停发原因", coded("停发原因", "收入超标", "人员死亡", "死亡", "户籍迁移", "有劳动能力", "其他")),
            entry_cause=("新增原因", coded("新增原因", "城镇失业", "返乡人员", "重残单人户", "重病单人户", "其他")),
        )  # fmt: skip
        own = {"family_id": family, "name": name, "written": number, "sex": sex, "start_month": start, "end_month": end, "grace_start": grace}
        return {**common, **own, "birth_date": pl.lit(None, pl.Date) if born is None else born, "unread": told}

    own = columns("姓名", "身份证号", "家庭编号", dates("出生日期"), lambda cell: months(pl.col(cell)))
    region = typed(landed, "dibao", "dibao", county=counties("县(区)代码"), **own)
    region = region.filter(~pl.col("county").is_in(["640303", "640323", "640324"]).fill_null(False))
    own = columns("成员姓名", "公民身份号码", "低保证号", dates("出生日期", CHINESE), chinese_months)
    parts = [typed(landed, name, "dibao", county=pl.lit("640324"), **own) for name in ("dibao_part1", "dibao_part2")]
    own = columns("成员姓名", "公民身份号码", "低保证号", dates("出生日期"), split_months)
    correction = typed(landed, "dibao_correction", "dibao", county=pl.lit("640303"), **own)
    members = members_of(landed["dibao_households"])
    own = columns("姓名", "身份证号", "家庭编号", None, split_months)
    homes = typed({"dibao_households": members}, "dibao_households", "dibao", county=counties("县(区)代码"), **own)
    texts = (rows.with_columns(pl.col("line").cast(pl.String)) for rows in (region, *parts, correction, homes))
    return identified(pl.concat(texts))


def members_of(households: pl.DataFrame) -> pl.DataFrame:
    """A row a member from a workbook with a household a row; the head comes first."""
    cells = ("姓名", "身份证号", "与户主关系")
    own = [f"成员{place}{cell}" for place in range(1, 7) for cell in ("姓名", "身份证号", "与户主关系")] + ["户主姓名", "户主身份证号"]
    rest = households.with_columns(户主与户主关系=pl.lit("户主"))
    people = []
    for place, prefix in enumerate(("户主", *(f"成员{place}" for place in range(1, 7))), 1):
        said = {cell: pl.col(f"{prefix}{cell}") for cell in cells}
        line = pl.col("line").cast(pl.String) + f"#{place}"
        people.append(rest.with_columns(line=line, **said).drop([*own, "户主与户主关系"]))
    return pl.concat(people).filter(pl.col("姓名").is_not_null() | pl.col("身份证号").is_not_null())


def tekun(landed: Landed) -> pl.DataFrame:
    amount, end = yuan("月供养金"), split_months("截止年月")
    care = coded("生活自理能力", "完全自理", "全自理", "部分自理", "半护理", "不能自理", "全护理")
    reason = coded("终止原因", "年满16周岁", "满16周岁", "已满16周岁", "年满十六周岁", "死亡", "人员死亡", "收入超标", "其他")
    rows = typed(
        landed, "tekun", "tekun",
        county=counties("县（区）"), township="乡(镇)", village="行政村", person_no="特困编号", name="姓名", written="身份证号码", sex=sexes("性别"),
        category=coded("城乡类别", "城市", "农村"), support_mode=coded("供养方式", "集中供养", "分散供养"), self_care="生活自理能力",
        monthly_amount=amount, start_month=split_months("起始年月"), end_month=end, status=coded("状态", "在册", "终止"), stop_reason="终止原因",
        phone="电话", unread=unread(sex=("性别", sexes("性别")), monthly_amount=("月供养金", amount), end_month=("截止年月", end),
                                  self_care=("生活自理能力", care), stop_reason=("终止原因", reason)),
    )  # fmt: skip
    return identified(rows)


def low_income(landed: Landed) -> pl.DataFrame:
    cost, until = yuan("必要就业成本"), dates("有效期至", CHINESE)
    rows = typed(
        landed, "low_income", "low_income",
        county=counties("县区"), township="乡镇", village="村", family_id="家庭ID", name="姓名", written="证件号码", relationship="与户主关系",
        category=coded("城乡类别", "城市", "农村"), household_size=whole("家庭人口数"), income=yuan("家庭月人均收入"),
        employment_cost=cost.fill_null(0), property_compliant=yes("财产状况符合规定"), recognised_on=dates("认定日期", CHINESE),
        valid_until=until, phone="手机号",
        unread=unread(relationship=("与户主关系", coded("与户主关系", *RELATIONS)), employment_cost=("必要就业成本", cost),
                      valid_until=("有效期至", until)),
    )  # fmt: skip
    return identified(rows)


def temporary_assistance(landed: Landed) -> pl.DataFrame:
    kind, case = pl.col("救助类型"), yes("一事一议")
    kind = kind.replace({"因灾急难型": "急难型", "因病支出型": "支出型", "因学支出型": "支出型"})
    kind = pl.when(kind.is_in(["急难型", "支出型", "个人", "一次性临时救助金", "其他"])).then(kind)
    rows = typed(
        landed, "temporary_assistance", "temporary_assistance",
        county=counties("县(市、区)"), township="乡镇(街道)", village="村(社区)", grant_id="救助编号", family_id="家庭编号", name="姓名",
        written="身份证号", assistance_type=kind, persons=whole("救助人数"), amount=yuan("救助金额"), granted_on=dates("发放日期", "%Y/%m/%d"),
        epidemic=yes("是否因疫情"), case_by_case=case, minutes_no="会议纪要编号", phone="联系电话",
        unread=unread(epidemic=("是否因疫情", yes("是否因疫情")), case_by_case=("一事一议", case)),
    )  # fmt: skip
    return identified(rows)


def unemployment_insurance(landed: Landed) -> pl.DataFrame:
    first, last, paid = months(pl.col("首次缴费年月")), months(pl.col("最后缴费年月")), whole("累计缴费月数")
    rows = typed(
        landed, "unemployment_insurance", "unemployment_insurance",
        county=counties("参保地"), written="社会保障号码", name="姓名", status=coded("参保状态", *INSURED), first_paid_month=first,
        last_paid_month=last, months_paid=paid, employer="单位名称",
        unread=unread(first_paid_month=("首次缴费年月", first), last_paid_month=("最后缴费年月", last), months_paid=("累计缴费月数", paid)),
    )  # fmt: skip
    return identified(rows)


def unemployment_benefit(landed: Landed) -> pl.DataFrame:
    amount = yuan("月标准")
    rows = typed(
        landed, "unemployment_benefit", "unemployment_benefit",
        county=counties("行政区划代码"), written="证件号码", name="姓名", benefit_type="待遇类型", start_month=months(pl.col("起始年月")),
        end_month=months(pl.col("截止年月")), monthly_amount=amount, status=coded("发放状态", "已发放", "未发放"),
        unread=unread(monthly_amount=("月标准", amount)),
    )  # fmt: skip
    return identified(rows)


def unemployment_registration(landed: Landed) -> pl.DataFrame:
    migrant, place = yes("是否农民工"), counties("务工县区")
    rows = typed(
        landed, "unemployment_registration", "unemployment_registration",
        county=counties("县(区)代码"), township="乡镇(街道)", village="村(社区)", written="身份证号码", name="姓名", sex=sexes("性别"),
        registered_on=dates("登记日期", "%Y%m%d"), status=coded("登记状态", "有效", "注销"), reason="失业原因", migrant_worker=migrant,
        hukou_type="户口性质", work_county=place, phone="联系电话",
        unread=unread(sex=("性别", sexes("性别")), migrant_worker=("是否农民工", migrant), work_county=("务工县区", place),
                      hukou_type=("户口性质", coded("户口性质", "农业", "非农业", "农业户口", "非农业户口"))),
    )  # fmt: skip
    return identified(rows)


def migrant_workers(landed: Landed) -> pl.DataFrame:
    stopped, last, place = dates("停工日期", "%Y/%m/%d"), chinese_months("最后有收入年月"), counties("务工地")
    rows = typed(
        landed, "migrant_workers", "migrant_workers",
        county=counties("县(市、区、旗)"), township="乡(镇)", village="行政村", name="姓名", written="身份证号",
        hukou_type=coded("户口性质", "农业", "非农业"), work_status=coded("返岗状态", "已返岗", "未返岗"),
        stopped_on=stopped, last_income_month=last, work_county=place, phone="联系电话",
        unread=unread(stopped_on=("停工日期", stopped), last_income_month=("最后有收入年月", last), work_county=("务工地", place)),
    )  # fmt: skip
    return identified(rows)


def social_insurance(landed: Landed) -> pl.DataFrame:
    last, base = months(pl.col("最后缴费年月")), yuan("缴费基数")
    rows = typed(
        landed, "social_insurance", "social_insurance",
        county=counties("县(区)代码"), written="证件号码", name="姓名", scheme=coded("险种", *PENSIONS), status=coded("参保状态", *INSURED),
        last_paid_month=last, monthly_base=base, employer="单位名称",
        unread=unread(last_paid_month=("最后缴费年月", last), monthly_base=("缴费基数", base)),
    )  # fmt: skip
    return identified(rows)


def pension_benefit(landed: Landed) -> pl.DataFrame:
    born, died, start = dates("出生日期", "%Y%m%d"), dates("死亡日期", "%Y%m%d"), months(pl.col("待遇起始年月"))
    rows = typed(
        landed, "pension_benefit", "pension_benefit",
        county=counties("县(区)代码"), written="社会保障号码", name="姓名", sex=sexes("性别"), birth_date=born, scheme=coded("险种", *PENSIONS),
        monthly_amount=yuan("月待遇金额"), start_month=start, survival_status=coded("生存状态", "正常", "死亡", "待认证"), death_date=died,
        unread=unread(sex=("性别", sexes("性别")), birth_date=("出生日期", born), start_month=("待遇起始年月", start), death_date=("死亡日期", died)),
    )  # fmt: skip
    return identified(rows)


def disability_certificates(landed: Landed) -> pl.DataFrame:
    """A missing or invalid number is taken from the certificate's."""

    def columns(form: str) -> dict[str, Values | str]:
        born, issued, until, died = (dates(cell, form) for cell in ("出生日期", "发证日期", "有效期至", "死亡日期"))
        places = {word: place for place, word in enumerate(("视力", "听力", "言语", "肢体", "智力", "精神", "多重"), 1)}
        levels = {word: place for place, word in enumerate(("一级", "二级", "三级", "四级"), 1)}
        return {
            "county": counties("县(区)代码"), "township": "乡镇(街道)", "village": "村(社区)", "name": "姓名", "sex": sexes("性别"),
            "birth_date": born, "written": "身份证号", "certificate_number": undressed(pl.col("残疾人证号")),
            "category": pl.col("残疾类别").replace_strict(places, default=None, return_dtype=pl.Int32),
            "level": pl.col("残疾等级").replace_strict(levels, default=None, return_dtype=pl.Int32), "components": "多重残疾明细",
            "issued_on": issued, "valid_until": until, "status": coded("状态", "有效", "注销", "冻结", "过期"), "cancel_reason": "注销原因",
            "death_date": died, "phone": "联系电话",
            "unread": unread(sex=("性别", sexes("性别")), birth_date=("出生日期", born), issued_on=("发证日期", issued),
                             valid_until=("有效期至", until), death_date=("死亡日期", died)),
        }  # fmt: skip

    region = typed(landed, "disability_certificates", "disability_certificates", **columns("%Y-%m-%d"))
    own = typed(landed, "disability_certificates_workbook", "disability_certificates", **columns(CHINESE))
    rows = pl.concat([region.filter(pl.col("county") != "640181"), own])
    by_own = identified(rows)
    key = ["file", "line"]
    without = rows.join(by_own.filter(pl.col("id_status") != "valid").select(*key, own_status="id_status"), on=key)
    by_certificate = identified(without.with_columns(written="certificate_number"))
    taken = by_certificate.filter((pl.col("id_status") == "valid") | (pl.col("own_status") == "missing")).drop("own_status")
    found = pl.concat([by_own.join(taken, on=key, how="anti"), taken])
    said = pl.col("certificate_number").str.extract("^[0-9]{17}[0-9X]([1-7][1-4])(?:B[0-9]+)?$").cast(pl.Int32)
    return found.with_columns(number_says=pl.when(said.is_not_null()).then(pl.concat_list(said // 10, said % 10)))


def poverty_register(landed: Landed) -> pl.DataFrame:
    size, work, income, cleared = whole("人数"), whole("务工时间（月）"), yuan("人均纯收入"), yes("风险是否消除")
    monitor, labour, on_dibao, on_tekun = "易返贫致贫户(监测对象)类型", "劳动技能", "享受低保政策情况", "享受特困供养政策情况"
    rows = typed(
        landed, "poverty_register", "poverty_register",
        year=whole("年度"), county=counties("县(市、区、旗)"), township="乡(镇)", village="行政村", household_no="户编号", person_no="人编号",
        name="姓名", written="证件号码", household_size=size, relationship="与户主关系", health="健康状况", labour=labour, work_months=work,
        main_cause="主要致贫原因", net_income=income, poverty_status=coded("脱贫属性", "未脱贫", "已脱贫", "返贫", "边缘户"), monitor_type=monitor,
        risk_cleared=cleared, dibao_claim=on_dibao, tekun_claim=on_tekun, phone="联系电话",
        unread=unread(household_size=("人数", size), relationship=("与户主关系", coded("与户主关系", *RELATIONS)),
                      work_months=("务工时间（月）", work),
                      labour=(labour, coded(labour, "技能劳动力", "普通劳动力", "弱劳动力或半劳动力", "丧失劳动力", "无劳动力")),
                      net_income=("人均纯收入", income), monitor_type=(monitor, coded(monitor, "脱贫不稳定户", "边缘易致贫户", "突发严重困难户")),
                      risk_cleared=("风险是否消除", cleared), dibao_claim=(on_dibao, coded(on_dibao, "农村低保", "城市低保", "未享受", "不享受")),
                      tekun_claim=(on_tekun, coded(on_tekun, "农村特困", "城市特困", "未享受", "不享受"))),
    )  # fmt: skip
    return identified(rows)


def medical_enrolment(landed: Landed) -> pl.DataFrame:
    ended = dates("终止日期")
    rows = typed(
        landed, "medical_enrolment", "medical_enrolment",
        county=counties("县(区)代码"), written="证件号码", name="姓名", insurance_type=coded("险种", "职工医保", "居民医保"),
        status=coded("参保状态", "正常", "暂停", "终止"), end_reason="终止原因", end_date=ended, subsidy_group="资助参保类别",
        unread=unread(end_reason=("终止原因", coded("终止原因", "死亡", "人员死亡", "迁出", "其他")), end_date=("终止日期", ended)),
    )  # fmt: skip
    return identified(rows)


def medical_settlements(landed: Landed) -> pl.DataFrame:
    rows = typed(
        landed, "medical_settlements", "medical_settlements",
        county=counties("县(区)代码"), settlement_id="结算编号", written="证件号码", name="姓名", care_type="医疗类别", disease_code="疾病编码",
        disease_name="疾病名称", settled_on=dates("结算日期"), total_cost=yuan("医疗费总额"), in_scope_cost=yuan("符合政策范围金额"),
        fund_paid=yuan("基金支付总额"), self_paid=yuan("个人负担总额"), valid=yes("有效标志"), refunded=yes("退费标志"), unread=pl.lit(""),
    )  # fmt: skip
    return identified(rows)


def serious_illness(landed: Landed) -> pl.DataFrame:
    until = dates("有效期至")
    rows = typed(
        landed, "serious_illness", "serious_illness",
        county=counties("县(区)代码"), name="姓名", written="身份证号", disease_name="病种名称", disease_code="病种编码",
        recognised_on=dates("认定日期"), valid_until=until, recognised_by="认定部门", unread=unread(valid_until=("有效期至", until)),
    )  # fmt: skip
    return identified(rows)


DATASETS: dict[str, Callable[[Landed], pl.DataFrame]] = {
    made.__name__: made
    for made in (
        dibao, tekun, low_income, temporary_assistance, unemployment_insurance, unemployment_benefit, unemployment_registration, migrant_workers,
        social_insurance, pension_benefit, disability_certificates, poverty_register, medical_enrolment, medical_settlements, serious_illness,
    )
}  # fmt: skip
