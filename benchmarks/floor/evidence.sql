-- What each flag rests on, cell by cell: rule, subject, county, person, what it shows, file, line, field, value; absences have neither line nor field.

CREATE TABLE about AS
SELECT rule, subject, county, household, person, true AS living, false AS is_covered FROM flags WHERE person IS NOT NULL
UNION ALL
SELECT rule, subject, county, household, members.person, members.living, members.is_covered
FROM flags JOIN members USING (household, county)
WHERE flags.person IS NULL AND kind = CASE rule WHEN 'MC-03' THEN 'low_income' ELSE 'poverty_register' END;

CREATE TABLE evidence (
    rule VARCHAR, subject VARCHAR, county VARCHAR, person BIGINT, dataset VARCHAR, shows VARCHAR, file VARCHAR, line VARCHAR, field VARCHAR, value VARCHAR
);
SET VARIABLE homes = ['MC-03', 'MC-05', 'RR-01', 'RR-02', 'RR-03', 'RR-04'];
SET VARIABLE shocked = ['RR-02', 'RR-03', 'RR-04'];
SET VARIABLE unemployed = ['UI-01', 'UI-02', 'UI-03'];
SET VARIABLE not_deceased = ['MC-01', 'MC-02', 'MC-04', 'MC-06', 'MC-07', 'UI-01', 'UI-02', 'UI-03'];
SET VARIABLE not_covered = getvariable('homes') || ['MC-01', 'MC-02', 'MC-06', 'MC-07'] || getvariable('unemployed');
CREATE MACRO of(name) AS list_contains(getvariable(name), rule);

-- Cover that is none, and cover of other members
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'dibao', CASE WHEN about.is_covered THEN 'covered_member' ELSE 'ended_cover' END, file, line,
    unnest([{field: 'scheme', value: CASE WHEN about.is_covered THEN scheme END},
        {field: 'is_covered', value: CASE WHEN NOT about.is_covered THEN dibao.is_covered::VARCHAR END},
        {field: 'status', value: status}, {field: 'start_month', value: start_month::VARCHAR}, {field: 'end_month', value: end_month::VARCHAR}],
        recursive := true)
FROM (FROM about WHERE living AND of('not_covered') AND (NOT is_covered OR of('homes'))) AS about JOIN dibao USING (person)
WHERE NOT about.is_covered OR EXISTS (FROM active_dibao WHERE active_dibao.file = dibao.file AND active_dibao.line = dibao.line);
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'tekun', CASE WHEN about.is_covered THEN 'covered_member' ELSE 'ended_cover' END, file, line,
    unnest([{field: 'status', value: status}, {field: 'start_month', value: start_month::VARCHAR}, {field: 'end_month', value: end_month::VARCHAR},
        {field: 'stop_reason', value: CASE WHEN NOT about.is_covered THEN stop_reason END}], recursive := true)
FROM (FROM about WHERE living AND of('not_covered') AND (NOT is_covered OR of('homes'))) AS about JOIN tekun USING (person)
WHERE NOT about.is_covered OR EXISTS (FROM active_tekun WHERE active_tekun.line = tekun.line);

-- Deaths told
CREATE TABLE said_dead AS
SELECT person, 'dibao' AS dataset, file, line, month_end(end_month) AS died FROM dibao WHERE stop_reason IN ('人员死亡', '死亡')
UNION ALL SELECT person, 'tekun', file, line::VARCHAR, month_end(end_month) FROM tekun WHERE stop_reason IN ('人员死亡', '死亡')
UNION ALL SELECT person, 'pension_benefit', file, line::VARCHAR, death_date FROM pension_benefit WHERE survival_status = '死亡' OR death_date IS NOT NULL
UNION ALL SELECT person, 'disability_certificates', file, line::VARCHAR, death_date FROM disability_certificates
    WHERE status = '注销' AND contains(cancel_reason, '死亡') OR death_date IS NOT NULL
UNION ALL SELECT person, 'medical_enrolment', file, line::VARCHAR, end_date FROM medical_enrolment
    WHERE status = '终止' AND end_reason IN ('死亡', '人员死亡');
