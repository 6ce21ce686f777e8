-- Delivered files to typed rows with identified persons, one Parquet file a dataset. Rows without a required value are left out.
-- The working directory has inbox/ as delivered and text/, what DuckDB cannot read by itself (GB18030, workbooks) as CSV in UTF-8.

-- dibao: the region's file, and three counties with files of their own: a workbook with a household a row, two parts, a correction
CREATE TEMP TABLE households AS
FROM read_csv('text/dibao_640323_20200731.csv', all_varchar = true, skip = 2);

CREATE TEMP TABLE delivered_dibao AS
SELECT county_of("县(区)代码") AS county, "乡镇(街道)" AS township, "村(社区)" AS village, "家庭编号" AS family_id, "姓名" AS name,
    "身份证号" AS written, sex_of("性别") AS sex, iso_date("出生日期") AS birth_date, "与户主关系" AS relationship, yes("是否保障对象") AS is_covered,
    "救助类型" AS scheme, "低保类型" AS subtype, yuan("户月保障金（元）") AS household_amount, yuan("月人均收入") AS income,
    compact_month("起始保障年月") AS start_month, compact_month("截止保障年月") AS end_month, "保障状态" AS status, "停发原因" AS stop_reason,
    compact_month("渐退起始年月") AS grace_start, "新增原因" AS entry_cause, "联系电话" AS phone
FROM read_csv('text/dibao_20200731.csv', all_varchar = true, skip = 2)
WHERE county NOT IN ('640303', '640323', '640324')
UNION ALL
SELECT '640324', "乡镇(街道)", "村(社区)", "低保证号", "成员姓名", "公民身份号码", sex_of("性别"), chinese_date("出生日期"), "与户主关系", yes("是否保障对象"),
    "救助类型", "低保类型", yuan("户月保障金（元）"), yuan("月人均收入"), chinese_month("起始保障年月"), chinese_month("截止保障年月"), "保障状态", "停发原因",
    chinese_month("渐退起始年月"), "新增原因", "联系电话"
FROM read_csv(['text/dibao_640324_20200731_part1.csv', 'text/dibao_640324_20200731_part2.csv'], all_varchar = true, skip = 1)
UNION ALL
SELECT '640303', "乡镇(街道)", "村(社区)", "低保证号", "成员姓名", "公民身份号码", sex_of("性别"), iso_date("出生日期"), "与户主关系", yes("是否保障对象"),
    "救助类型", "低保类型", yuan("户月保障金（元）"), yuan("月人均收入"), split_month("起始保障年月"), split_month("截止保障年月"), "保障状态", "停发原因",
    split_month("渐退起始年月"), "新增原因", "联系电话"
FROM read_csv('inbox/dibao/dibao_640303_20200731_更正.csv', all_varchar = true)
UNION ALL
SELECT county_of("县(区)代码"), "乡镇(街道)", "村(社区)", "家庭编号", member.name, member.written, NULL, NULL, member.relationship, yes("是否保障对象"),
    "救助类型", "低保类型", yuan(replace("户月保障金（元）", ',', '')), yuan(replace("月人均收入", ',', '')), split_month("起始保障年月"),
    split_month("截止保障年月"), "保障状态", "停发原因", split_month("渐退起始年月"), "新增原因", "联系电话"
FROM (
    SELECT *, unnest([
        {name: "户主姓名", written: "户主身份证号", relationship: '户主'},
        {name: "成员1姓名", written: "成员1身份证号", relationship: "成员1与户主关系"},
        {name: "成员2姓名", written: "成员2身份证号", relationship: "成员2与户主关系"},
        {name: "成员3姓名", written: "成员3身份证号", relationship: "成员3与户主关系"},
        {name: "成员4姓名", written: "成员4身份证号", relationship: "成员4与户主关系"},
        {name: "成员5姓名", written: "成员5身份证号", relationship: "成员5与户主关系"},
        {name: "成员6姓名", written: "成员6身份证号", relationship: "成员6与户主关系"}
    ]) AS member
    FROM households
)
WHERE member.name IS NOT NULL OR member.written IS NOT NULL;

