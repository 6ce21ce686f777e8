"""What the departments write for the latent categories: the label at a category's place."""

from __future__ import annotations

RELATIONS = ("户主", "配偶", "子", "女", "父", "母")
PARTICIPATION = ("", "参保缴费", "暂停缴费", "终止参保")
PENSION_SCHEMES = {110: "企业职工养老", 120: "机关事业养老", 170: "城乡居民养老"}
ENROLMENT_SCHEMES = {310: "职工医保", 390: "居民医保"}
CERTIFICATE_CATEGORIES = ("", "视力", "听力", "言语", "肢体", "智力", "精神", "多重")
CERTIFICATE_LEVELS = ("", "一级", "二级", "三级", "四级")
CERTIFICATE_CODES = ("", "1", "2", "3", "4", "5", "6", "7")
RURAL_URBAN = ("", "城市", "农村")
CLAIMS_DIBAO = ("农村低保", "城市低保", "未享受")
CLAIMS_TEKUN = ("农村特困", "城市特困", "未享受")
MONITORS = ("脱贫不稳定户", "边缘易致贫户", "突发严重困难户")
POVERTY = ("未脱贫", "已脱贫", "返贫", "边缘户")
LABOUR = ("技能劳动力", "普通劳动力", "弱劳动力或半劳动力", "丧失劳动力", "无劳动力")
HEALTH = ("健康", "长期慢性病", "患有大病", "残疾", "残疾,长期慢性病", "患有大病、残疾", "残疾；患有大病")
DISABLED_HEALTH = 3
"""From this place on, HEALTH names a disability."""
CAUSES = ("因病", "因残", "因学", "因灾", "缺土地", "缺技术", "缺劳力", "缺资金")
DIBAO_STATUS = ("在保", "停保", "渐退期", "")
DIBAO_STOP = ("收入超标", "人员死亡", "户籍迁移", "有劳动能力", "其他")
DIBAO_SUBTYPES = ("低收入型", "重残单人户", "重病型单列户施保")
DIBAO_CAUSES = ("城镇失业", "返乡人员", "重残单人户", "重病单人户", "其他")
TEKUN_STATUS = ("终止", "在册")
TEKUN_STOP = ("年满16周岁", "死亡", "收入超标", "其他")
TEKUN_MODES = ("", "", "", "集中供养", "分散供养")
SELF_CARE = ("完全自理", "部分自理", "不能自理", "全自理", "半护理", "全护理")
GRANTS = ("急难型", "支出型", "个人", "一次性临时救助金", "其他", "因病支出型", "因学支出型", "因灾急难型")
BENEFITS = ("失业保险金", "失业补助金", "临时生活补助", "一次性生活补助")
PAID = ("未发放", "已发放")
REGISTRATION_STATUS = ("注销", "有效")
UNEMPLOYED_BECAUSE = ("单位裁员", "合同期满", "个人辞职", "疫情停工")
HUKOU = ("非农业", "农业")
RETURNED = ("未返岗", "已返岗")
SURVIVAL = ("正常", "死亡", "待认证")
CERTIFICATE_STATUS = ("有效", "注销", "冻结", "过期")
CANCELLED_BECAUSE = ("死亡", "残疾程度变化", "其他")
ENROLMENT_STATUS = ("", "正常", "暂停", "", "终止")
ENROLMENT_END = ("死亡", "迁出", "其他")
SUBSIDISED = ("低保对象", "特困人员", "建档立卡贫困人口")
CARE = ("住院", "门诊慢特病", "普通门诊")
DISEASES = (
    ("C34", "肺恶性肿瘤"),
    ("N18", "终末期肾病"),
    ("I63", "脑梗死"),
    ("C50", "乳腺恶性肿瘤"),
    ("D61", "再生障碍性贫血"),
    ("I21", "急性心肌梗死"),
    ("F20", "精神分裂症"),
    ("C16", "胃恶性肿瘤"),
    ("D66", "血友病"),
    ("E10", "1型糖尿病"),
)
RECOGNISED_BY = ("县医疗保障局", "县卫生健康局")
EMPLOYERS = tuple(
    f"宁夏{a}{b}有限公司"
    for a in "瑞祥恒源盛达宏图启明安康华兴德润"
    for b in (
        "建材",
        "食品",
        "运输",
        "物业",
        "劳务",
        "枸杞",
        "农牧",
        "商贸",
        "机械",
        "服饰",
        "餐饮",
        "光伏",
        "园林",
        "化工",
        "纺织",
        "电力",
        "酒业",
        "粮油",
        "家政",
        "环保",
        "仓储",
        "乳业",
        "印务",
        "通信",
        "建筑",
    )
)