INSERT INTO evidence
SELECT rule, subject, about.county, person, dataset, 'death_statement', file, line, 'death_date', coalesce(died::VARCHAR, '')
FROM about JOIN said_dead USING (person) WHERE of('not_deceased') OR of('homes');

-- Low income
INSERT INTO evidence
SELECT rule, subject, about.county, about.person, 'low_income', 'income', file, line,
    unnest([{field: 'property_compliant', value: property_compliant::VARCHAR}, {field: 'category', value: category},
        {field: 'per_capita_income', value: income::VARCHAR}, {field: 'employment_cost', value: employment_cost::VARCHAR},
        {field: 'household_size', value: household_size::VARCHAR}, {field: 'recognised_on', value: recognised_on::VARCHAR},
        {field: 'valid_until', value: coalesce(valid_until::VARCHAR, '')}], recursive := true)
FROM about JOIN families USING (person) WHERE rule IN ('MC-01', 'MC-02')
UNION ALL
SELECT rule, subject, flags.county, families.person, 'low_income', 'income', file, line,
    unnest([{field: 'property_compliant', value: property_compliant::VARCHAR}, {field: 'category', value: category},
        {field: 'per_capita_income', value: income::VARCHAR}, {field: 'employment_cost', value: employment_cost::VARCHAR},
        {field: 'household_size', value: household_size::VARCHAR}, {field: 'recognised_on', value: recognised_on::VARCHAR},
        {field: 'valid_until', value: coalesce(valid_until::VARCHAR, '')}], recursive := true)
FROM flags JOIN families ON families.family_id = flags.household AND families.county = flags.county WHERE rule = 'MC-03';
INSERT INTO evidence
SELECT rule, subject, about.county, NULL::BIGINT, 'policy', 'standard', 'ningxia-2020-52', '一(一)', 'standard', standard
FROM about JOIN families USING (person) WHERE rule IN ('MC-01', 'MC-02')
UNION
SELECT rule, subject, flags.county, NULL, 'policy', 'standard', 'ningxia-2020-52', '一(一)', 'standard', standard
FROM flags JOIN families ON families.family_id = flags.household AND families.county = flags.county WHERE rule = 'MC-03';
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'low_income', 'on_list', file, line,
    unnest([{field: 'family_id', value: CASE rule WHEN 'MC-07' THEN family_id END}, {field: 'recognised_on', value: recognised_on::VARCHAR},
        {field: 'valid_until', value: valid_until::VARCHAR}], recursive := true)
FROM about JOIN low_income USING (person)
WHERE rule = 'MC-06' OR rule = 'MC-07' AND EXISTS (FROM families WHERE families.line = low_income.line);

-- Certificates and illness
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'disability_certificates', 'certificate', file, line,
    unnest([{field: 'certificate_number', value: certificate_number}, {field: 'category', value: category::VARCHAR},
        {field: 'level', value: level::VARCHAR}, {field: 'components', value: CASE WHEN NOT of('shocked') THEN components END},
        {field: 'status', value: CASE WHEN NOT of('shocked') THEN status END},
        {field: 'valid_until', value: CASE WHEN NOT of('shocked') THEN coalesce(valid_until::VARCHAR, '') END},
        {field: 'issued_on', value: CASE WHEN of('shocked') THEN issued_on::VARCHAR END}], recursive := true)
FROM about JOIN certificates_in_force USING (person)
WHERE severe AND (rule IN ('MC-01', 'MC-06', 'SV-01') OR of('shocked') AND issued_on > DATE '2019-07-31' AND issued_on <= DATE '2020-07-31');
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'serious_illness', 'illness', file, line,
    unnest([{field: 'disease_name', value: disease_name}, {field: 'disease_code', value: CASE WHEN rule <> 'MC-07' THEN disease_code END},
        {field: 'recognised_on', value: recognised_on::VARCHAR},
        {field: 'valid_until', value: CASE rule WHEN 'MC-02' THEN coalesce(valid_until::VARCHAR, '') WHEN 'MC-07' THEN valid_until::VARCHAR END}],
        recursive := true)
