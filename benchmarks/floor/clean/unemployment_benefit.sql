CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'unemployment_benefit_20200731.tsv' AS file, county_of("行政区划代码") AS county, "证件号码" AS written, "姓名" AS name,
    "待遇类型" AS benefit_type, compact_month("起始年月") AS start_month, compact_month("截止年月") AS end_month, yuan("月标准") AS monthly_amount,
    coded("发放状态", ['已发放', '未发放']) AS status, concat_ws(' ', unread('monthly_amount', "月标准", monthly_amount)) AS unread
FROM text_unemployment_benefit;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
