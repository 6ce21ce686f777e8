-- The facts of 2020-07-31: who is covered, deceased, severely disabled, ill, of low income, poor; households and what befell them.
-- A person is the first 17 digits of a valid number; rows without one have no person and prove nothing about anybody.

CREATE VIEW dibao AS FROM 'clean/dibao.parquet' WHERE fault IS NULL;
CREATE VIEW tekun AS FROM 'clean/tekun.parquet' WHERE fault IS NULL;
CREATE VIEW low_income AS FROM 'clean/low_income.parquet' WHERE fault IS NULL;
CREATE VIEW temporary_assistance AS FROM 'clean/temporary_assistance.parquet' WHERE fault IS NULL;
CREATE VIEW unemployment_insurance AS FROM 'clean/unemployment_insurance.parquet' WHERE fault IS NULL;
CREATE VIEW unemployment_benefit AS FROM 'clean/unemployment_benefit.parquet' WHERE fault IS NULL;
CREATE VIEW unemployment_registration AS FROM 'clean/unemployment_registration.parquet' WHERE fault IS NULL;
CREATE VIEW migrant_workers AS FROM 'clean/migrant_workers.parquet' WHERE fault IS NULL;
CREATE VIEW social_insurance AS FROM 'clean/social_insurance.parquet' WHERE fault IS NULL;
CREATE VIEW pension_benefit AS FROM 'clean/pension_benefit.parquet' WHERE fault IS NULL;
CREATE VIEW medical_enrolment AS FROM 'clean/medical_enrolment.parquet' WHERE fault IS NULL;
CREATE VIEW medical_settlements AS FROM 'clean/medical_settlements.parquet' WHERE fault IS NULL;
CREATE VIEW disability_certificates AS FROM 'clean/disability_certificates.parquet' WHERE fault IS NULL;
CREATE VIEW poverty_register AS FROM 'clean/poverty_register.parquet' WHERE fault IS NULL;
CREATE VIEW serious_illness AS FROM 'clean/serious_illness.parquet' WHERE fault IS NULL;

-- Which dataset was delivered for which county, and how many rows.
CREATE TABLE coverage AS
SELECT parse_filename(filename, true) AS dataset, county, count(*) AS delivered, count(fault) AS faulty
FROM read_parquet('clean/*.parquet', union_by_name = true, filename = true) GROUP BY ALL;

CREATE MACRO here(place) AS place IN (SELECT code FROM county);
CREATE MACRO years(born) AS datesub('year', born, DATE '2020-07-31');

CREATE TABLE active_dibao AS
FROM dibao
WHERE is_covered AND (status IS NULL OR status IN ('在保', '渐退期')) AND start_month <= 202007 AND (end_month IS NULL OR end_month >= 202007);
CREATE TABLE active_tekun AS
FROM tekun WHERE status = '在册' AND start_month <= 202007 AND (end_month IS NULL OR end_month >= 202007);
CREATE TABLE covered AS
SELECT person FROM active_dibao WHERE person IS NOT NULL UNION SELECT person FROM active_tekun WHERE person IS NOT NULL;

CREATE TABLE deceased AS
WITH statements AS (
    SELECT person, 'dibao' AS source, month_end(end_month) AS died FROM dibao WHERE stop_reason IN ('人员死亡', '死亡')
    UNION ALL SELECT person, 'tekun', month_end(end_month) FROM tekun WHERE stop_reason IN ('人员死亡', '死亡')
    UNION ALL SELECT person, 'pension', death_date FROM pension_benefit WHERE survival_status = '死亡' OR death_date IS NOT NULL
    UNION ALL SELECT person, 'certificate', death_date FROM disability_certificates
        WHERE status = '注销' AND contains(cancel_reason, '死亡') OR death_date IS NOT NULL
    UNION ALL SELECT person, 'enrolment', end_date FROM medical_enrolment WHERE status = '终止' AND end_reason IN ('死亡', '人员死亡')
)
SELECT person, min(died) AS died
FROM statements
WHERE person IS NOT NULL AND (died IS NULL OR died <= DATE '2020-07-31')
GROUP BY person
HAVING count(DISTINCT source) >= 2 OR min(died) IS NOT NULL;

