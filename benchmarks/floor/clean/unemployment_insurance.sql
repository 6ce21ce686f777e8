CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'unemployment_insurance_20200731.csv.gz' AS file, county_of("参保地") AS county, "社会保障号码" AS written, "姓名" AS name,
    coded("参保状态", ['参保缴费', '暂停缴费', '终止参保']) AS status, compact_month("首次缴费年月") AS first_paid_month,
    compact_month("最后缴费年月") AS last_paid_month, TRY_CAST("累计缴费月数" AS INTEGER) AS months_paid, "单位名称" AS employer,
    concat_ws(' ', unread('first_paid_month', "首次缴费年月", first_paid_month), unread('last_paid_month', "最后缴费年月", last_paid_month),
        unread('months_paid', "累计缴费月数", months_paid)) AS unread
FROM text_unemployment_insurance;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