FROM about JOIN serious_illness USING (person)
WHERE rule = 'MC-07' OR rule = 'MC-02' AND recognised_on <= DATE '2020-07-31' AND (valid_until IS NULL OR valid_until >= DATE '2020-07-31')
    OR of('shocked') AND recognised_on > DATE '2019-07-31' AND recognised_on <= DATE '2020-07-31';

-- Bills: of MC-07 and the unemployed, and of households whose bills together are a shock
CREATE TABLE counted_bills AS
FROM (
    SELECT *, row_number() OVER (PARTITION BY person, settlement_id ORDER BY greatest(in_scope_cost - fund_paid, 0) DESC, line) AS place
    FROM medical_settlements SEMI JOIN about USING (person)
    WHERE valid AND NOT refunded AND settled_on > DATE '2019-07-31' AND settled_on <= DATE '2020-07-31'
) WHERE place = 1;
CREATE TABLE ill_homes AS
SELECT household, members.county FROM members JOIN self_pay USING (person) WHERE kind = 'poverty_register'
GROUP BY household, members.county HAVING sum(paid) >= 10000;
CREATE TABLE billed AS
SELECT * FROM about WHERE rule = 'MC-07' OR of('unemployed')
UNION ALL
SELECT about.* FROM about
SEMI JOIN (FROM members SEMI JOIN ill_homes USING (household, county)) AS at_home USING (person) WHERE of('shocked');
INSERT INTO evidence
SELECT rule, subject, billed.county, person, 'medical_settlements', 'self_pay', file, line,
    unnest([{field: 'settled_on', value: settled_on::VARCHAR}, {field: 'in_scope_cost', value: in_scope_cost::VARCHAR},
        {field: 'fund_paid', value: fund_paid::VARCHAR}], recursive := true)
FROM billed JOIN counted_bills USING (person);
INSERT INTO evidence
SELECT rule, subject, county, person, 'medical_settlements', 'self_pay_sum', NULL, 'Σ', 'self_pay', paid
FROM billed JOIN (SELECT person, sum(greatest(in_scope_cost - fund_paid, 0)) AS paid FROM counted_bills GROUP BY person) USING (person);

-- The register
INSERT INTO evidence
SELECT rule, subject, flags.county, register.person, 'poverty_register', 'register', file, line,
    unnest([{field: CASE rule WHEN 'MC-05' THEN 'labour' ELSE 'poverty_status' END, value: CASE rule WHEN 'MC-05' THEN labour ELSE poverty_status END},
        {field: 'monitor_type', value: CASE WHEN rule <> 'MC-05' THEN coalesce(monitor_type, '') END},
        {field: 'risk_cleared', value: CASE WHEN rule <> 'MC-05' THEN coalesce(risk_cleared::VARCHAR, '') END},
        {field: 'per_capita_net_income', value: CASE WHEN rule <> 'MC-05' THEN net_income::VARCHAR END}], recursive := true)
FROM flags JOIN register ON register.household_no = flags.household AND register.county = flags.county
WHERE rule <> 'MC-03';
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'poverty_register', 'on_list', file, line,
    unnest([{field: 'year', value: year::VARCHAR}, {field: 'household_no', value: household_no},
        {field: 'poverty_status', value: CASE rule WHEN 'MC-07' THEN poverty_status END}], recursive := true)
FROM about JOIN poverty_register USING (person)
WHERE rule = 'MC-06' OR rule = 'MC-07' AND EXISTS (FROM register WHERE register.line = poverty_register.line);

-- Work
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'migrant_workers', 'not_back_at_work', file, line,
    unnest([{field: 'work_status', value: work_status}, {field: 'stopped_on', value: CASE WHEN of('unemployed') THEN stopped_on::VARCHAR END},
        {field: 'work_county', value: CASE WHEN of('unemployed') THEN work_county END},
        {field: 'hukou_type', value: CASE WHEN of('unemployed') THEN hukou_type END},
        {field: 'last_income_month', value: CASE WHEN of('unemployed') THEN coalesce(last_income_month::VARCHAR, '') END},
        {field: 'birth_date', value: CASE WHEN of('unemployed') AND work_status = '未返岗' AND hukou_type = '农业' THEN born::VARCHAR END}],
        recursive := true)
