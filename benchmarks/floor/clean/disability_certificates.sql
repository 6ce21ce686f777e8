-- A missing or invalid number is taken from the certificate's.
CREATE OR REPLACE TEMP TABLE certificates AS
SELECT line, 'disability_certificates_20200731.csv' AS file, county_of("县(区)代码") AS county, "乡镇(街道)" AS township, "村(社区)" AS village, "姓名" AS name,
    sex_of("性别") AS sex, iso_date("出生日期") AS birth_date, "身份证号" AS written, undressed("残疾人证号") AS certificate_number,
    list_position(['视力', '听力', '言语', '肢体', '智力', '精神', '多重'], "残疾类别") AS category,
    list_position(['一级', '二级', '三级', '四级'], "残疾等级") AS level, "多重残疾明细" AS components, iso_date("发证日期") AS issued_on,
    iso_date("有效期至") AS valid_until, coded("状态", ['有效', '注销', '冻结', '过期']) AS status, "注销原因" AS cancel_reason,
    iso_date("死亡日期") AS death_date, "联系电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('birth_date', "出生日期", birth_date), unread('issued_on', "发证日期", issued_on),
        unread('valid_until', "有效期至", valid_until), unread('death_date', "死亡日期", death_date)) AS unread
FROM text_disability_certificates WHERE county <> '640181'
UNION ALL
SELECT line, 'disability_certificates_640181_20200731.xlsx' AS file, "县(区)代码" AS county, "乡镇(街道)" AS township, "村(社区)" AS village, "姓名" AS name,
    sex_of("性别") AS sex, chinese_date("出生日期") AS birth_date, "身份证号" AS written, undressed("残疾人证号") AS certificate_number,
    list_position(['视力', '听力', '言语', '肢体', '智力', '精神', '多重'], "残疾类别") AS category,
    list_position(['一级', '二级', '三级', '四级'], "残疾等级") AS level, "多重残疾明细" AS components, chinese_date("发证日期") AS issued_on,
    chinese_date("有效期至") AS valid_until, coded("状态", ['有效', '注销', '冻结', '过期']) AS status, "注销原因" AS cancel_reason,
    chinese_date("死亡日期") AS death_date, "联系电话" AS phone,
    concat_ws(' ', unread('sex', "性别", sex), unread('birth_date', "出生日期", birth_date), unread('issued_on', "发证日期", issued_on),
        unread('valid_until', "有效期至", valid_until), unread('death_date', "死亡日期", death_date)) AS unread
FROM text_disability_certificates_workbook;
CREATE OR REPLACE TEMP TABLE by_own AS FROM identified('certificates');
CREATE OR REPLACE TEMP VIEW without AS
SELECT certificates.* REPLACE (certificate_number AS written) FROM certificates SEMI JOIN (FROM by_own WHERE id_status <> 'valid') AS own USING (file, line);
CREATE OR REPLACE TEMP TABLE by_certificate AS FROM identified('without');
CREATE OR REPLACE TEMP VIEW taken AS
SELECT by_certificate.* FROM by_certificate JOIN by_own USING (file, line) WHERE by_certificate.id_status = 'valid' OR by_own.id_status = 'missing';
CREATE OR REPLACE TEMP VIEW numbered AS
SELECT *, CASE WHEN regexp_full_match(certificate_number, '[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?')
    THEN [certificate_number[19]::INTEGER, certificate_number[20]::INTEGER] END AS number_says
FROM (FROM by_own ANTI JOIN taken USING (file, line) UNION ALL BY NAME FROM taken);
