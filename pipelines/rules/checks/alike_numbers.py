"""Two valid ID numbers that are likely one person's (rules.md ID-06; identity.md, "Linking": two valid numbers are never merged)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.engine import pinned
from pipelines.facts import DATASETS
from pipelines.facts.tables import empty, union
from pipelines.identity.name_pairs import WILDCARD
from pipelines.identity.numbers import number_text
from pipelines.rules.checks.finding import BY_ROW, A, B, Finding, Looked, Night, Part, cells

_WHERE = ("name_folded", "born", "county_code", "township")


def id_06(night: Night) -> Finding:
    """Pairs of persons with valid numbers and the same name, birth date and township (rules.md ID-06).

    Side A is the number that sorts first. Looked at: persons with a valid number and a township.
    """
    looked = [Looked(dataset, night.rows(dataset), "person", _placed(night.rows(dataset))) for dataset in DATASETS if dataset in night]
    if not looked:
        return Finding((), (), subject="pair")
    rows = {item.dataset: _born(night.here(item.rows.filter(item.which))) for item in looked}
    seen = pinned(union([table.select("person", *_WHERE) for table in rows.values()], empty()))
    crowded = seen.group_by(list(_WHERE)).agg(least=seen.person.min(), most=seen.person.max()).filter(ibis._.least < ibis._.most)
    met = night.engine.kept(seen.semi_join(crowded, list(_WHERE)).distinct())
    one, other = met, met.rename(second="person")
    pairs = one.join(other, list(_WHERE)).filter(ibis._.person < ibis._.second)
    pairs = pairs.group_by(first=pairs.person, second=pairs.second).agg(pair_county=pairs.county_code.min())
    subject = ibis.literal("person:").concat(number_text(pairs.first), "|person:", number_text(pairs.second))
    pairs = night.engine.kept(pairs.mutate(pair=subject))
    sides = [(A, pairs.mutate(person=pairs.first)), (B, pairs.mutate(person=pairs.second))]
    parts = []
    for dataset, table in rows.items():
        found = [table.join(pair.select("person", "pair", "pair_county"), "person").mutate(side=ibis.literal(side)) for side, pair in sides]
        parts.append(Part(dataset, found[0].union(found[1]), cells(BY_ROW, "number_in_record", "name", "id_number", "township")))
    return Finding(parts, looked, subject="pair")


def _placed(rows: ir.Table) -> ir.BooleanValue:
    """Whether a row has a valid number, a township and a name without wildcards, which are equal to nothing."""
    return (rows.id_status == "valid") & rows.township.notnull() & ~rows.name_folded.contains(WILDCARD)


def _born(rows: ir.Table) -> ir.Table:
    """The rows with `born`, the birth date in the number."""
    return rows.mutate(born=(rows.person - rows.person % 1000) % 10**11)