FROM about JOIN migrant_workers USING (person) WHERE of('unemployed') OR of('shocked') AND work_status = '未返岗'
UNION ALL
SELECT rule, subject, about.county, person, 'unemployment_registration', 'registered_unemployed', file, line,
    unnest([{field: 'status', value: status}, {field: 'registered_on', value: CASE WHEN of('unemployed') THEN registered_on::VARCHAR END},
        {field: 'migrant_worker', value: CASE WHEN of('unemployed') THEN migrant_worker::VARCHAR END},
        {field: 'work_county', value: CASE WHEN of('unemployed') THEN work_county END},
        {field: 'hukou_type', value: CASE WHEN of('unemployed') THEN hukou_type END},
        {field: 'birth_date', value: CASE WHEN of('unemployed') AND status = '有效' AND migrant_worker AND hukou_type = '农业' THEN born::VARCHAR END}],
        recursive := true)
FROM about JOIN unemployment_registration USING (person) WHERE of('unemployed') OR of('shocked') AND status = '有效';

CREATE TABLE lost_work AS
SELECT person FROM (
    SELECT person, last_paid_month FROM social_insurance SEMI JOIN about USING (person) WHERE scheme IN ('企业职工养老', '机关事业养老')
    UNION ALL
    SELECT person, last_paid_month FROM unemployment_insurance SEMI JOIN about USING (person)
) GROUP BY person HAVING max(last_paid_month) BETWEEN 201907 AND 202003;
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'social_insurance', 'contribution', file, line,
    unnest([{field: 'scheme', value: CASE WHEN NOT of('shocked') THEN scheme END}, {field: 'status', value: status},
        {field: 'last_paid_month', value: last_paid_month::VARCHAR}], recursive := true)
FROM about JOIN social_insurance USING (person)
WHERE scheme IN ('企业职工养老', '机关事业养老') AND (of('unemployed') OR rule = 'SV-03' OR of('shocked') AND person IN (FROM lost_work))
UNION ALL
SELECT rule, subject, about.county, person, 'unemployment_insurance', 'contribution', file, line,
    unnest([{field: 'status', value: status}, {field: 'first_paid_month', value: CASE WHEN of('unemployed') THEN first_paid_month::VARCHAR END},
        {field: 'last_paid_month', value: CASE WHEN of('unemployed') THEN coalesce(last_paid_month::VARCHAR, '') ELSE last_paid_month::VARCHAR END},
        {field: 'months_paid', value: CASE WHEN of('unemployed') THEN months_paid::VARCHAR END}], recursive := true)
FROM about JOIN unemployment_insurance USING (person) WHERE of('unemployed') OR of('shocked') AND person IN (FROM lost_work)
UNION ALL
SELECT rule, subject, about.county, person, 'unemployment_benefit', 'benefit', file, line,
    unnest([{field: 'benefit_type', value: benefit_type}, {field: 'start_month', value: start_month::VARCHAR},
        {field: 'end_month', value: end_month::VARCHAR}, {field: 'status', value: status}], recursive := true)
FROM about JOIN unemployment_benefit USING (person) WHERE of('unemployed')
UNION ALL
SELECT rule, subject, about.county, person, 'temporary_assistance', 'assistance', file, line,
    unnest([{field: 'assistance_type', value: assistance_type}, {field: 'amount', value: amount::VARCHAR},
        {field: 'granted_on', value: granted_on::VARCHAR}], recursive := true)
FROM about JOIN temporary_assistance USING (person)
WHERE of('unemployed') OR starts_with(rule, 'RR') AND granted_on > DATE '2019-07-31' AND granted_on <= DATE '2020-07-31';

-- Those who are on a roster
INSERT INTO evidence
SELECT rule, subject, about.county, person, 'tekun', 'tekun', file, line,
    unnest([{field: 'status', value: status}, {field: 'start_month', value: start_month::VARCHAR}, {field: 'end_month', value: end_month::VARCHAR},
        {field: 'stop_reason', value: stop_reason}, {field: 'support_mode', value: CASE rule WHEN 'SV-01' THEN support_mode END},
        {field: 'self_care', value: CASE rule WHEN 'SV-01' THEN self_care END}, {field: 'birth_date', value: born::VARCHAR}], recursive := true)
