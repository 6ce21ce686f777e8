CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'medical_enrolment_20200731.csv.gz' AS file, county_of("县(区)代码") AS county, "证件号码" AS written, "姓名" AS name,
    coded("险种", ['职工医保', '居民医保']) AS insurance_type, coded("参保状态", ['正常', '暂停', '终止']) AS status, "终止原因" AS end_reason,
    iso_date("终止日期") AS end_date, "资助参保类别" AS subsidy_group,
    concat_ws(' ', unread('end_reason', end_reason, coded(end_reason, ['死亡', '人员死亡', '迁出', '其他'])),
        unread('end_date', "终止日期", end_date)) AS unread
FROM text_medical_enrolment;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
