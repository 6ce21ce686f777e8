CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'pension_benefit_20200731.parquet' AS file, county_of("县(区)代码") AS county, "社会保障号码" AS written, "姓名" AS name,
    sex_of("性别") AS sex, compact_date("出生日期") AS birth_date, coded("险种", ['企业职工养老', '机关事业养老', '城乡居民养老']) AS scheme,
    yuan("月待遇金额") AS monthly_amount, compact_month("待遇起始年月") AS start_month,
    coded("生存状态", ['正常', '死亡', '待认证']) AS survival_status, compact_date("死亡日期") AS death_date,
    concat_ws(' ', unread('sex', "性别", sex), unread('birth_date', "出生日期", birth_date), unread('start_month', "待遇起始年月", start_month),
        unread('death_date', "死亡日期", death_date)) AS unread
FROM text_pension_benefit;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