COPY (
    SELECT * REPLACE (coalesce(is_covered, true) AS is_covered) FROM identified('delivered_dibao')
    WHERE county IS NOT NULL AND family_id IS NOT NULL AND name IS NOT NULL AND scheme IN ('城市低保', '农村低保') AND start_month IS NOT NULL
) TO 'clean/dibao.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_tekun AS
SELECT county_of("县（区）") AS county, "乡(镇)" AS township, "行政村" AS village, "特困编号" AS person_no, "姓名" AS name, "身份证号码" AS written,
    sex_of("性别") AS sex, "城乡类别" AS category, "供养方式" AS support_mode,
    "生活自理能力" AS self_care, yuan("月供养金") AS monthly_amount, split_month("起始年月") AS start_month, split_month("截止年月") AS end_month,
    "状态" AS status, "终止原因" AS stop_reason, "电话" AS phone
FROM read_csv('inbox/tekun/tekun_20200731.csv', all_varchar = true, skip = 1);
COPY (
    FROM identified('delivered_tekun')
    WHERE county IS NOT NULL AND name IS NOT NULL AND category IN ('城市', '农村') AND support_mode IN ('集中供养', '分散供养') AND start_month IS NOT NULL
        AND status IN ('在册', '终止')
) TO 'clean/tekun.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_low_income AS
SELECT county_of("县区") AS county, "乡镇" AS township, "村" AS village, "家庭ID" AS family_id, "姓名" AS name, "证件号码" AS written,
    "与户主关系" AS relationship, "城乡类别" AS category, TRY_CAST("家庭人口数" AS INTEGER) AS household_size,
    yuan(rtrim("家庭月人均收入", '元')) AS income, coalesce(yuan(rtrim("必要就业成本", '元')), 0) AS employment_cost,
    yes("财产状况符合规定") AS property_compliant, chinese_date("认定日期") AS recognised_on, chinese_date("有效期至") AS valid_until, "手机号" AS phone
FROM read_csv('inbox/low_income/low_income_20200731.csv', all_varchar = true);
COPY (
    FROM identified('delivered_low_income')
    WHERE county IS NOT NULL AND family_id IS NOT NULL AND name IS NOT NULL AND category IN ('城市', '农村') AND household_size IS NOT NULL
        AND income IS NOT NULL AND property_compliant IS NOT NULL AND recognised_on IS NOT NULL
) TO 'clean/low_income.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_temporary_assistance AS
SELECT county_of("县(市、区)") AS county, "乡镇(街道)" AS township, "村(社区)" AS village, "救助编号" AS grant_id, "家庭编号" AS family_id, "姓名" AS name,
    "身份证号" AS written, CASE WHEN "救助类型" IN ('急难型', '因灾急难型') THEN '急难型' WHEN "救助类型" IN ('支出型', '因病支出型', '因学支出型') THEN '支出型'
        ELSE "救助类型" END AS assistance_type,
    TRY_CAST("救助人数" AS INTEGER) AS persons, yuan(replace("救助金额", ',', '')) AS amount, iso_date("发放日期") AS granted_on,
    yes("是否因疫情") AS epidemic, yes("一事一议") AS case_by_case, "会议纪要编号" AS minutes_no, "联系电话" AS phone
FROM read_csv('text/temporary_assistance_20200731.txt', all_varchar = true, skip = 1, delim = '\t');
COPY (
    FROM identified('delivered_temporary_assistance')
    WHERE county IS NOT NULL AND grant_id IS NOT NULL AND name IS NOT NULL AND persons IS NOT NULL
        AND assistance_type IN ('急难型', '支出型', '个人', '一次性临时救助金', '其他')
        AND amount IS NOT NULL AND granted_on IS NOT NULL
) TO 'clean/temporary_assistance.parquet' (COMPRESSION zstd);

