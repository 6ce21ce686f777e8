CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'temporary_assistance_20200731.txt' AS file, county_of("县(市、区)") AS county, "乡镇(街道)" AS township, "村(社区)" AS village,
    "救助编号" AS grant_id, "家庭编号" AS family_id, "姓名" AS name, "身份证号" AS written,
    CASE WHEN "救助类型" IN ('急难型', '因灾急难型') THEN '急难型' WHEN "救助类型" IN ('支出型', '因病支出型', '因学支出型') THEN '支出型'
        ELSE coded("救助类型", ['个人', '一次性临时救助金', '其他']) END AS assistance_type,
    TRY_CAST("救助人数" AS INTEGER) AS persons, yuan(replace("救助金额", ',', '')) AS amount, iso_date("发放日期") AS granted_on,
    yes("是否因疫情") AS epidemic, yes("一事一议") AS case_by_case, "会议纪要编号" AS minutes_no, "联系电话" AS phone,
    concat_ws(' ', unread('epidemic', "是否因疫情", epidemic), unread('case_by_case', "一事一议", case_by_case)) AS unread
FROM text_temporary_assistance;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
