CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'medical_settlements_20200731.csv' AS file, county_of("县(区)代码") AS county, "结算编号" AS settlement_id,
    "证件号码" AS written, "姓名" AS name, "医疗类别" AS care_type, "疾病编码" AS disease_code, "疾病名称" AS disease_name,
    iso_date("结算日期") AS settled_on, yuan("医疗费总额") AS total_cost, yuan("符合政策范围金额") AS in_scope_cost, yuan("基金支付总额") AS fund_paid,
    yuan("个人负担总额") AS self_paid, yes("有效标志") AS valid, yes("退费标志") AS refunded, '' AS unread
FROM text_medical_settlements;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
