CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'social_insurance_20200731.csv.gz' AS file, county_of("县(区)代码") AS county, "证件号码" AS written, "姓名" AS name,
    coded("险种", ['企业职工养老', '机关事业养老', '城乡居民养老']) AS scheme, coded("参保状态", ['参保缴费', '暂停缴费', '终止参保']) AS status,
    compact_month("最后缴费年月") AS last_paid_month, yuan("缴费基数") AS monthly_base, "单位名称" AS employer,
    concat_ws(' ', unread('last_paid_month', "最后缴费年月", last_paid_month), unread('monthly_base', "缴费基数", monthly_base)) AS unread
FROM text_social_insurance;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
