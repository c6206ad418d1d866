"""The report of an evaluation as its page shows it: charts, and tables with the same figures."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.shown import NOTHING, show_label, show_link, show_table
from recommender.admin.charts import Bar, Point, Series, draw_bars, draw_key, draw_lines, draw_scatter

Report = dict[str, Any]
Row = dict[str, Any]

KINDS: dict[str, Any] = {"placement": _("placement"), "strategy": _("strategy alone"), "baseline": _("baseline")}
NOTES: dict[str, Any] = {
    "visibility": _(
        "Every item counts as visible at the time of its case, hidden and expired ones too, but for those known to be "
        "published later."
    ),
    "on_page": _("Each case is on the page of the item that the person met last."),
    "friends": _("Friendships count as they are today, whenever they were made."),
    "fitted_ranking": _("The fitted ranking is the live one: it may have seen what is held out here."),
}
SURE = 0.05


def show_report(report: Report) -> dict[str, Any]:
    """Return what the report's template shows."""
    rows, k = report["rows"], report["k"]
    ndcg = gettext("NDCG@%(k)d") % {"k": k}
    names = [row["name"] for row in rows]
    return {
        "summary": _summarise(report),
        "verdicts": [_judge(row, rows[0]) for row in rows[1:]],
        "bars": draw_bars(
            [Bar(row["name"], **_rename(row["metrics"]["ndcg"])) for row in rows],
            title=gettext("%(metric)s with 95 %% intervals") % {"metric": ndcg},
        ),
        "accuracy": _show_accuracy(rows, k),
        "scatter": draw_scatter(
            [Point(row["name"], row["coverage"] or 0.0, row["metrics"]["ndcg"]["mean"]) for row in rows],
            title=gettext("Accuracy against coverage"),
            x_name=gettext("share of the catalogue that is recommended to somebody"),
            y_name=ndcg,
        ),
        "lists": _show_lists(rows),
        "key": draw_key(names),
        "by_history": _show_groups(report, "by_history", [_name_steps(group) for group in report["by_history"]]),
        "by_popularity": _show_groups(report, "by_popularity", [_name_shares(g) for g in report["by_popularity"]]),
        "categories": _show_categories(report),
        "strategies": _show_strategies(report),
        "notes": [NOTES[note] for note in report["notes"] if note in NOTES],
        "ndcg": ndcg,
    }


def _summarise(report: Report) -> str:
    figures = {
        name: number_format(value, use_l10n=True, force_grouping=True)
        for name, value in {
            "cases": report["cases"],
            "people": report["data"]["people"],
            "targets": report["targets"],
            "learned": report["data"]["learned_from"],
            "interactions": report["data"]["interactions"],
            "items": report["data"]["items"],
        }.items()
    }
    return (
        gettext(
            "%(cases)s cases, drawn from %(people)s, with %(targets)s targets; learned from %(learned)s of "
            "%(interactions)s interactions; %(items)s items, all ranked."
        )
        % figures
    )


def _judge(row: Row, placement: Row) -> dict[str, Any]:
    """Return whether the placement is better than a variant, by more than chance."""
    against = row["difference"]
    sure = against["p_holm"] is not None and against["p_holm"] < SURE
    tone, word = "plain", gettext("no different")
    if sure:
        tone, word = ("good", gettext("worse")) if against["mean"] < 0 else ("bad", gettext("better"))
    return {"name": row["name"], "label": show_label(word, tone), "tone": tone, "placement": placement["name"]}


def _show_accuracy(rows: Sequence[Row], k: int) -> SafeString:
    names = {
        "ndcg": gettext("NDCG"),
        "hr": gettext("hit rate"),
        "recall": gettext("recall"),
        "precision": gettext("precision"),
        "map": gettext("MAP"),
        "mrr": gettext("MRR"),
    }
    cells = []
    for row in rows:
        measured = [
            format_html(
                '<span class="rs-measured">{} <small>{}</small></span>',
                f"{each['mean']:.4f}",
                f"({each['low']:.4f} – {each['high']:.4f})" if name == "ndcg" else "",
            )
            for name, each in ((name, row["metrics"][name]) for name in names)
        ]
        cells.append([_name(row), measured[0], *_show_difference(row), *measured[1:]])
    first, *others = (f"{name}@{k}" for name in names.values())
    head = [gettext("variant"), first, gettext("difference"), gettext("corrected p"), *others]
    return show_table(cells, head=head)


def _show_difference(row: Row) -> list[Any]:
    against = row.get("difference")
    if against is None:
        return [NOTHING, NOTHING]
    interval = f"({_sign(against['low'])} – {_sign(against['high'])})"
    shown = format_html('<span class="rs-measured">{} <small>{}</small></span>', _sign(against["mean"]), interval)
    return [shown, NOTHING if against["p_holm"] is None else f"{against['p_holm']:.4f}"]


