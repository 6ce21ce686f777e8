CREATE OR REPLACE TEMP VIEW delivered AS
SELECT line, 'tekun_20200731.csv' AS file, county_of("县（区）") AS county, "乡(镇)" AS township, "行政村" AS village, "特困编号" AS person_no,
    "姓名" AS name, "身份证号码" AS written, sex_of("性别") AS sex, coded("城乡类别", ['城市', '农村']) AS category,
    coded("供养方式", ['集中供养', '分散供养']) AS support_mode, "生活自理能力" AS self_care, yuan("月供养金") AS monthly_amount,
    split_month("起始年月") AS start_month, split_month("截止年月") AS end_month, coded("状态", ['在册', '终止']) AS status,
    "终止原因" AS stop_reason, "电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('monthly_amount', "月供养金", monthly_amount), unread('end_month', "截止年月", end_month),
        unread('self_care', self_care, coded(self_care, ['完全自理', '全自理', '部分自理', '半护理', '不能自理', '全护理'])),
        unread('stop_reason', stop_reason, coded(stop_reason, ['年满16周岁', '满16周岁', '已满16周岁', '年满十六周岁', '死亡', '人员死亡', '收入超标', '其他']))
    ) AS unread
FROM text_tekun;
CREATE OR REPLACE TEMP VIEW numbered AS FROM identified('delivered');
