CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'unemployment_registration_20200731.csv' AS file, county_of("县(区)代码") AS county, "乡镇(街道)" AS township,
    "村(社区)" AS village, "身份证号码" AS written, "姓名" AS name, sex_of("性别") AS sex, compact_date("登记日期") AS registered_on,
    coded("登记状态", ['有效', '注销']) AS status, "失业原因" AS reason, yes("是否农民工") AS migrant_worker, "户口性质" AS hukou_type,
    county_of("务工县区") AS work_county, "联系电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('migrant_worker', "是否农民工", migrant_worker),
        unread('hukou_type', hukou_type, coded(hukou_type, ['农业', '非农业', '农业户口', '非农业户口'])),
        unread('work_county', "务工县区", work_county)) AS unread
FROM text_unemployment_registration;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
