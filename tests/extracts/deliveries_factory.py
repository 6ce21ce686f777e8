"""Small deliveries for the tests of snapshots, profiles and expectations: what landing and conforming would have left on disk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts import Contract, load_contracts
from pipelines.extracts.conform import Conformed
from pipelines.extracts.deliveries import Delivery, deliveries
from pipelines.extracts.land import Landing
from pipelines.policy import Region, load_policy
from pipelines.workspace import DEFAULT_POLICY, PROJECT, date_number

CONTRACTS: dict[str, Contract] = load_contracts(PROJECT / "schemas")
REGION: Region = load_policy(DEFAULT_POLICY).region
YANCHI, TONGXIN, OUTSIDE = "640323", "640324", "620102"
TYPES = {"money": pa.int64(), "int": pa.int64(), "date": pa.int32(), "month": pa.int32(), "bool": pa.bool_(), "codes": pa.string()}


class Inbox:
    """A dataset's inbox: `add` delivers a file, `deliveries` says what the files are."""

    def __init__(self, root: Path, dataset: str) -> None:
        self.root = root
        self.contract = CONTRACTS[dataset]
        self.landings: list[Landing] = []
        self.conformed: list[Conformed] = []

    def add(
        self,
        day: str,
        rows: Mapping[str, int] | Iterable[Mapping[str, Any]] = (),
        *,
        county: str | None = None,
        part: int | None = None,
        name: str | None = None,
        received: int = 0,
        content: str | None = None,
        refused: str | None = None,
        conform_refused: str | None = None,
        quarantined: Mapping[str, int] | None = None,
    ) -> str:
        """Delivers a file of the date `day` (YYYYMMDD) and gives its name. `rows` are the conformed rows, or how many plain ones each county has;
        files of equal `content` are equal bytes."""
        snapshot = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        middle = f"_{county}" if county else ""
        file = name or f"{self.contract.dataset}{middle}_{day}{f'_part{part}' if part else ''}{f'_{received}' if received else ''}.csv"
        digest = hashlib.sha256((content or file).encode()).hexdigest()
        same = next((item.file for item in self.landings if (item.digest, item.snapshot, item.status) == (digest, snapshot, "landed")), None)
        status = "refused" if refused else "same" if same else "landed"
        self.landings.append(
            Landing(
                dataset=self.contract.dataset, file=file, path=str(self.root / "inbox" / self.contract.dataset / file), digest=digest, bytes=1,
                received=received, snapshot=snapshot, county_code=county, part=part, status=status, error=refused, same_as=same,
            )
        )
        if status != "landed":
            return file
        table = self._table(file, snapshot, rows)
        self.conformed.append(self._conformed(file, digest, snapshot, county, part, table, conform_refused, quarantined or {}))
        return file

    def deliveries(self) -> list[Delivery]:
        """What lies in the inbox, as deliveries."""
        return deliveries(self.landings, self.conformed)

    def _table(self, file: str, snapshot: date, rows: Mapping[str, int] | Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        counted = [{"county_code": code} for code, count in rows.items() for _ in range(count)] if isinstance(rows, Mapping) else rows
        plain: list[Mapping[str, Any]] = list(counted)
        source = {"file": file, "snapshot": date_number(snapshot), "member_no": 0, "flaws": 0}
        identity = {"id_repairs": "", "rounding_suspect": False, "id_status": "missing"}
        return [{**source, **identity, "line": str(number), "line_no": number, **row} for number, row in enumerate(plain, start=2)]

    def _schema(self) -> pa.Schema:
        place = ("county_code", "township", "village", "phone")
        texts = ("file", "line", *place, "sex", "id_number", "id_status", "id_repairs", "id_sex", "name_folded")
        fixed = {
            **dict.fromkeys(texts, pa.string()),
            **dict.fromkeys(("line_no", "id17", "flaws"), pa.int64()),
            **dict.fromkeys(("member_no", "snapshot", "birth_date", "id_birth_date"), pa.int32()),
            "rounding_suspect": pa.bool_(),
        }
        fields = {field.name: TYPES.get(field.type, pa.string()) for field in self.contract.fields.values()}
        return pa.schema(list({**fields, **fixed}.items()))

    def _conformed(
        self,
        file: str,
        digest: str,
        snapshot: date,
        county: str | None,
        part: int | None,
        rows: list[dict[str, Any]],
        error: str | None,
        quarantined: Mapping[str, int],
    ) -> Conformed:
        place = Path(self.contract.dataset) / f"{snapshot:%Y%m%d}" / f"{county or 'region'}-{digest[:16]}.parquet"
        paths = {kind: self.root / kind / place for kind in ("conformed", "quarantine", "warnings")}
        for path in paths.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=self._schema()), paths["conformed"])
        found = Counter(row["county_code"] for row in rows)
        counts = {code: {"conformed": found[code], "quarantined": quarantined.get(code, 0)} for code in sorted(set(found) | set(quarantined))}
        good, bad = (sum(count[kind] for count in counts.values()) for kind in ("conformed", "quarantined"))
        return Conformed(
            dataset=self.contract.dataset, file=file, digest=digest, snapshot=snapshot, county_code=county, part=part,
            status="refused" if error else "conformed", error=error, rows=good + bad, conformed=good, quarantined=bad,
            warnings=sum(row["flaws"] > 0 for row in rows), counties=counts, first_faults=(),
            path=paths["conformed"], quarantine_path=paths["quarantine"], warnings_path=paths["warnings"],
        )  # fmt: skip
