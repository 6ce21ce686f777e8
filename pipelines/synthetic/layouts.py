"""The files of each dataset: names, headers (standard ones and aliases), encodings, titles, footers, styles. Ningxia's own layouts are not public; these
follow what extracts of other provinces look like."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.synthetic.render import Style

WIDE_COUNTY = 640323
PARTS_COUNTY = 640324
REDELIVERY_COUNTY = 640303
WORKBOOK_COUNTY = 640181
WIDE_MEMBERS = 6
"""Members beside the head in the household-wide roster."""


@dataclass(frozen=True)
class Layout:
    """One kind of file. `county` None serves the region; `columns` is contract field -> header, in order."""

    dataset: str
    suffix: str
    columns: dict[str, str]
    county: int | None = None
    encoding: str = "utf-8"
    separator: str = ","
    titles: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    style: Style = field(default_factory=Style)
    wide: bool = False
    parts: int = 0

    @property
    def id_field(self) -> str:
        return "document_number" if self.dataset == "poverty_register" else "id_number"


_DIBAO = {
    "county_code": "县(区)代码", "township": "乡镇(街道)", "village": "村(社区)", "family_id": "家庭编号", "name": "姓名", "id_number": "身份证号", "sex": "性别",
    "birth_date": "出生日期", "relationship": "与户主关系", "is_covered": "是否保障对象", "scheme": "救助类型", "subtype": "低保类型", "household_amount": "户月保障金（元）",
    "per_capita_income": "月人均收入", "start_month": "起始保障年月", "end_month": "截止保障年月", "status": "保障状态", "stop_reason": "停发原因",
    "grace_start": "渐退起始年月", "entry_cause": "新增原因", "phone": "联系电话",
}  # fmt: skip
_DIBAO_COUNTY = {field: header for field, header in _DIBAO.items() if field != "county_code"} | {"family_id": "低保证号", "name": "成员姓名", "id_number": "公民身份号码"}
_TEKUN = {
    "person_no": "特困编号", "name": "姓名", "id_number": "身份证号码", "sex": "性别", "category": "城乡类别", "support_mode": "供养方式", "self_care": "生活自理能力",
    "monthly_amount": "月供养金", "start_month": "起始年月", "end_month": "截止年月", "status": "状态", "stop_reason": "终止原因", "county_code": "县（区）",
    "township": "乡(镇)", "village": "行政村", "phone": "电话",
}  # fmt: skip
_CERTIFICATES = {
    "name": "姓名", "sex": "性别", "birth_date": "出生日期", "id_number": "身份证号", "certificate_number": "残疾人证号", "category": "残疾类别", "level": "残疾等级",
    "components": "多重残疾明细", "issued_on": "发证日期", "valid_until": "有效期至", "status": "状态", "cancel_reason": "注销原因", "death_date": "死亡日期",
    "county_code": "县(区)代码", "township": "乡镇(街道)", "village": "村(社区)", "phone": "联系电话",
}  # fmt: skip
_FOOTER = ("填表人：", "制表日期：")

LAYOUTS: tuple[Layout, ...] = (
    Layout("dibao", ".xlsx", _DIBAO, county=WIDE_COUNTY, titles=("盐池县城乡低保家庭花名册", "填表单位：盐池县民政局"), footer=("合计", "填表人："), wide=True,
           style=Style(day="slash", month="slash", money="thousands")),
    Layout("dibao", ".csv", _DIBAO_COUNTY, county=PARTS_COUNTY, encoding="gb18030", titles=("同心县低保对象花名册",), parts=2, style=Style(month="chinese", day="chinese")),
    Layout("dibao", "_更正.csv", _DIBAO_COUNTY, county=REDELIVERY_COUNTY, encoding="utf-8-sig", style=Style(month="iso", yes_no=("0", "1"))),
    Layout("dibao", ".csv", _DIBAO, encoding="gb18030", titles=("自治区低保对象明细表", "填表单位：自治区民政厅"), footer=_FOOTER, style=Style(county="division")),
    Layout("tekun", ".csv", _TEKUN, encoding="utf-8-sig", titles=("特困供养人员名册",), style=Style(county="name", month="iso")),
    Layout("low_income", ".csv", {
        "family_id": "家庭ID", "name": "姓名", "id_number": "证件号码", "relationship": "与户主关系", "category": "城乡类别", "household_size": "家庭人口数",
        "per_capita_income": "家庭月人均收入", "employment_cost": "必要就业成本", "property_compliant": "财产状况符合规定", "recognised_on": "认定日期",
        "valid_until": "有效期至", "county_code": "县区", "township": "乡镇", "village": "村", "phone": "手机号",
    }, style=Style(county="name", money="yuan", day="chinese")),
    Layout("temporary_assistance", ".txt", {
        "grant_id": "救助编号", "family_id": "家庭编号", "name": "姓名", "id_number": "身份证号", "assistance_type": "救助类型", "persons": "救助人数", "amount": "救助金额",
        "granted_on": "发放日期", "epidemic": "是否因疫情", "case_by_case": "一事一议", "minutes_no": "会议纪要编号", "county_code": "县(市、区)", "township": "乡镇(街道)",
        "village": "村(社区)", "phone": "联系电话",
    }, encoding="gb18030", separator="\t", titles=("临时救助资金发放明细",), footer=_FOOTER, style=Style(day="slash", yes_no=("否", "是"), money="thousands")),
    Layout("unemployment_insurance", ".csv.gz", {
        "id_number": "社会保障号码", "name": "姓名", "status": "参保状态", "first_paid_month": "首次缴费年月", "last_paid_month": "最后缴费年月", "months_paid": "累计缴费月数",
        "employer": "单位名称", "county_code": "参保地",
    }),
    Layout("unemployment_benefit", ".csv", {
        "id_number": "证件号码", "name": "姓名", "benefit_type": "待遇类型", "start_month": "起始年月", "end_month": "截止年月", "monthly_amount": "月标准",
        "status": "发放状态", "county_code": "行政区划代码",
    }, encoding="gb18030"),
    Layout("unemployment_registration", ".csv", {
        "id_number": "身份证号码", "name": "姓名", "sex": "性别", "registered_on": "登记日期", "status": "登记状态", "reason": "失业原因", "migrant_worker": "是否农民工",
        "hukou_type": "户口性质", "county_code": "县(区)代码", "township": "乡镇(街道)", "village": "村(社区)", "phone": "联系电话", "work_county": "务工县区",
    }, style=Style(day="compact", yes_no=("N", "Y"), county="name")),
    Layout("migrant_workers", ".csv", {
        "name": "姓名", "id_number": "身份证号", "hukou_type": "户口性质", "work_status": "返岗状态", "stopped_on": "停工日期", "last_income_month": "最后有收入年月",
        "work_county": "务工地", "county_code": "县(市、区、旗)", "township": "乡(镇)", "village": "行政村", "phone": "联系电话",
    }, encoding="gb18030", titles=("农民工返岗复工台账", "单位：自治区人力资源和社会保障厅"), style=Style(day="slash", month="chinese")),
    Layout("social_insurance", ".csv.gz", {
        "id_number": "证件号码", "name": "姓名", "scheme": "险种", "status": "参保状态", "last_paid_month": "最后缴费年月", "monthly_base": "缴费基数", "employer": "单位名称",
        "county_code": "县(区)代码",
    }),
    Layout("pension_benefit", ".csv", {
        "id_number": "社会保障号码", "name": "姓名", "sex": "性别", "birth_date": "出生日期", "scheme": "险种", "monthly_amount": "月待遇金额", "start_month": "待遇起始年月",
        "survival_status": "生存状态", "death_date": "死亡日期", "county_code": "县(区)代码",
    }, style=Style(day="compact")),
    Layout("disability_certificates", ".xlsx", _CERTIFICATES, county=WORKBOOK_COUNTY, titles=("灵武市持证残疾人名册",), style=Style(day="chinese")),
    Layout("disability_certificates", ".csv", _CERTIFICATES, encoding="gb18030", style=Style(day="iso")),
    Layout("poverty_register", ".csv", {
        "year": "年度", "county_code": "县(市、区、旗)", "township": "乡(镇)", "village": "行政村", "household_no": "户编号", "person_no": "人编号", "name": "姓名",
        "document_number": "证件号码", "household_size": "人数", "relationship": "与户主关系", "health": "健康状况", "labour": "劳动技能", "work_months": "务工时间（月）",
        "main_cause": "主要致贫原因", "per_capita_net_income": "人均纯收入", "poverty_status": "脱贫属性", "monitor_type": "易返贫致贫户(监测对象)类型",
        "risk_cleared": "风险是否消除", "dibao_claim": "享受低保政策情况", "tekun_claim": "享受特困供养政策情况", "phone": "联系电话",
    }, encoding="gb18030", titles=("建档立卡人口信息表", "数据来源：全国扶贫开发信息系统"), style=Style(county="name")),
    Layout("medical_enrolment", ".csv.gz", {
        "id_number": "证件号码", "name": "姓名", "insurance_type": "险种", "status": "参保状态", "end_reason": "终止原因", "end_date": "终止日期",
        "subsidy_group": "资助参保类别", "county_code": "县(区)代码",
    }),
    Layout("medical_settlements", ".csv", {
        "settlement_id": "结算编号", "id_number": "证件号码", "name": "姓名", "care_type": "医疗类别", "disease_code": "疾病编码", "disease_name": "疾病名称",
        "settled_on": "结算日期", "total_cost": "医疗费总额", "in_scope_cost": "符合政策范围金额", "fund_paid": "基金支付总额", "self_paid": "个人负担总额",
        "valid": "有效标志", "refunded": "退费标志", "county_code": "县(区)代码",
    }),
    Layout("serious_illness", ".csv", {
        "name": "姓名", "id_number": "身份证号", "disease_name": "病种名称", "disease_code": "病种编码", "recognised_on": "认定日期", "valid_until": "有效期至",
        "recognised_by": "认定部门", "county_code": "县(区)代码",
    }, encoding="gb18030", titles=("重特大疾病患者认定名单",), footer=_FOOTER),
)  # fmt: skip
