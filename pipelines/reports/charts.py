"""Charts for pages that open without a network: Altair drawn to SVG by vl-convert, made safe to stand inside HTML.

A chart never stands alone: the page holds the same figures as a table, and the chart says in words what it shows.
"""

from __future__ import annotations

import html
import re
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

FONT = "Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"
INK, FAINT, BLUE = "#1F2933", "#E4E7EB", "#2B6CB0"
_SIZES = re.compile(r'\swidth="(\d+(?:\.\d+)?)" height="(\d+(?:\.\d+)?)"')
_NAMESPACES = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')


def checks_chart(table: pd.DataFrame) -> str:
    """Bars of findings per 10 000 checked, one a check, as SVG. `table`: `check`, `name`, `found`, `checked`, ordered; empty for an empty table."""
    if table.empty:
        return ""
    data = table.assign(
        label=table["check"] + " " + table["name"],
        rate=[10000 * found / checked if checked else 0 for found, checked in zip(table["found"], table["checked"], strict=True)],
    )
    data["text"] = [
        f"{rate:,.1f}（{found:,} / {checked:,}）" if checked else f"{found:,}（无分母）"
        for rate, found, checked in zip(data["rate"], data["found"], data["checked"], strict=True)
    ]
    base = alt.Chart(data[["label", "rate", "text"]]).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=280, labelFontSize=12, domain=False, ticks=False, labelPadding=8)),
        x=alt.X("rate:Q", title="每万条核查记录的疑点数", scale=alt.Scale(domainMin=0, nice=True), axis=alt.Axis(grid=True, tickCount=5)),
    )
    chart = base.mark_bar(color=BLUE, height=14) + base.mark_text(align="left", dx=5, color=INK, fontSize=11).encode(text="text:N")
    most = data.loc[data["rate"].idxmax()]
    says = f"各项核查每万条记录的疑点数条形图，最高的是{most['label']}，每万条 {most['rate']:,.1f}。"
    return svg(chart.properties(width=520, height=alt.Step(24)), says)


def counties_chart(table: pd.DataFrame) -> str:
    """A heat map of findings by county and check. `table`: `county`, `check`, `found`, ordered by county; gives SVG, empty for an empty table."""
    if table.empty or not table["found"].sum():
        return ""
    data = table[["county", "check", "found"]]
    top = int(data["found"].max())
    base = alt.Chart(data).encode(
        x=alt.X("check:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False)),
        y=alt.Y("county:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelFontSize=12, labelPadding=8)),
    )
    ground = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.condition(
            "datum.found > 0",
            alt.Color("found:Q", scale=alt.Scale(type="symlog", range=["#DCEBF7", "#1A4F8B"], domain=[0, top]), legend=None),
            alt.value("#F5F7FA"),
        )
    )
    numbers = base.mark_text(fontSize=11).encode(
        text=alt.condition("datum.found > 0", alt.Text("found:Q", format=","), alt.value("")),
        color=alt.condition(f"datum.found > {top**0.45:.1f}", alt.value("white"), alt.value(INK)),
    )
    counties, checks = data["county"].nunique(), data["check"].nunique()
    says = f"{counties} 个县（区）、{checks} 项核查的疑点数热力图，颜色越深疑点越多。"
    return svg((ground + numbers).properties(width=alt.Step(48), height=alt.Step(24)), says)


def svg(chart: Any, says: str) -> str:
    """A chart as SVG to be put inside HTML: no address in it, as wide as its place allows, and with its sentence for those who do not see it."""
    styled = chart.configure(font=FONT, background="transparent").configure_view(strokeWidth=0)
    styled = styled.configure_axis(labelColor=INK, titleColor=INK, gridColor=FAINT, titleFontWeight="normal", titlePadding=10)
    drawn: str = vl_convert.vegalite_to_svg(styled.to_json(), vl_version=None)
    drawn = _NAMESPACES.sub("", drawn, count=2)
    width = _SIZES.search(drawn)
    limit = f"max-width:{width.group(1)}px" if width else ""
    sentence = html.escape(says, quote=True)
    head = f'<svg role="img" aria-label="{sentence}" style="width:100%;height:auto;{limit}"'
    return _SIZES.sub("", drawn, count=1).replace("<svg", head, 1)
