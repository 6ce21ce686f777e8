-- The night and its policy, and what reading needs again and again. Months are numbers yyyymm, an open end (长期) is 9999-12-31.

SET VARIABLE today = DATE '2020-07-31';
SET VARIABLE too_old = DATE '1899-07-31';

CREATE MACRO iso_date(x) AS CASE WHEN x = '长期' THEN DATE '9999-12-31' ELSE TRY_CAST(x AS DATE) END;
CREATE MACRO chinese_date(x) AS iso_date(CASE WHEN x = '长期' THEN x ELSE translate(x, '年月日', '--') END);
CREATE MACRO compact_date(x) AS TRY_CAST(x[1:4] || '-' || x[5:6] || '-' || x[7:8] AS DATE);

CREATE MACRO real_month(m) AS CASE WHEN m % 100 BETWEEN 1 AND 12 THEN m END;
CREATE MACRO compact_month(x) AS real_month(TRY_CAST(x AS INTEGER));
CREATE MACRO split_month(x) AS real_month(TRY_CAST(x[1:4] || x[6:7] AS INTEGER));                  -- 2018-07, 2018/07
CREATE MACRO chinese_month(x) AS real_month(TRY_CAST(x[1:4] || lpad(rtrim(x[6:], '月'), 2, '0') AS INTEGER));
CREATE MACRO month_end(m) AS last_day(make_date(m // 100, m % 100, 1));

CREATE MACRO yuan(x) AS TRY_CAST(x AS DECIMAL(12, 2));
CREATE MACRO coded(x, codes) AS CASE WHEN list_contains(codes, x) THEN x END;
CREATE MACRO unread(name, written, read) AS CASE WHEN written IS NOT NULL AND read IS NULL THEN name END;    -- of a value that could not be read
SET VARIABLE relations = ['户主', '本人', '配偶', '子', '女', '父', '母', '其他'];
CREATE MACRO yes(x) AS CASE x WHEN '是' THEN true WHEN '1' THEN true WHEN 'Y' THEN true WHEN '否' THEN false WHEN '0' THEN false WHEN 'N' THEN false END;
CREATE MACRO sex_of(x) AS CASE x WHEN '男' THEN 1 WHEN '女' THEN 2 END;

CREATE TABLE county (code VARCHAR, name VARCHAR, urban DECIMAL(12, 2), rural DECIMAL(12, 2));
INSERT INTO county VALUES
    ('640104', '兴庆区', 620, 380), ('640105', '西夏区', 620, 380), ('640106', '金凤区', 620, 380), ('640121', '永宁县', 620, 380),
    ('640122', '贺兰县', 620, 380), ('640181', '灵武市', 620, 380), ('640202', '大武口区', 600, 380), ('640205', '惠农区', 600, 380),
    ('640221', '平罗县', 600, 380), ('640302', '利通区', 600, 380), ('640303', '红寺堡区', 600, 380), ('640323', '盐池县', 600, 380),
    ('640324', '同心县', 600, 380), ('640381', '青铜峡市', 600, 380), ('640402', '原州区', 600, 380), ('640422', '西吉县', 600, 380),
    ('640423', '隆德县', 600, 380), ('640424', '泾源县', 600, 380), ('640425', '彭阳县', 600, 380), ('640502', '沙坡头区', 600, 380),
    ('640521', '中宁县', 600, 380), ('640522', '海原县', 600, 380);
SET VARIABLE county_codes = (SELECT map(list(name), list(code)) FROM county);
CREATE MACRO county_of(x) AS CASE WHEN x[1] BETWEEN '0' AND '9' THEN x[1:6] ELSE getvariable('county_codes')[x] END;

-- ID numbers (GB 11643): dressing taken off, 15 digits and disability certificate numbers brought to 18 characters, letters that look like digits.
CREATE MACRO undressed(x) AS CASE
    WHEN regexp_full_match(x, '[0-9]{17}[0-9X]') THEN x
    ELSE upper(regexp_replace(translate(x, '０１２３４５６７８９Ｘｘ×', '0123456789XXX'), '[\s\x{3000}\x{200b}\x{feff}''’-]|\.0\s*$', '', 'g'))
END;
CREATE MACRO check_character(b) AS '10X98765432'[((
    b // 10000000000000000 % 10 * 7 + b // 1000000000000000 % 10 * 9 + b // 100000000000000 % 10 * 10 + b // 10000000000000 % 10 * 5
    + b // 1000000000000 % 10 * 8 + b // 100000000000 % 10 * 4 + b // 10000000000 % 10 * 2 + b // 1000000000 % 10 + b // 100000000 % 10 * 6
    + b // 10000000 % 10 * 3 + b // 1000000 % 10 * 7 + b // 100000 % 10 * 9 + b // 10000 % 10 * 10 + b // 1000 % 10 * 5
    + b // 100 % 10 * 8 + b // 10 % 10 * 4 + b % 10 * 2) % 11 + 1)::INTEGER];

-- The rows of a table with a column `written`, and what it says: `id_number`, `id_status`, `person` (the first 17 digits of a valid number), `born`.

CREATE MACRO identified(source) AS TABLE
WITH plain AS (
    SELECT *, regexp_full_match(written, '[0-9]{17}[0-9X]') AS plain FROM query_table(source)
), undressed AS (
    SELECT *, CASE WHEN plain THEN written ELSE undressed(written) END AS bare FROM plain
), formed AS (
    SELECT *, CASE
        WHEN plain OR regexp_full_match(bare, '[0-9]{17}[0-9X]') THEN bare
        WHEN regexp_full_match(bare, '[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?') THEN bare[1:18]
        WHEN regexp_full_match(bare, '[0-9]{15}') THEN bare[1:6] || '19' || bare[7:15]
        WHEN regexp_full_match(bare, '[0-9OIL]{17}[0-9OILX]') THEN translate(bare, 'OIL', '011')
        ELSE '' END AS form
    FROM undressed
), digits AS (
    SELECT *, TRY_CAST(form[1:17] AS BIGINT) AS body FROM formed
), checked AS (
    SELECT *, check_character(body) AS tail FROM digits
), numbered AS (
    SELECT *, CASE
        WHEN plain THEN written
        WHEN form = '' THEN bare
        WHEN length(form) = 17 THEN form || tail
        WHEN form[18] = tail OR regexp_full_match(bare, '[0-9]{17}[0-9X].*') THEN form
        ELSE bare END AS id_number
    FROM checked
), dated AS (
    SELECT *, TRY_CAST(id_number[7:10] || '-' || id_number[11:12] || '-' || id_number[13:14] AS DATE) AS born FROM numbered
), judged AS (
    SELECT *, CASE
        WHEN plain AND born <= getvariable('today') AND born > getvariable('too_old') AND id_number[18] = tail THEN 'valid'
        WHEN bare IS NULL OR bare IN ('', '无', '不详', '暂无') THEN 'missing'
        WHEN contains(id_number, '*') THEN 'masked'
        WHEN form = '' AND regexp_full_match(bare, '[0-9]+(\.[0-9]*)?E\+?[0-9]+') THEN 'numeric_cell'
        WHEN length(id_number) <> 18 THEN 'bad_length'
        WHEN form = '' OR (id_number[18] <> tail AND id_number <> form) THEN 'bad_characters'
        WHEN born IS NULL OR born > getvariable('today') OR born <= getvariable('too_old') THEN 'bad_date'
        WHEN id_number[18] <> tail THEN 'bad_check'
        ELSE 'valid' END AS id_status
    FROM dated
)
SELECT * EXCLUDE (written, plain, bare, form, body, tail) REPLACE (CASE WHEN id_status <> 'missing' THEN id_number END AS id_number),
    CASE WHEN id_status = 'valid' THEN body END AS person
FROM judged;
