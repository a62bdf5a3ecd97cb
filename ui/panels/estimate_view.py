"""What the estimate panel shows, as HTML: bars, ranges, a table, a chart, what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from knowdo.tools.format import duration_range, gib_range, usd, usd_range

NAMES = {
    "large": "Large model, prompted", "rag": "Large model with passages",
    "small": "Small model, prompted", "always_on": "Own server, always on",
    "scale_to_zero": "Own server, sleeps when idle", "serverless": "Tuned adapter, by token",
}  # fmt: skip
# Told apart without colour, too: each line has its own dashes.
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 4", "1 2")
_COLOURS = ("#0f766e", "#b45309", "#4338ca", "#be123c", "#15803d", "#6b7280")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 520, 230, 58, 34


def training(data: Mapping[str, Any], card_gib: float) -> str:
    """Memory against the card, time and money of a training run."""
    peak, smallest = data["peak_gib"], data.get("smallest_gpu")
    share = min(100.0, 100 * peak["expected"] / card_gib)
    fits = "fits" if data["fits"] else "does not fit"
    other = f" Smallest card that holds it: {escape(smallest)}." if smallest else ""
    rows = [
        f"<p><b>{escape(data['base_model'])}</b>, {escape(data['method'])}, on"
        f" {data['n_gpus']} x {escape(data['gpu'])}</p>",
        f"<p>Memory: <b>{gib_range(peak)}</b> of {card_gib:.0f} GiB, {fits}.{other}</p>",
        f"<div class='job-bar' role='img' aria-label='{share:.0f} % of the card'>"
        f"<div style='width:{share:.0f}%{'' if data['fits'] else ';background:#be123c'}'></div>"
        "</div>",
        f"<p>Time: <b>{duration_range(data['seconds'])}</b></p>",
        f"<p>Money: <b>{usd_range(data['usd']) if 'usd' in data else 'no price known'}</b></p>",
    ]
    if data["changes_that_fit"]:
        ways = "".join(f"<li>{escape(way)}</li>" for way in data["changes_that_fit"])
        rows.insert(3, f"<p>Any one of these makes it fit:</p><ul>{ways}</ul>")
    if data["managed"]:
        offers = "".join(
            f"<li>{escape(o['provider'])} ({escape(o['item'])}): {usd_range(o['usd'])}</li>"
            for o in data["managed"]
        )
        rows.append(
            "<p>Training on a managed service instead (serving is billed apart):</p>"
            f"<ul>{offers}</ul>"
        )
    return "\n".join([*rows, basis(data)])


def running(data: Mapping[str, Any]) -> str:
    """The verdict, each way's cost a month, the chart."""
    rows = []
    for name, amount in data["usd_per_month"].items():
        start = data["requests_per_month_from"].get(name)
        months = data["payback_months"].get(name)
        rows.append(
            f"<tr><th scope='row'>{NAMES[name]}</th><td>{usd(amount)}</td>"
            f"<td>{f'{start:,.0f}' if start else '–'}</td>"
            f"<td>{f'{months:.1f}' if months else '–'}</td></tr>"
        )
    head = (
        "<tr><th scope='col'>Way</th><th scope='col'>USD a month</th><th scope='col'>cheaper than"
        " the large model from (calls a month)</th><th scope='col'>training paid back (months)</th>"
        "</tr>"
    )
    table = f"<table class='flips'><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
    verdict = f"<p role='status'><b>{escape(data['verdict'])}</b></p>"
    return "\n".join([verdict, table, chart(data["points"]), basis(data)])


def basis(data: Mapping[str, Any]) -> str:
    """Assumptions and dated sources, folded away."""
    lines = [f"<li>{escape(line)}</li>" for line in data["assumptions"]]
    sources = [
        f"<li><i>{escape(s['title'])}, read on {s['retrieved']}</i></li>" for s in data["sources"]
    ]
    return (
        "<details><summary>Assumptions and sources</summary>"
        f"<ul>{''.join(lines)}</ul><ul>{''.join(sources)}</ul></details>"
    )


def chart(points: Sequence[Mapping[str, float]]) -> str:
    """Dollars a month over calls a month, both on logarithmic axes, as SVG."""
    names = [name for name in points[0] if name != "requests_per_month"]
    costs = [max(point[name], 0.01) for point in points for name in names]
    x_low, x_high = points[0]["requests_per_month"], points[-1]["requests_per_month"]
    y_low, y_high = min(costs), max(max(costs), min(costs) * 10)

    def at(requests: float, amount: float) -> str:
        x = _share(requests, x_low, x_high) * (_WIDTH - _LEFT - 10) + _LEFT
        y = (1 - _share(amount, y_low, y_high)) * (_HEIGHT - _BOTTOM - 8) + 8
        return f"{x:.1f},{y:.1f}"

    parts = []
    for i, name in enumerate(names):
        line = " ".join(at(p["requests_per_month"], max(p[name], 0.01)) for p in points)
        style = f"stroke='{_COLOURS[i]}' stroke-dasharray='{_DASHES[i]}'"
        parts.append(f"<polyline points='{line}' fill='none' stroke-width='2' {style}/>")
    for value in _decades(x_low, x_high):
        x = at(value, y_low).split(",")[0]
        parts.append(
            f"<text x='{x}' y='{_HEIGHT - 18}' text-anchor='middle'>{_short(value)}</text>"
        )
    for value in _decades(y_low, y_high):
        y = at(x_low, value).split(",")[1]
        parts.append(f"<text x='{_LEFT - 6}' y='{y}' text-anchor='end'>${_short(value)}</text>")
    parts.append(
        f"<text x='{_WIDTH / 2}' y='{_HEIGHT - 3}' text-anchor='middle'>calls a month</text>"
    )
    told = ", ".join(NAMES[name] for name in names)
    legend = "".join(
        f"<span><svg width='34' height='8' aria-hidden='true'><line x1='0' y1='4' x2='34' y2='4'"
        f" stroke-width='3' stroke='{_COLOURS[i]}' stroke-dasharray='{_DASHES[i]}'/></svg>"
        f" {NAMES[name]}</span> "
        for i, name in enumerate(names)
    )
    return (
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' class='break-even' role='img' aria-label='Dollars a"
        f" month over calls a month: {told}'>{''.join(parts)}</svg><p class='legend'>{legend}</p>"
    )


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies between two others on a logarithmic axis, from 0 to 1."""
    return math.log(value / low) / math.log(high / low)


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**n for n in range(first, last + 1)]


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