-- One thread alone can unpack a gzipped file; as a table first, the rest is work for all.
CREATE TEMP TABLE delivered_unemployment_insurance AS
SELECT county_of("参保地") AS county, "社会保障号码" AS written, "姓名" AS name, "参保状态" AS status,
    compact_month("首次缴费年月") AS first_paid_month, compact_month("最后缴费年月") AS last_paid_month,
    TRY_CAST("累计缴费月数" AS INTEGER) AS months_paid, "单位名称" AS employer
FROM read_csv('inbox/unemployment_insurance/unemployment_insurance_20200731.csv.gz', all_varchar = true);
COPY (
    FROM identified('delivered_unemployment_insurance') WHERE county IS NOT NULL AND name IS NOT NULL AND status IN ('参保缴费', '暂停缴费', '终止参保')
) TO 'clean/unemployment_insurance.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_unemployment_benefit AS
SELECT county_of("行政区划代码") AS county, "证件号码" AS written, "姓名" AS name, "待遇类型" AS benefit_type, compact_month("起始年月") AS start_month,
    compact_month("截止年月") AS end_month, yuan("月标准") AS monthly_amount, "发放状态" AS status
FROM read_csv('text/unemployment_benefit_20200731.tsv', all_varchar = true, delim = '\t');
COPY (
    FROM identified('delivered_unemployment_benefit')
    WHERE county IS NOT NULL AND name IS NOT NULL AND benefit_type IS NOT NULL AND start_month IS NOT NULL AND end_month IS NOT NULL
        AND status IN ('已发放', '未发放')
) TO 'clean/unemployment_benefit.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_unemployment_registration AS
SELECT county_of("县(区)代码") AS county, "乡镇(街道)" AS township, "村(社区)" AS village, "身份证号码" AS written, "姓名" AS name, sex_of("性别") AS sex,
    compact_date("登记日期") AS registered_on, "登记状态" AS status, "失业原因" AS reason, yes("是否农民工") AS migrant_worker,
    "户口性质" AS hukou_type, county_of("务工县区") AS work_county, "联系电话" AS phone
FROM read_csv('inbox/unemployment_registration/unemployment_registration_20200731.csv', all_varchar = true);
COPY (
    FROM identified('delivered_unemployment_registration')
    WHERE county IS NOT NULL AND name IS NOT NULL AND registered_on IS NOT NULL AND status IN ('有效', '注销')
) TO 'clean/unemployment_registration.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_migrant_workers AS
SELECT county_of("县(市、区、旗)") AS county, "乡(镇)" AS township, "行政村" AS village, "姓名" AS name, "身份证号" AS written,
    "户口性质" AS hukou_type, "返岗状态" AS work_status, iso_date("停工日期") AS stopped_on,
    chinese_month("最后有收入年月") AS last_income_month, county_of("务工地") AS work_county, "联系电话" AS phone
FROM read_csv('text/migrant_workers_20200731.csv', all_varchar = true, skip = 2);
COPY (
    FROM identified('delivered_migrant_workers') WHERE county IS NOT NULL AND name IS NOT NULL AND hukou_type IN ('农业', '非农业')
        AND work_status IN ('已返岗', '未返岗')
) TO 'clean/migrant_workers.parquet' (COMPRESSION zstd);

CREATE TEMP TABLE delivered_social_insurance AS
SELECT county_of("县(区)代码") AS county, "证件号码" AS written, "姓名" AS name, "险种" AS scheme,
    "参保状态" AS status, compact_month("最后缴费年月") AS last_paid_month, yuan("缴费基数") AS monthly_base,
    "单位名称" AS employer
FROM read_csv('inbox/social_insurance/social_insurance_20200731.csv.gz', all_varchar = true);
COPY (
    FROM identified('delivered_social_insurance') WHERE county IS NOT NULL AND name IS NOT NULL AND scheme IN ('企业职工养老', '机关事业养老', '城乡居民养老')
        AND status IN ('参保缴费', '暂停缴费', '终止参保')
) TO 'clean/social_insurance.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_pension_benefit AS
SELECT county_of("县(区)代码") AS county, "社会保障号码" AS written, "姓名" AS name, sex_of("性别") AS sex, compact_date("出生日期") AS birth_date,
    "险种" AS scheme, yuan("月待遇金额") AS monthly_amount,
    compact_month("待遇起始年月") AS start_month, "生存状态" AS survival_status, compact_date("死亡日期") AS death_date
