CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'serious_illness_20200731.csv' AS file, county_of("县(区)代码") AS county, "姓名" AS name, "身份证号" AS written,
    "病种名称" AS disease_name, "病种编码" AS disease_code, iso_date("认定日期") AS recognised_on, iso_date("有效期至") AS valid_until,
    "认定部门" AS recognised_by, concat_ws(' ', unread('valid_until', "有效期至", valid_until)) AS unread
FROM text_serious_illness;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
