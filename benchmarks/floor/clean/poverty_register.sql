CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'poverty_register_20200731.csv' AS file, TRY_CAST("年度" AS INTEGER) AS year, county_of("县(市、区、旗)") AS county,
    "乡(镇)" AS township, "行政村" AS village, "户编号" AS household_no, "人编号" AS person_no, "姓名" AS name, "证件号码" AS written,
    TRY_CAST("人数" AS INTEGER) AS household_size, "与户主关系" AS relationship, "健康状况" AS health, "劳动技能" AS labour,
    TRY_CAST("务工时间（月）" AS INTEGER) AS work_months, "主要致贫原因" AS main_cause, yuan("人均纯收入") AS net_income,
    coded("脱贫属性", ['未脱贫', '已脱贫', '返贫', '边缘户']) AS poverty_status, "易返贫致贫户(监测对象)类型" AS monitor_type,
    yes("风险是否消除") AS risk_cleared, "享受低保政策情况" AS dibao_claim, "享受特困供养政策情况" AS tekun_claim, "联系电话" AS phone,
    concat_ws(' ', unread('household_size', "人数", household_size), unread('relationship', relationship, coded(relationship, getvariable('relations'))),
        unread('labour', labour, coded(labour, ['技能劳动力', '普通劳动力', '弱劳动力或半劳动力', '丧失劳动力', '无劳动力'])),
        unread('work_months', "务工时间（月）", work_months), unread('net_income', "人均纯收入", net_income),
        unread('monitor_type', monitor_type, coded(monitor_type, ['脱贫不稳定户', '边缘易致贫户', '突发严重困难户'])),
        unread('risk_cleared', "风险是否消除", risk_cleared),
        unread('dibao_claim', dibao_claim, coded(dibao_claim, ['农村低保', '城市低保', '未享受', '不享受'])),
        unread('tekun_claim', tekun_claim, coded(tekun_claim, ['农村特困', '城市特困', '未享受', '不享受']))) AS unread
FROM text_poverty_register;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
