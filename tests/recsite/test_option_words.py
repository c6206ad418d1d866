"""Every help text of a built-in option is there for translators."""

from __future__ import annotations

from catalog.encoders import encoders
from catalog.extensions import describe_options
from recommender.learners import learners
from recommender.ranking import rankers
from recommender.reranking import rerankers
from recommender.widgets import widgets
from recsite.option_words import HELPS


def test_the_words_are_those_of_the_options():
    helps = {
        option.help
        for registry in (encoders, learners, rankers, rerankers, widgets)
        for _, component in registry
        if component.__module__.startswith(("catalog.", "recommender."))
        for option in describe_options(component.Options)
        if option.help
    }
    assert helps == set(HELPS)
