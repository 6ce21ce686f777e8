-- All flag rules. A flag: rule, person or household, county, grade; only where every dataset that the rule needs has been delivered for the county.

-- The check character of a valid number follows from its 17 digits.
CREATE MACRO subject_of(person) AS 'person:' || person || check_character(person);

CREATE TABLE missed AS
WITH edge AS (
    SELECT person, county FROM families ANTI JOIN covered USING (person) ANTI JOIN deceased USING (person)
    WHERE edge AND property_compliant AND person IS NOT NULL
), counted AS (
    SELECT household, county, count(*) FILTER (living AND NOT is_covered) AS missing
    FROM members
    SEMI JOIN (SELECT family_id AS household, county FROM families WHERE below AND property_compliant) AS poor USING (household, county)
    WHERE kind = 'low_income'
    GROUP BY household, county
), homes AS (
    SELECT household_no AS household, county,
        bool_and(labour IS NOT NULL AND labour IN ('丧失劳动力', '无劳动力') OR deceased.person IS NOT NULL) AS unable,
        bool_or(deceased.person IS NULL) AS inhabited,
        bool_or(deceased.person IS NULL AND covered.person IS NOT NULL) AS any_covered
    FROM register LEFT JOIN covered USING (person) LEFT JOIN deceased USING (person)
    GROUP BY household_no, county
), listed AS (
    SELECT 1 AS list, person, county FROM families WHERE here(county)
    UNION ALL SELECT 2, person, county FROM register WHERE here(county)
), costly AS (
    SELECT person, list, county
    FROM listed SEMI JOIN (FROM self_pay WHERE paid >= 10000) AS high USING (person)
        ANTI JOIN ill USING (person) ANTI JOIN covered USING (person) ANTI JOIN deceased USING (person)
)
SELECT 'MC-01' AS rule, person, NULL::VARCHAR AS household, min(county) AS county, 'red' AS grade FROM edge SEMI JOIN severe USING (person) GROUP BY person
UNION ALL SELECT 'MC-02', person, NULL, min(county), 'red' FROM edge SEMI JOIN ill USING (person) GROUP BY person
UNION ALL SELECT 'MC-03', NULL, household, county, 'red' FROM counted WHERE missing > 0
UNION ALL SELECT 'MC-04', person, NULL, min(county), 'red'
    FROM tekun ANTI JOIN active_tekun USING (person) ANTI JOIN deceased USING (person)
    WHERE status = '终止' AND contains(stop_reason, '16周岁') AND here(county) AND person IS NOT NULL AND years(born) < 18
    GROUP BY person
UNION ALL SELECT 'MC-05', NULL, household, county, 'red' FROM homes WHERE unable AND inhabited AND NOT any_covered AND here(county)
UNION ALL SELECT 'MC-06', person, NULL, min(county), 'yellow'
    FROM certificates_in_force ANTI JOIN families USING (person) ANTI JOIN register USING (person)
        ANTI JOIN covered USING (person) ANTI JOIN deceased USING (person)
    WHERE severe AND here(county) AND person IS NOT NULL
    GROUP BY person
UNION ALL SELECT 'MC-07', person, NULL, arg_min(county, (list, county)), 'yellow' FROM costly GROUP BY person;

CREATE TABLE gap AS
WITH candidates AS (
    SELECT person, CASE WHEN here(work_county) THEN work_county ELSE county END AS county, born
    FROM (
        SELECT person, work_county, county, born FROM migrant_workers WHERE work_status = '未返岗' AND hukou_type = '农业'
        UNION ALL
        SELECT person, work_county, county, born FROM unemployment_registration WHERE status = '有效' AND migrant_worker AND hukou_type = '农业'
    )
    WHERE person IS NOT NULL AND years(born) BETWEEN 16 AND 59
), excluded AS (
    SELECT person FROM migrant_workers WHERE last_income_month >= 202004
    UNION ALL SELECT person FROM social_insurance WHERE scheme IN ('企业职工养老', '机关事业养老') AND last_paid_month >= 202004
    UNION ALL SELECT person FROM unemployment_insurance WHERE last_paid_month >= 202004 OR first_paid_month >= 202004
    UNION ALL SELECT person FROM unemployment_benefit WHERE status = '已发放' AND end_month >= 202004
    UNION ALL SELECT person FROM temporary_assistance
        WHERE assistance_type = '一次性临时救助金' AND granted_on BETWEEN DATE '2020-07-01' AND DATE '2020-07-31'
    UNION ALL SELECT person FROM covered
    UNION ALL SELECT person FROM deceased
), without_income AS (
    SELECT person, min(county) AS county FROM candidates ANTI JOIN excluded USING (person) WHERE here(county) GROUP BY person
), insured AS (
    SELECT person, max(last_paid_month) AS last_paid_month
    FROM unemployment_insurance SEMI JOIN without_income USING (person)
    WHERE last_paid_month IS NOT NULL OR months_paid > 0
    GROUP BY person
), benefited AS (
    SELECT DISTINCT person FROM unemployment_benefit JOIN insured USING (person)
    WHERE status = '已发放' AND (last_paid_month IS NULL OR end_month >= last_paid_month)
)
SELECT CASE WHEN insured.person IS NULL THEN 'UI-01' WHEN benefited.person IS NULL THEN 'UI-02' ELSE 'UI-03' END AS rule,
    without_income.person, NULL::VARCHAR AS household, county,
    CASE WHEN insured.person IS NOT NULL AND benefited.person IS NULL THEN 'yellow' ELSE 'orange' END AS grade
FROM without_income LEFT JOIN insured USING (person) LEFT JOIN benefited USING (person);