FROM 'inbox/pension_benefit/pension_benefit_20200731.parquet';
COPY (
    FROM identified('delivered_pension_benefit')
    WHERE county IS NOT NULL AND name IS NOT NULL AND scheme IN ('企业职工养老', '机关事业养老', '城乡居民养老') AND monthly_amount IS NOT NULL
        AND survival_status IN ('正常', '死亡', '待认证')
) TO 'clean/pension_benefit.parquet' (COMPRESSION zstd);

-- Certificates: a missing or invalid number is taken from the certificate's.
CREATE TEMP TABLE certificates AS
SELECT row_number() OVER () AS row, *
FROM (
SELECT county_of("县(区)代码") AS county, "乡镇(街道)" AS township, "村(社区)" AS village, "姓名" AS name, sex_of("性别") AS sex,
    iso_date("出生日期") AS birth_date, "身份证号" AS written, undressed("残疾人证号") AS certificate_number,
    list_position(['视力', '听力', '言语', '肢体', '智力', '精神', '多重'], "残疾类别") AS category,
    list_position(['一级', '二级', '三级', '四级'], "残疾等级") AS level, "多重残疾明细" AS components, iso_date("发证日期") AS issued_on,
    iso_date("有效期至") AS valid_until, "状态" AS status, "注销原因" AS cancel_reason,
    iso_date("死亡日期") AS death_date, "联系电话" AS phone
FROM read_csv('text/disability_certificates_20200731.csv', all_varchar = true)
WHERE county <> '640181'
UNION ALL
SELECT "县(区)代码", "乡镇(街道)", "村(社区)", "姓名", sex_of("性别"), chinese_date("出生日期"), "身份证号", undressed("残疾人证号"),
    list_position(['视力', '听力', '言语', '肢体', '智力', '精神', '多重'], "残疾类别"),
    list_position(['一级', '二级', '三级', '四级'], "残疾等级"), "多重残疾明细", chinese_date("发证日期"), chinese_date("有效期至"),
    "状态", "注销原因", chinese_date("死亡日期"), "联系电话"
FROM read_csv('text/disability_certificates_640181_20200731.csv', all_varchar = true, skip = 1)
);
CREATE TEMP TABLE by_own AS FROM identified('certificates');
CREATE TEMP VIEW without AS
SELECT certificates.* REPLACE (certificate_number AS written) FROM certificates SEMI JOIN (FROM by_own WHERE id_status <> 'valid') AS own USING (row);
CREATE TEMP TABLE by_certificate AS FROM identified('without');
CREATE TEMP VIEW delivered_disability_certificates AS
FROM by_own
ANTI JOIN (
    SELECT row FROM by_certificate JOIN by_own USING (row)
    WHERE by_certificate.id_status = 'valid' OR by_own.id_status = 'missing'
) AS taken USING (row)
UNION ALL BY NAME
SELECT by_certificate.* FROM by_certificate JOIN by_own USING (row)
WHERE by_certificate.id_status = 'valid' OR by_own.id_status = 'missing';
COPY (
    SELECT * EXCLUDE (row), CASE WHEN regexp_full_match(certificate_number, '[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?')
        THEN [certificate_number[19]::INTEGER, certificate_number[20]::INTEGER] END AS number_says
    FROM delivered_disability_certificates
    WHERE county IS NOT NULL AND name IS NOT NULL AND certificate_number IS NOT NULL AND category IS NOT NULL AND level IS NOT NULL
        AND status IN ('有效', '注销', '冻结', '过期')
) TO 'clean/disability_certificates.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_poverty_register AS
SELECT TRY_CAST("年度" AS INTEGER) AS year, county_of("县(市、区、旗)") AS county, "乡(镇)" AS township, "行政村" AS village, "户编号" AS household_no,
    "人编号" AS person_no, "姓名" AS name, "证件号码" AS written, TRY_CAST("人数" AS INTEGER) AS household_size, "与户主关系" AS relationship,
    "健康状况" AS health, "劳动技能" AS labour, TRY_CAST("务工时间（月）" AS INTEGER) AS work_months, "主要致贫原因" AS main_cause,
    yuan("人均纯收入") AS net_income, "脱贫属性" AS poverty_status,
    "易返贫致贫户(监测对象)类型" AS monitor_type, yes("风险是否消除") AS risk_cleared, "享受低保政策情况" AS dibao_claim,
    "享受特困供养政策情况" AS tekun_claim, "联系电话" AS phone