CREATE TABLE certificates_in_force AS
SELECT *, coalesce(number_says[2], level) IN (1, 2) AS severe
FROM disability_certificates
WHERE status = '有效' AND (valid_until IS NULL OR valid_until >= DATE '2020-07-31');
CREATE TABLE severe AS SELECT DISTINCT person FROM certificates_in_force WHERE severe AND person IS NOT NULL;
CREATE TABLE ill AS
SELECT DISTINCT person FROM serious_illness
WHERE person IS NOT NULL AND recognised_on <= DATE '2020-07-31' AND (valid_until IS NULL OR valid_until >= DATE '2020-07-31');

CREATE TABLE families AS
SELECT low_income.*, income * household_size - employment_cost < standard * household_size AS below,
    NOT below AND 2 * (income * household_size - employment_cost) < 3 * standard * household_size AS edge
FROM (
    SELECT low_income.*, CASE category WHEN '城市' THEN urban ELSE rural END AS standard
    FROM low_income LEFT JOIN county ON low_income.county = county.code
    WHERE recognised_on <= DATE '2020-07-31' AND (valid_until IS NULL OR valid_until >= DATE '2020-07-31')
) AS low_income;

CREATE TABLE register AS
SELECT poverty.*
FROM poverty_register AS poverty
JOIN (SELECT county, max(year) AS year FROM poverty_register WHERE year <= 2020 GROUP BY county) AS latest USING (county, year);

-- Each person of a household once; who has no valid number is living and not covered, as far as anybody knows.
CREATE TABLE members AS
SELECT DISTINCT ON (kind, household, home.county, coalesce(home.person, number)) kind, household, home.county, home.person,
    covered.person IS NOT NULL AS is_covered, deceased.person IS NULL AS living
FROM (
    SELECT 'low_income' AS kind, family_id AS household, county, person, -row_number() OVER () AS number FROM families WHERE here(county)
    UNION ALL
    SELECT 'poverty_register', household_no, county, person, -row_number() OVER () FROM register WHERE here(county)
) AS home
LEFT JOIN covered USING (person)
LEFT JOIN deceased USING (person);

CREATE TABLE self_pay AS
WITH listed AS (
    SELECT person FROM families UNION SELECT person FROM register
), bills AS (
    SELECT person, settlement_id, max(greatest(in_scope_cost - fund_paid, 0)) AS paid
    FROM medical_settlements SEMI JOIN listed USING (person)
    WHERE valid AND NOT refunded AND settled_on > DATE '2019-07-31' AND settled_on <= DATE '2020-07-31'
    GROUP BY person, settlement_id
)
SELECT person, sum(paid) AS paid FROM bills GROUP BY person;

CREATE TABLE shocks AS
WITH poor AS (
    SELECT household, county, person FROM members WHERE kind = 'poverty_register' AND person IS NOT NULL
), contributions AS (
    SELECT person, max(last_paid_month) AS month
    FROM (
        SELECT person, last_paid_month FROM social_insurance WHERE scheme IN ('企业职工养老', '机关事业养老')
        UNION ALL SELECT person, last_paid_month FROM unemployment_insurance
    ) SEMI JOIN poor USING (person)
    GROUP BY person
), personal AS (
    SELECT 'job' AS kind, person FROM contributions WHERE month BETWEEN 201907 AND 202003
    UNION ALL SELECT 'job', person FROM unemployment_registration WHERE status = '有效'
    UNION ALL SELECT 'job', person FROM migrant_workers WHERE work_status = '未返岗'
    UNION ALL SELECT 'illness', person FROM serious_illness WHERE recognised_on > DATE '2019-07-31' AND recognised_on <= DATE '2020-07-31'
    UNION ALL SELECT 'disability', person FROM certificates_in_force
        WHERE severe AND issued_on > DATE '2019-07-31' AND issued_on <= DATE '2020-07-31'
)
SELECT household, county, count(DISTINCT kind) AS kinds
FROM (
    SELECT household, county, kind FROM poor JOIN personal USING (person)
    UNION ALL
    SELECT household, county, 'medical' FROM poor JOIN self_pay USING (person) GROUP BY household, county HAVING sum(paid) >= 10000
)
GROUP BY household, county;
