"""The plug-in keeps the contracts of the families that it joins; no server is needed to know that."""

from pathlib import Path

from recsite_shelf.encoders import LettersEncoder
from recsite_shelf.learners import LongTailLearner

from catalog.importers import Table
from catalog.testing.encoders import EncoderContract
from catalog.testing.importers import ImporterContract
from recommender.testing.learners import LearnerContract
from recommender.testing.widgets import WidgetContract


class TestLetters(EncoderContract):
    component = LettersEncoder
    options = {"dimensions": 64}
    other_options = {"dimensions": 32}


class TestArrows(ImporterContract):
    key = "arrows"
    options = {"kind": "view"}

    def write_source(self, folder: Path, table: Table) -> Path:
        source = folder / "shelf.arrows"
        lines = "a = Alpha\nb = Beta\nc = Gamma\n" if table == "items" else "ada -> a\nada -> b\nbob -> a\n"
        source.write_text(lines, encoding="utf-8")
        return source


class TestLongTail(LearnerContract):
    component = LongTailLearner
    options = {"patience": 2.0}


class TestShelf(WidgetContract):
    key = "shelf"
    options = {"caption": "From the <cellar>"}