CREATE TABLE relapse AS
WITH says AS (
    SELECT household_no AS household, county,
        bool_or(poverty_status IN ('未脱贫', '返贫')) AS not_lifted,
        bool_or(poverty_status = '已脱贫') AS lifted,
        coalesce(bool_or(monitor_type = '脱贫不稳定户'), false) AS unstable,
        coalesce(bool_or(monitor_type = '边缘易致贫户' OR poverty_status = '边缘户'), false) AS on_edge,
        bool_or(monitor_type IS NOT NULL) AS monitored,
        coalesce(bool_or(risk_cleared), false) AS cleared,
        coalesce(bool_or(net_income < 6000), false) AS low
    FROM register WHERE here(county) GROUP BY household_no, county
), poor AS (
    SELECT says.*, coalesce(kinds, 0) AS kinds
    FROM says
    SEMI JOIN (FROM members WHERE kind = 'poverty_register' AND living AND NOT is_covered) AS open USING (household, county)
    LEFT JOIN shocks USING (household, county)
), ruled AS (
    SELECT household, county, kinds, CASE
        WHEN not_lifted THEN 'RR-01'
        WHEN unstable AND NOT cleared AND kinds > 0 THEN 'RR-02'
        WHEN on_edge AND NOT cleared AND kinds > 0 THEN 'RR-03'
        WHEN lifted AND NOT monitored AND low THEN 'RR-04' END AS rule
    FROM poor
)
SELECT rule, NULL::BIGINT AS person, household, county, CASE rule
    WHEN 'RR-01' THEN 'red' WHEN 'RR-04' THEN CASE WHEN kinds > 0 THEN 'orange' ELSE 'yellow' END
    ELSE CASE WHEN kinds > 1 THEN 'red' ELSE 'orange' END END AS grade
FROM ruled WHERE rule IS NOT NULL;

CREATE TABLE service AS
WITH employed AS (
    SELECT DISTINCT person FROM social_insurance WHERE scheme IN ('企业职工养老', '机关事业养老') AND last_paid_month >= 202004
)
SELECT 'SV-01' AS rule, person, NULL::VARCHAR AS household, min(county) AS county, 'yellow' AS grade
FROM active_tekun LEFT JOIN severe USING (person)
WHERE support_mode = '分散供养' AND person IS NOT NULL AND here(county)
    AND (years(born) >= 80 OR severe.person IS NOT NULL OR self_care IN ('不能自理', '全护理'))
GROUP BY person
UNION ALL SELECT 'SV-02', person, NULL, min(county), 'yellow'
FROM active_tekun WHERE person IS NOT NULL AND here(county) AND born + INTERVAL 18 YEAR > DATE '2020-07-31' AND born + INTERVAL 18 YEAR <= DATE '2020-10-29'
GROUP BY person
UNION ALL SELECT 'SV-03', person, NULL, min(active_dibao.county), 'yellow'
FROM active_dibao JOIN county ON active_dibao.county = county.code LEFT JOIN employed USING (person)
WHERE person IS NOT NULL AND (status IS NULL OR status <> '渐退期')
    AND (employed.person IS NOT NULL OR income > CASE scheme WHEN '城市低保' THEN urban ELSE rural END)
GROUP BY person;

-- What each rule needs: a dataset of each group (one of its list), delivered for the county.
CREATE TABLE needs (rule VARCHAR, datasets VARCHAR[]);
INSERT INTO needs
SELECT rule, unnest([['dibao'], ['tekun']])
FROM (SELECT unnest(['MC-01', 'MC-02', 'MC-03', 'MC-05', 'MC-06', 'MC-07', 'UI-01', 'UI-02', 'UI-03', 'RR-01', 'RR-02', 'RR-03', 'RR-04']) AS rule)
UNION ALL
SELECT rule, unnest([['migrant_workers', 'unemployment_registration'], ['temporary_assistance'], ['social_insurance'], ['unemployment_insurance'],
    ['unemployment_benefit']])
FROM (SELECT unnest(['UI-01', 'UI-02', 'UI-03']) AS rule)
UNION ALL
VALUES ('MC-01', ['low_income']), ('MC-01', ['disability_certificates']), ('MC-02', ['low_income']), ('MC-02', ['serious_illness']),
    ('MC-03', ['low_income']), ('MC-04', ['tekun']), ('MC-05', ['poverty_register']), ('MC-06', ['disability_certificates']), ('MC-06', ['low_income']),
    ('MC-06', ['poverty_register']), ('MC-07', ['medical_settlements']), ('MC-07', ['serious_illness']), ('MC-07', ['low_income', 'poverty_register']),
    ('RR-01', ['poverty_register']), ('RR-02', ['poverty_register']), ('RR-03', ['poverty_register']), ('RR-04', ['poverty_register']),
    ('SV-01', ['tekun']), ('SV-02', ['tekun']), ('SV-03', ['dibao']);

CREATE TABLE suspended AS
SELECT rule, code AS county, datasets
FROM needs, county
WHERE NOT EXISTS (FROM coverage WHERE coverage.county = code AND list_contains(datasets, dataset));

CREATE TABLE flags AS
SELECT rule, person, household, county, grade,
    CASE WHEN person IS NOT NULL THEN subject_of(person) WHEN rule = 'MC-03' THEN 'household:low_income:' || household
        ELSE 'household:poverty_register:' || household END AS subject
FROM (FROM missed UNION ALL FROM gap UNION ALL FROM relapse UNION ALL FROM service)
ANTI JOIN suspended USING (rule, county);
COPY (SELECT rule, subject, county, grade FROM flags ORDER BY ALL) TO 'found/flags.parquet';
COPY (FROM suspended ORDER BY ALL) TO 'found/suspended.parquet';
