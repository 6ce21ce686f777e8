CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'low_income_20200731.csv' AS file, county_of("县区") AS county, "乡镇" AS township, "村" AS village, "家庭ID" AS family_id,
    "姓名" AS name, "证件号码" AS written, "与户主关系" AS relationship, coded("城乡类别", ['城市', '农村']) AS category,
    TRY_CAST("家庭人口数" AS INTEGER) AS household_size, yuan(rtrim("家庭月人均收入", '元')) AS income,
    coalesce(yuan(rtrim("必要就业成本", '元')), 0) AS employment_cost, yes("财产状况符合规定") AS property_compliant,
    chinese_date("认定日期") AS recognised_on, chinese_date("有效期至") AS valid_until, "手机号" AS phone,
    concat_ws(' ', unread('relationship', relationship, coded(relationship, getvariable('relations'))),
        unread('employment_cost', "必要就业成本", yuan(rtrim("必要就业成本", '元'))), unread('valid_until', "有效期至", valid_until)) AS unread
FROM text_low_income;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