FROM about JOIN tekun USING (person) WHERE rule = 'MC-04' OR rule IN ('SV-01', 'SV-02') AND line IN (SELECT line FROM active_tekun)
UNION ALL
SELECT rule, subject, about.county, person, 'dibao', 'dibao', file, line,
    unnest([{field: 'is_covered', value: active_dibao.is_covered::VARCHAR}, {field: 'status', value: status},
        {field: 'start_month', value: start_month::VARCHAR}, {field: 'end_month', value: end_month::VARCHAR}, {field: 'scheme', value: scheme},
        {field: 'per_capita_income', value: income::VARCHAR}], recursive := true)
FROM about JOIN active_dibao USING (person) WHERE rule = 'SV-03';
INSERT INTO evidence
SELECT DISTINCT rule, subject, about.county, person, 'policy', 'standard', 'ningxia-2020-52', '一(一)', 'standard',
    CASE scheme WHEN '城市低保' THEN urban ELSE rural END
FROM about JOIN active_dibao USING (person) JOIN county ON active_dibao.county = code WHERE rule = 'SV-03';

-- Numbers of the policy
INSERT INTO evidence
SELECT rule, subject, county, NULL, 'policy', 'number', 'ningxia-2020-52', line, field, number
FROM flags JOIN (VALUES
    (['MC-01', 'MC-02'], '一(一)', 'low_income.edge', '1.5'), (['MC-01', 'MC-06', 'SV-01'], '一(一)', 'severe_disability.levels', '1、2'),
    (['MC-01', 'MC-06', 'SV-01'], '一(一)', 'severe_disability.level_three', '无'), (['MC-02'], '一(一)', 'serious_illness.diseases', '无'),
    (['MC-04', 'SV-02'], '三', 'tekun.minor_age', '18'), (['SV-01'], '三(二)', 'tekun.old_age', '80'), (['SV-02'], '三', 'tekun.turning_days', '90'),
    (['MC-07', 'RR-02', 'RR-03', 'RR-04'], '一(一), 六(一)', 'self_pay.yuan', '10000'), (['RR-04'], '四', 'relapse.monitoring_line', '6000'),
    (['SV-03'], '四', 'gradual_exit.employed_months', '3'), (['UI-01', 'UI-02', 'UI-03'], '二(一)', 'unemployment.ages', '16、59'),
    (['UI-01', 'UI-02', 'UI-03'], '二(一)', 'unemployment.window', '2020-04 至 2020-06'),
    (['UI-01', 'UI-02', 'UI-03'], '二(一)', 'unemployment.grant_since', '2020-07-01')
) AS numbers (rules, line, field, number) ON list_contains(rules, rule);

-- Absences: of whom a dataset that a rule asks says nothing
CREATE TABLE asked AS
SELECT rule, subject, county, person, unnest(['dibao', 'tekun']) AS dataset FROM about WHERE of('not_covered') AND living AND NOT is_covered
UNION ALL
SELECT rule, subject, county, person, unnest(['pension_benefit', 'disability_certificates', 'medical_enrolment']) FROM about WHERE of('not_deceased')
UNION ALL
SELECT rule, subject, county, person, unnest(['social_insurance', 'unemployment_insurance', 'unemployment_benefit', 'temporary_assistance'])
FROM about WHERE of('unemployed')
UNION ALL SELECT rule, subject, county, person, unnest(['low_income', 'poverty_register']) FROM about WHERE rule = 'MC-06'
UNION ALL SELECT rule, subject, county, person, 'serious_illness' FROM about WHERE rule = 'MC-07';
INSERT INTO evidence
SELECT rule, subject, county, person, dataset, 'absent', NULL, NULL, NULL, NULL
FROM asked ANTI JOIN (
    FROM evidence WHERE line IS NOT NULL AND (dataset <> 'disability_certificates' OR shows = 'death_statement')
) AS told USING (rule, subject, county, person, dataset);

COPY (FROM evidence WHERE line IS NULL OR value IS NOT NULL ORDER BY rule, subject, county) TO 'found/evidence.parquet' (COMPRESSION zstd);