FROM read_csv('text/poverty_register_20200731.csv', all_varchar = true, skip = 2);
COPY (
    FROM identified('delivered_poverty_register')
    WHERE year IS NOT NULL AND county IS NOT NULL AND household_no IS NOT NULL AND person_no IS NOT NULL AND name IS NOT NULL
        AND poverty_status IN ('未脱贫', '已脱贫', '返贫', '边缘户')
) TO 'clean/poverty_register.parquet' (COMPRESSION zstd);

CREATE TEMP TABLE delivered_medical_enrolment AS
SELECT county_of("县(区)代码") AS county, "证件号码" AS written, "姓名" AS name, "险种" AS insurance_type,
    "参保状态" AS status, "终止原因" AS end_reason, iso_date("终止日期") AS end_date, "资助参保类别" AS subsidy_group
FROM read_csv('inbox/medical_enrolment/medical_enrolment_20200731.csv.gz', all_varchar = true);
COPY (
    FROM identified('delivered_medical_enrolment') WHERE county IS NOT NULL AND name IS NOT NULL AND insurance_type IN ('职工医保', '居民医保')
        AND status IN ('正常', '暂停', '终止')
) TO 'clean/medical_enrolment.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_medical_settlements AS
SELECT county_of("县(区)代码") AS county, "结算编号" AS settlement_id, "证件号码" AS written, "姓名" AS name, "医疗类别" AS care_type,
    "疾病编码" AS disease_code, "疾病名称" AS disease_name, iso_date("结算日期") AS settled_on, yuan("医疗费总额") AS total_cost,
    yuan("符合政策范围金额") AS in_scope_cost, yuan("基金支付总额") AS fund_paid, yuan("个人负担总额") AS self_paid, yes("有效标志") AS valid,
    yes("退费标志") AS refunded
FROM read_csv('inbox/medical_settlements/medical_settlements_20200731.csv', all_varchar = true);
COPY (
    FROM identified('delivered_medical_settlements')
    WHERE county IS NOT NULL AND settlement_id IS NOT NULL AND name IS NOT NULL AND care_type IS NOT NULL AND settled_on IS NOT NULL
        AND total_cost IS NOT NULL AND in_scope_cost IS NOT NULL AND fund_paid IS NOT NULL AND self_paid IS NOT NULL AND valid IS NOT NULL
        AND refunded IS NOT NULL
) TO 'clean/medical_settlements.parquet' (COMPRESSION zstd);

CREATE TEMP VIEW delivered_serious_illness AS
SELECT county_of("县(区)代码") AS county, "姓名" AS name, "身份证号" AS written, "病种名称" AS disease_name, "病种编码" AS disease_code,
    iso_date("认定日期") AS recognised_on, iso_date("有效期至") AS valid_until, "认定部门" AS recognised_by
FROM read_csv('text/serious_illness_20200731.csv', all_varchar = true, skip = 1);
COPY (
    FROM identified('delivered_serious_illness') WHERE county IS NOT NULL AND name IS NOT NULL AND disease_name IS NOT NULL
        AND recognised_on IS NOT NULL
) TO 'clean/serious_illness.parquet' (COMPRESSION zstd);
