"""How records without a valid number were linked: a self-contained page of charts, without personal values."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path

import altair as alt
import pandas as pd
import pyarrow.parquet as pq

from pipelines.identity.candidates import ACCEPT, REVIEW, explanation
from pipelines.identity.evaluation import Evaluation
from pipelines.identity.model import SCALE, Model
from pipelines.identity.records import QUEUE_FILE
from pipelines.reports.charts import BLUE, svg
from pipelines.reports.texts import label
from pipelines.workspace import atomic_path

_RED = "#A61B1B"
_STYLE = """body{margin:0 auto;max-width:62rem;padding:2rem 1.5rem;color:#1f2933;
font:16px/1.7 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}h2{margin-top:2.5rem;border-bottom:2px solid #1a4f8b}
table{border-collapse:collapse;font-size:.875rem}th,td{border-bottom:1px solid #cbd2d9;
padding:.3rem .7rem;text-align:left}figure{margin:1rem 0;overflow-x:auto}"""
_STRATA = {"home": "同一电话或相关家庭", "apart": "其他"}


def write_linkage_page(target: Path, as_of: date, model: Model, links: Path, found: Evaluation) -> Path:
    """Writes the page: match weights per level, a waterfall for one pair, the histogram of scores with both thresholds, precision and recall over the
    threshold, and the figures of `found` as tables. Returns `target`."""
    linked = pq.read_table(links, columns=["weight", "explained"]).to_pandas().dropna()
    queued = pq.read_table(links.with_name(QUEUE_FILE), columns=["weight", "explained"]).to_pandas()
    parts = [("各级一致性的匹配权重（比特）", weights_chart(model, stratum), title) for stratum, title in _STRATA.items() if stratum in model.strata]
    example = queued if len(queued) else linked
    if len(example):
        parts.append(("一对记录的得分构成", waterfall(example.sort_values("weight")["explained"].iloc[len(example) // 2]), "先验加各项权重"))
        parts.append(("得分分布与阈值", histogram(pd.concat([linked["weight"], queued["weight"]])), f"虚线：复核 {REVIEW}、采纳 {ACCEPT}"))
    if found.curve["precision"].notna().any():
        parts.append(("不同阈值下的准确率和召回率", curve_chart(found.curve), "以概率为阈值"))
    figures = "".join(f"<h2>{html.escape(title)}</h2><p>{html.escape(note)}</p><figure>{drawn}</figure>" for title, drawn, note in parts)
    frames = [frame for frame in (found.by_defect, found.bands, found.curve) if len(frame)]
    told = [frame.rename(columns=_chinese) for frame in frames]
    tables = "".join(frame.to_html(index=False, border=0, na_rep="—", float_format=lambda value: f"{value:.4f}") for frame in told)
    recall = "" if found.recall is None else f"；召回率 {found.recall:.5f}"
    page = f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="robots" content="noindex"><title>记录关联 {as_of}</title>
<style>{_STYLE}</style></head><body><h1>无有效身份证号记录的关联 {as_of}</h1><p>模型 {html.escape(model.version)}：{html.escape(model.about)}</p>
<p>采纳 {found.links:,} 条，其中有误 {found.wrong:,} 条，准确率 {found.precision:.5f}{recall}。</p>
{figures}<h2>数据</h2>{tables}</body></html>"""
    with atomic_path(target) as beside:
        beside.write_text(page, encoding="utf-8")
    return target


def _chinese(key: str) -> str:
    return label("linkage", key)


def _label(comparison: str, level: str) -> str:
    return f"{_chinese(comparison)} · {_chinese(level)}" if level else _chinese(comparison)


def weights_chart(model: Model, stratum: str) -> str:
    """Match weights per comparison and level of a stratum, in bits, as SVG."""
    rows = [
        {"label": _label(comparison, level), "bits": weight / SCALE, "sign": "+" if weight > 0 else "−"}
        for comparison, levels in model.strata[stratum].weights.items()
        for level, weight in levels.items()
        if level != "missing"
    ]
    colour = alt.Color("sign:N", scale=alt.Scale(domain=["+", "−"], range=[BLUE, _RED]), legend=None)
    bars = alt.Chart(pd.DataFrame(rows)).mark_bar().encode(
        x=alt.X("bits:Q", title="比特"), y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)), color=colour
    )
    return svg(bars.properties(width=480, height=alt.Step(15)), "各比较项各级一致性的匹配权重条形图，正值支持同一人，负值反对。")


def waterfall(explained: str) -> str:
    """How the prior and each level's weight add up to a pair's score, as SVG."""
    rows, sofar = [], 0
    for comparison, level, weight in explanation(explained):
        rows.append({"label": _label(comparison, level), "from": sofar / SCALE, "to": (sofar + weight) / SCALE, "sign": "+" if weight > 0 else "−"})
        sofar += weight
    rows.append({"label": _chinese("score"), "from": 0.0, "to": sofar / SCALE, "sign": "="})
    colour = alt.Color("sign:N", scale=alt.Scale(domain=["+", "−", "="], range=[BLUE, _RED, "#52606D"]), legend=None)
    bars = alt.Chart(pd.DataFrame(rows)).mark_bar().encode(
        x=alt.X("from:Q", title="比特"), x2="to:Q", y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)), color=colour
    )
    return svg(bars.properties(width=480, height=alt.Step(20)), f"一对记录的得分瀑布图，总分 {sofar / SCALE:.2f} 比特。")


def histogram(weights: pd.Series) -> str:
    """How many pairs score how much, with the thresholds of review and acceptance, as SVG."""
    low = (weights // SCALE).astype(int)
    counted = low.value_counts().sort_index()
    data = pd.DataFrame({"bits": counted.index, "end": counted.index + 1, "pairs": counted.to_numpy()})
    bars = alt.Chart(data).mark_bar(color=BLUE).encode(
        x=alt.X("bits:Q", bin="binned", title="得分（比特）"), x2="end:Q", y=alt.Y("pairs:Q", title="记录对")
    )
    lines = alt.Chart(pd.DataFrame({"bits": [0.0, 6.63]})).mark_rule(strokeDash=[4, 3], color=_RED).encode(x="bits:Q")
    return svg((bars + lines).properties(width=560, height=220), f"{len(weights):,} 对记录的得分直方图，虚线是复核和采纳的阈值。")


def curve_chart(curve: pd.DataFrame) -> str:
    """Precision and recall over the threshold, as SVG."""
    data = curve.dropna().melt("threshold", var_name="what", value_name="share")
    names = {"precision": "准确率", "recall": "召回率"}
    data["what"] = data["what"].map(names)
    lines = alt.Chart(data).mark_line(point=True).encode(
        x=alt.X("threshold:Q", title="概率阈值", scale=alt.Scale(zero=False)), y=alt.Y("share:Q", title=None, scale=alt.Scale(zero=False)),
        color=alt.Color("what:N", title=None, scale=alt.Scale(domain=list(names.values()), range=[BLUE, _RED])),
    )  # fmt: skip
    return svg(lines.properties(width=520, height=240), "准确率和召回率随概率阈值变化的折线图。")