def _show_lists(rows: Sequence[Row]) -> SafeString:
    columns = (
        ("coverage", gettext("coverage"), "{:.1%}"),
        ("gini", gettext("Gini"), "{:.3f}"),
        ("novelty", gettext("novelty, bits"), "{:.2f}"),
        ("diversity", gettext("diversity"), "{:.3f}"),
        ("popularity_lift", gettext("popularity lift"), "{:+.0%}"),
        ("filled", gettext("filled up"), "{:.1%}"),
        ("listed", gettext("places filled"), "{:.1%}"),
    )
    cells = [[_name(row), *(_show(row[column], layout) for column, _head, layout in columns)] for row in rows]
    return show_table(cells, head=[gettext("variant"), *(head for _column, head, _layout in columns)])


def _show_groups(report: Report, name: str, groups: Sequence[str]) -> dict[str, Any]:
    rows = report["rows"]
    series = [Series(row["name"], tuple(each["mean"] for each in row[name])) for row in rows]
    ndcg = gettext("NDCG@%(k)d") % {"k": report["k"]}
    title = gettext("By length of history") if name == "by_history" else gettext("By popularity")
    cells = [
        [
            _name(row),
            *(
                format_html(
                    '<span class="rs-measured">{} <small>{}</small></span>',
                    f"{each['mean']:.4f}",
                    f"({each['low']:.4f} – {each['high']:.4f})",
                )
                for each in row[name]
            ),
        ]
        for row in rows
    ]
    counts = [gettext("%(cases)s cases") % {"cases": group["cases"]} for group in report[name]]
    head = [
        gettext("variant"),
        *(format_html("{}<br><small>{}</small>", group, count) for group, count in zip(groups, counts, strict=True)),
    ]
    return {"chart": draw_lines(series, groups, title=title, y_name=ndcg), "table": show_table(cells, head=head)}


def _show_categories(report: Report) -> SafeString | str:
    """Return the share of attention of every category, beside its share of the catalogue."""
    categories = report.get("categories")
    if categories is None:
        return ""
    rows = report["rows"]
    cells = [
        [name or gettext("all others"), f"{due:.1%}", *(f"{row['exposure'][number]:.1%}" for row in rows)]
        for number, (name, due) in enumerate(zip(categories["names"], categories["due"], strict=True))
    ]
    distances = [_show(row["exposure_distance"], "{:.3f}") for row in rows]
    cells.append([format_html("<em>{}</em>", gettext("distance from the catalogue")), "", *distances])
    return show_table(cells, head=[gettext("category"), gettext("catalogue"), *(row["name"] for row in rows)])


def _show_strategies(report: Report) -> SafeString:
    states = {
        "trained": show_label(gettext("trained for this"), "good"),
        "content": show_label(gettext("as it is"), "plain"),
        "missing": show_label(gettext("no such learner"), "bad"),
    }
    seconds = report["seconds"]["training"]
    cells = [
        [
            strategy["name"],
            strategy["weight"],
            states[strategy["state"]],
            _link_model(strategy),
            f"{seconds[strategy['source']]:.2f} s" if strategy["source"] in seconds else NOTHING,
        ]
        for strategy in report["strategies"]
    ]
    head = (gettext("strategy"), gettext("weight"), gettext("source"), gettext("options"), gettext("training time"))
    return show_table(cells, head=head)


def _link_model(strategy: Row) -> SafeString | str:
    if strategy["state"] != "trained":
        return NOTHING
    if strategy["model"] is None:
        return gettext("the defaults")
    address = reverse("admin:recommender_trainedmodel_change", args=[strategy["model"]])
    return format_html(gettext("those of {}"), show_link(address, f"{strategy['source']} #{strategy['model']}"))


def _name(row: Row) -> SafeString:
    return format_html('<span class="rs-variant">{} <small>{}</small></span>', row["name"], KINDS[row["kind"]])


def _name_steps(group: Row) -> str:
    low, high = int(group["low"]), int(group["high"])
    if high == 0:
        return gettext("no history")
    return gettext("%(steps)s steps") % {"steps": low if low == high else f"{low} – {high}"}


def _name_shares(group: Row) -> str:
    low, high = f"{group['low']:.2%}", f"{group['high']:.2%}"
    return low if low == high else f"{low} – {high}"


def _rename(interval: Row) -> dict[str, float]:
    return {"value": interval["mean"], "low": interval["low"], "high": interval["high"]}


def _show(figure: float | None, layout: str) -> str:
    return NOTHING if figure is None else layout.format(figure).replace("-", "\N{MINUS SIGN}")


def _sign(number: float) -> str:
    return f"{number:+.4f}".replace("-", "\N{MINUS SIGN}")
