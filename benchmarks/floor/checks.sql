-- The mismatch checks but ID-02, which needs readings of names. A mismatch: check, subject, county (the smallest of the region that a row names).

CREATE TABLE found AS
WITH on_cover AS (
    SELECT 'dibao' AS roster, person, county FROM active_dibao WHERE person IS NOT NULL
    UNION ALL SELECT 'tekun', person, county FROM active_tekun WHERE person IS NOT NULL
), places AS (
    SELECT roster, person FROM on_cover GROUP BY roster, person HAVING count(DISTINCT county) > 1
), standards AS (
    SELECT active_dibao.person, active_dibao.county, CASE scheme WHEN '城市低保' THEN urban ELSE rural END AS standard
    FROM active_dibao JOIN county ON active_dibao.county = county.code
), pensions AS (
    SELECT person, max(monthly_amount) AS highest FROM pension_benefit
    WHERE scheme IN ('企业职工养老', '机关事业养老') AND survival_status = '正常'
    GROUP BY person
), claims AS (
    SELECT person, county, dibao_claim NOT IN ('未享受', '不享受') AS claimed, 'dibao' AS roster FROM register WHERE dibao_claim IS NOT NULL
    UNION ALL SELECT person, county, tekun_claim NOT IN ('未享受', '不享受'), 'tekun' FROM register WHERE tekun_claim IS NOT NULL
), grants AS (
    FROM temporary_assistance
    WHERE assistance_type = '一次性临时救助金' AND granted_on BETWEEN DATE '2020-07-01' AND DATE '2020-07-31'
), rosters AS (
    SELECT 'dibao' AS roster, person, county FROM active_dibao
    UNION ALL SELECT 'tekun', person, county FROM active_tekun
    UNION ALL SELECT 'low_income', person, county FROM families
    UNION ALL SELECT 'certificates', person, county FROM certificates_in_force
    UNION ALL SELECT 'register', person, county FROM register
)
SELECT 'EN-01' AS "check", person, county FROM active_dibao SEMI JOIN active_tekun USING (person)
UNION ALL SELECT 'EN-01', person, county FROM active_tekun SEMI JOIN active_dibao USING (person)
UNION ALL SELECT 'EN-02', person, county FROM on_cover SEMI JOIN places USING (roster, person)
UNION ALL SELECT 'EN-03', person, county FROM active_dibao
    SEMI JOIN (SELECT person FROM active_dibao GROUP BY person HAVING count(DISTINCT scheme) > 1) AS both_schemes USING (person)
UNION ALL SELECT 'EN-04', person, county FROM on_cover SEMI JOIN (FROM deceased WHERE died IS NULL OR died < DATE '2020-07-01') AS dead USING (person)
UNION ALL SELECT 'EN-05', person, county FROM active_dibao WHERE status = '渐退期' AND grace_start < 202001
UNION ALL SELECT 'EN-06', person, county FROM standards JOIN pensions USING (person) WHERE highest >= standard
UNION ALL SELECT 'EN-07', person, county FROM claims ANTI JOIN on_cover USING (roster, person) WHERE claimed
UNION ALL SELECT 'EN-07', person, county FROM claims SEMI JOIN on_cover USING (roster, person) WHERE NOT claimed
UNION ALL SELECT 'EN-08', person, county FROM grants
    SEMI JOIN (SELECT person FROM grants GROUP BY person HAVING count(DISTINCT grant_id) > 1) AS twice USING (person)
UNION ALL SELECT 'EN-10', person, county FROM register ANTI JOIN certificates_in_force USING (person) WHERE contains(health, '残疾')
UNION ALL SELECT 'EN-11', person, county FROM on_cover
    SEMI JOIN (FROM social_insurance WHERE scheme = '机关事业养老' AND status = '参保缴费' AND last_paid_month >= 202004) AS staff USING (person)
UNION ALL SELECT 'EN-12', person, county FROM active_dibao WHERE household_amount = 0
UNION ALL SELECT 'EN-12', person, county FROM active_tekun WHERE monthly_amount = 0
UNION ALL SELECT 'ID-04', person, county FROM rosters
    SEMI JOIN (SELECT roster, person FROM rosters GROUP BY roster, person HAVING count(*) > 1) AS twice USING (roster, person);

COPY (
    SELECT "check", subject_of(person) AS subject, min(county) AS county FROM found WHERE person IS NOT NULL AND here(county) GROUP BY "check", person
    UNION ALL
    SELECT 'EN-09', 'grant:' || grant_id, county
    FROM temporary_assistance JOIN county ON temporary_assistance.county = county.code
    WHERE granted_on BETWEEN DATE '2020-01-01' AND DATE '2020-07-31'
        AND amount <> persons * urban * CASE assistance_type WHEN '急难型' THEN 2 WHEN '支出型' THEN 3 WHEN '个人' THEN 1.5 END
        AND NOT (coalesce(case_by_case, false) AND minutes_no IS NOT NULL)
) TO 'found/mismatches.parquet';

-- Checks whose subject is a record, counted: ID-01 by status, ID-03 sex and birth date columns, ID-05 what certificate numbers say.
CREATE VIEW records AS
SELECT 'dibao' AS dataset, county, id_status, id_number, born, sex, birth_date FROM dibao
UNION ALL SELECT 'tekun', county, id_status, id_number, born, sex, NULL FROM tekun
UNION ALL SELECT 'low_income', county, id_status, id_number, born, NULL, NULL FROM low_income
UNION ALL SELECT 'temporary_assistance', county, id_status, id_number, born, NULL, NULL FROM temporary_assistance
UNION ALL SELECT 'unemployment_insurance', county, id_status, id_number, born, NULL, NULL FROM unemployment_insurance
UNION ALL SELECT 'unemployment_benefit', county, id_status, id_number, born, NULL, NULL FROM unemployment_benefit
UNION ALL SELECT 'unemployment_registration', county, id_status, id_number, born, sex, NULL FROM unemployment_registration
UNION ALL SELECT 'migrant_workers', county, id_status, id_number, born, NULL, NULL FROM migrant_workers
UNION ALL SELECT 'social_insurance', county, id_status, id_number, born, NULL, NULL FROM social_insurance
UNION ALL SELECT 'pension_benefit', county, id_status, id_number, born, sex, birth_date FROM pension_benefit
UNION ALL SELECT 'disability_certificates', county, id_status, id_number, born, sex, birth_date FROM disability_certificates
UNION ALL SELECT 'poverty_register', county, id_status, id_number, born, NULL, NULL FROM register
UNION ALL SELECT 'medical_enrolment', county, id_status, id_number, born, NULL, NULL FROM medical_enrolment
UNION ALL SELECT 'medical_settlements', county, id_status, id_number, born, NULL, NULL FROM medical_settlements
UNION ALL SELECT 'serious_illness', county, id_status, id_number, born, NULL, NULL FROM serious_illness;

COPY (
    SELECT 'ID-01' AS "check", dataset, county, id_status AS detail, count(*) AS records FROM records
    WHERE id_status <> 'valid' AND here(county) GROUP BY ALL
    UNION ALL
    SELECT 'ID-03', dataset, county, '', count(*) FROM records
    WHERE id_status = 'valid' AND here(county) AND (sex <> 2 - id_number[17]::INTEGER % 2 OR birth_date <> born) GROUP BY ALL
    UNION ALL
    SELECT 'ID-05', 'disability_certificates', county, '', count(*) FROM disability_certificates
    WHERE here(county) AND number_says <> [category::INTEGER, level::INTEGER] GROUP BY ALL
) TO 'found/records.parquet';
