"""What a run has measured, as its page shows it."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.shown import NOTHING, show_bar, show_facts, show_label, show_link, show_table
from recommender.models import TrainedModel
from recommender.services.champion_gate import judge_candidate
from recommender.services.held_out import METRICS

State = TrainedModel.State

VERDICTS: dict[str, tuple[str, Any]] = {
    "no_worse": ("good", _("It is not worse than the active model.")),
    "worse": ("bad", _("It is worse than the active model, so it does not go live by itself.")),
    "no_champion": ("plain", _("No other version was active: there was nothing to compare with.")),
    "not_measured": ("plain", _("It was not to be measured.")),
    "scores": ("plain", _("Scores are the same for everybody, and are not held against each other.")),
    "no_cases": ("plain", _("There are too few interactions to hold some out and measure on them.")),
    "no_comparison": ("plain", _("The active model's options could not be measured any more.")),
    "unmeasurable": ("bad", _("It could not be measured, so it does not go live by itself.")),
    "other_champion": ("bad", _("Another model has become active since it was measured.")),
    "outdated": ("bad", _("The active model has learned from later interactions.")),
}
METRIC_NAMES: dict[str, Any] = {"ndcg": _("NDCG"), "hr": _("hit rate"), "recall": _("recall")}
FIGURE_NAMES: dict[str, Any] = {
    "interactions": _("interactions"),
    "profiles": _("profiles"),
    "items": _("items"),
    "rows": _("rows published"),
    "load_seconds": _("seconds to load"),
    "measure_seconds": _("seconds to measure"),
    "train_seconds": _("seconds to train"),
    "publish_seconds": _("seconds to publish"),
}


VERDICT_WITHIN = timedelta(minutes=1)
"""After a run has published, its index is built and it is judged: so long its page waits for that."""


def is_under_way(model: TrainedModel) -> bool:
    """Return whether a run's state is still to change by itself, and soon."""
    if model.state != State.CANDIDATE or "judgement" in model.metrics or model.finished_at is None:
        return model.state == State.TRAINING
    return model.promote_when_trained and model.finished_at > timezone.now() - VERDICT_WITHIN


def show_live_progress(model: TrainedModel) -> SafeString | str:
    """Return how far a run has come, which asks for itself again every two seconds; nothing for one that is over."""
    if not is_under_way(model):
        return NOTHING
    text: Any = ""
    if model.state == State.CANDIDATE:
        text = gettext("is being promoted")
    elif model.cancel_requested:
        text = gettext("%(percent)d %%, is being stopped") % {"percent": model.progress * 100}
    elif model.trained_until is None:
        text = gettext("waits for a worker")
    elif model.attempts > 1:
        figures = {"percent": model.progress * 100, "attempt": model.attempts}
        text = gettext("%(percent)d %%, attempt %(attempt)d") % figures
    return format_html(
        '<div class="rs-live" hx-get="{}" hx-trigger="every 2s" hx-swap="outerHTML">{}</div>',
        reverse("admin:recommender_trainedmodel_progress", args=[model.pk]),
        show_bar(model.progress, text),
    )


def show_headline(model: TrainedModel) -> SafeString | str:
    """Return the figure that decides, with its interval."""
    return _show_figure(model.metrics, METRICS[0]) if f"held_out_{METRICS[0]}" in model.metrics else NOTHING


def show_wishes(model: TrainedModel) -> SafeString:
    """Return what was asked of a run, and how often it was begun."""
    measured = show_label(_("measured on held-out interactions") if model.measure else _("not measured"))
    promoted = show_label(_("promoted when it is done") if model.promote_when_trained else _("promoted by hand"))
    begun = gettext("begun %(attempts)d times") % {"attempts": model.attempts}
    return format_html("{} {} {}", measured, promoted, show_label(begun, "busy") if model.attempts > 1 else "")


def show_verdict(model: TrainedModel) -> SafeString | str:
    """Return whether a model may go live by itself: as things stand for a candidate, as they stood for others."""
    code = judge_candidate(model).code if model.state == State.CANDIDATE else model.metrics.get("judgement")
    if code not in VERDICTS:
        return NOTHING
    tone, text = VERDICTS[code]
    return show_label(text, tone)


def show_held_out(model: TrainedModel) -> SafeString | str:
    """Return the held-out figures with their intervals, beside those of the model that was active then."""
    metrics = model.metrics
    if "held_out_error" in metrics:
        return str(metrics["held_out_error"])
    if f"held_out_{METRICS[0]}" not in metrics:
        return NOTHING
    champion = TrainedModel.objects.filter(pk=metrics.get("champion")).first()
    name = champion or f"{model.learner} #{metrics.get('champion')}"
    head = [_("metric"), model, *([show_champion(name, champion)] if "champion" in metrics else [])]
    rows = []
    for metric in METRICS:
        beside = [f"{metrics[f'champion_{metric}']:.4f}"] if f"champion_{metric}" in metrics else []
        rows.append([_name_metric(metric), _show_figure(metrics, metric), *beside])
    return format_html("{}{}", show_table(rows, head=head), _describe(metrics))


def show_champion(name: object, champion: TrainedModel | None) -> SafeString | str:
    """Return the name of the model compared with, linked while it is kept."""
    if champion is None:
        return str(name)
    return show_link(reverse("admin:recommender_trainedmodel_change", args=[champion.pk]), name)


def show_training_figures(model: TrainedModel) -> SafeString | str:
    """Return the other figures of a run: what it was given, how long it took, what the learner itself says."""
    metrics, shown = model.metrics, {}
    for name, label in FIGURE_NAMES.items():
        if name in metrics:
            shown[str(label)] = f"{metrics[name]:,}" if isinstance(metrics[name], int) else f"{metrics[name]:.3g}"
    for name in sorted(metrics):
        if name.startswith("learner_"):
            shown[name.removeprefix("learner_").replace("_", " ")] = f"{metrics[name]:.6g}"
    return show_facts(shown)


def _describe(metrics: dict[str, Any]) -> SafeString:
    """Return what the figures stand on, and how the two differ."""
    figures = {"cases": f"{metrics['held_out_cases']:,}", "protocol": metrics["held_out_protocol"]}
    told = gettext("%(cases)s people, protocol %(protocol)s, all items ranked; in brackets 95 %% intervals.") % figures
    if "champion" in metrics:
        low, high = metrics["champion_difference_interval"]
        told += " " + gettext("Difference in %(metric)s %(difference)s (%(low)s to %(high)s), p = %(p)s.") % {
            "metric": _name_metric(METRICS[0]),
            "difference": _show_signed(metrics["champion_difference"]),
            "low": _show_signed(low),
            "high": _show_signed(high),
            "p": f"{metrics['champion_p']:.3f}",
        }
    return format_html('<p class="rs-note">{}</p>', told)


def _show_figure(metrics: dict[str, Any], metric: str) -> SafeString:
    low, high = metrics[f"held_out_{metric}_interval"]
    figure, interval = f"{metrics[f'held_out_{metric}']:.4f}", f"({low:.4f} – {high:.4f})"
    return format_html('<span class="rs-measured">{} <small>{}</small></span>', figure, interval)


def _show_signed(number: float) -> str:
    return f"{number:+.4f}".replace("-", "\N{MINUS SIGN}")


def _name_metric(metric: str) -> str:
    name, _at, cutoff = metric.partition("@")
    return f"{METRIC_NAMES[name]}@{cutoff}"
