-- The region's file, and three counties with files of their own: two parts, a correction, a workbook with a household a row.
CREATE OR REPLACE TEMP VIEW delivered AS
WITH said AS (
SELECT line::VARCHAR AS line, 'dibao_20200731.csv' AS file, county_of("县(区)代码") AS county,
    "乡镇(街道)" AS township, "村(社区)" AS village, "家庭编号" AS family_id, "姓名" AS name, "身份证号" AS written,
    sex_of("性别") AS sex, iso_date("出生日期") AS birth_date, "与户主关系" AS relationship, coalesce(yes("是否保障对象"), true) AS is_covered,
    coded("救助类型", ['城市低保', '农村低保']) AS scheme, "低保类型" AS subtype, yuan("户月保障金（元）") AS household_amount, yuan("月人均收入") AS income,
    compact_month("起始保障年月") AS start_month, compact_month("截止保障年月") AS end_month, "保障状态" AS status, "停发原因" AS stop_reason,
    compact_month("渐退起始年月") AS grace_start, "新增原因" AS entry_cause, "联系电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('birth_date', "出生日期", birth_date), unread('is_covered', "是否保障对象", yes("是否保障对象")),
        unread('household_amount', "户月保障金（元）", household_amount), unread('per_capita_income', "月人均收入", income),
        unread('end_month', "截止保障年月", end_month), unread('grace_start', "渐退起始年月", grace_start)) AS unread
FROM text_dibao WHERE county NOT IN ('640303', '640323', '640324')
UNION ALL
SELECT line::VARCHAR, file, '640324',
    "乡镇(街道)" AS township, "村(社区)" AS village, "低保证号" AS family_id, "成员姓名" AS name, "公民身份号码" AS written,
    sex_of("性别") AS sex, chinese_date("出生日期") AS birth_date, "与户主关系" AS relationship, coalesce(yes("是否保障对象"), true) AS is_covered,
    coded("救助类型", ['城市低保', '农村低保']) AS scheme, "低保类型" AS subtype, yuan("户月保障金（元）") AS household_amount, yuan("月人均收入") AS income,
    chinese_month("起始保障年月") AS start_month, chinese_month("截止保障年月") AS end_month, "保障状态" AS status, "停发原因" AS stop_reason,
    chinese_month("渐退起始年月") AS grace_start, "新增原因" AS entry_cause, "联系电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('birth_date', "出生日期", birth_date), unread('is_covered', "是否保障对象", yes("是否保障对象")),
        unread('household_amount', "户月保障金（元）", household_amount), unread('per_capita_income', "月人均收入", income),
        unread('end_month', "截止保障年月", end_month), unread('grace_start', "渐退起始年月", grace_start)) AS unread
FROM (
    SELECT *, 'dibao_640324_20200731_part1.csv' AS file FROM text_dibao_part1
    UNION ALL
    SELECT *, 'dibao_640324_20200731_part2.csv' FROM text_dibao_part2
)
UNION ALL
SELECT line::VARCHAR, 'dibao_640303_20200731_更正.csv', '640303',
    "乡镇(街道)" AS township, "村(社区)" AS village, "低保证号" AS family_id, "成员姓名" AS name, "公民身份号码" AS written,
    sex_of("性别") AS sex, iso_date("出生日期") AS birth_date, "与户主关系" AS relationship, coalesce(yes("是否保障对象"), true) AS is_covered,
    coded("救助类型", ['城市低保', '农村低保']) AS scheme, "低保类型" AS subtype, yuan("户月保障金（元）") AS household_amount, yuan("月人均收入") AS income,
    split_month("起始保障年月") AS start_month, split_month("截止保障年月") AS end_month, "保障状态" AS status, "停发原因" AS stop_reason,
    split_month("渐退起始年月") AS grace_start, "新增原因" AS entry_cause, "联系电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('birth_date', "出生日期", birth_date), unread('is_covered', "是否保障对象", yes("是否保障对象")),
        unread('household_amount', "户月保障金（元）", household_amount), unread('per_capita_income', "月人均收入", income),
        unread('end_month', "截止保障年月", end_month), unread('grace_start', "渐退起始年月", grace_start)) AS unread
FROM text_dibao_correction
UNION ALL
SELECT line || '#' || member.place, 'dibao_640323_20200731.xlsx', county_of("县(区)代码"), "乡镇(街道)", "村(社区)", "家庭编号", member.name,
    member.written, NULL, NULL, member.relationship, coalesce(yes("是否保障对象"), true), coded("救助类型", ['城市低保', '农村低保']), "低保类型",
    yuan(replace("户月保障金（元）", ',', '')) AS household_amount, yuan(replace("月人均收入", ',', '')) AS income, split_month("起始保障年月"),
    split_month("截止保障年月") AS end_month, "保障状态", "停发原因", split_month("渐退起始年月") AS grace_start, "新增原因", "联系电话",
    concat_ws(' ', unread('is_covered', "是否保障对象", yes("是否保障对象")), unread('household_amount', "户月保障金（元）", household_amount),
        unread('per_capita_income', "月人均收入", income), unread('end_month', "截止保障年月", end_month),
        unread('grace_start', "渐退起始年月", grace_start))
FROM (
    SELECT *, unnest([
        {name: "户主姓名", written: "户主身份证号", relationship: '户主', place: 1},
        {name: "成员1姓名", written: "成员1身份证号", relationship: "成员1与户主关系", place: 2},
        {name: "成员2姓名", written: "成员2身份证号", relationship: "成员2与户主关系", place: 3},
        {name: "成员3姓名", written: "成员3身份证号", relationship: "成员3与户主关系", place: 4},
        {name: "成员4姓名", written: "成员4身份证号", relationship: "成员4与户主关系", place: 5},
        {name: "成员5姓名", written: "成员5身份证号", relationship: "成员5与户主关系", place: 6},
        {name: "成员6姓名", written: "成员6身份证号", relationship: "成员6与户主关系", place: 7}
    ]) AS member
    FROM text_dibao_households
)
WHERE member.name IS NOT NULL OR member.written IS NOT NULL
)
SELECT * REPLACE (concat_ws(' ', nullif(unread, ''), unread('relationship', relationship, coded(relationship, getvariable('relations'))),
    unread('subtype', subtype, coded(subtype, ['低收入型', '重残单人户', '残疾人单列户施保', '重病单人户', '重病型单列户施保'])),
    unread('status', status, coded(status, ['在保', '停保', '渐退期'])),
    unread('stop_reason', stop_reason, coded(stop_reason, ['收入超标', '人员死亡', '死亡', '户籍迁移', '有劳动能力', '其他'])),
    unread('entry_cause', entry_cause, coded(entry_cause, ['城镇失业', '返乡人员', '重残单人户', '重病单人户', '其他']))) AS unread)
FROM said;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
