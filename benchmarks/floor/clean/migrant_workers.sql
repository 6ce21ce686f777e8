CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'migrant_workers_20200731.csv' AS file, county_of("县(市、区、旗)") AS county, "乡(镇)" AS township, "行政村" AS village,
    "姓名" AS name, "身份证号" AS written, coded("户口性质", ['农业', '非农业']) AS hukou_type, coded("返岗状态", ['已返岗', '未返岗']) AS work_status,
    iso_date("停工日期") AS stopped_on, chinese_month("最后有收入年月") AS last_income_month, county_of("务工地") AS work_county, "联系电话" AS phone,
    concat_ws(' ', unread('stopped_on', "停工日期", stopped_on), unread('last_income_month', "最后有收入年月", last_income_month),
        unread('work_county', "务工地", work_county)) AS unread
FROM text_migrant_workers;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
