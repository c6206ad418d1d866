"""The example plug-in goes the whole way, from its own file format to a page, without an edit of core."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.plugins.conftest import SOURCE, Done, Run, run_python

pytestmark = pytest.mark.slow

ITEMS = """\
anna = Anna Karenina
emma = Emma
iliad = The Iliad
this line has no sign
dream = 红楼梦 & <more>
"""
# anna has three readers, emma two, iliad one, dream none: the long tail is dream first.
INTERACTIONS = """\
ada -> anna
bob -> anna
cleo -> anna
bob -> emma
cleo -> emma
cleo -> iliad
"""
PLACE = """
from catalog.models import Catalog, Item
from recommender.models import Placement, PlacementStrategy
catalog = Catalog.objects.get(key="shelf")
Item.objects.filter(catalog=catalog).exclude(key="iliad").update(url="https://shop.example/book")
placement = Placement(
    catalog=catalog, key="home", name="For you", widget="shelf", widget_options={"caption": "The <cellar>"},
    diversity=0, exclude_seen=True,
)
placement.full_clean()
placement.save()
strategy = PlacementStrategy(placement=placement, reader="scores", source="long_tail")
strategy.full_clean()
strategy.save()
"""
FETCH = """
from django.test import Client
response = Client(SERVER_NAME="localhost").get("/w/shelf/home")
assert response.status_code == 200, response.status_code
print(response.text)
"""


@pytest.fixture(scope="module")
def shelf(manage: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """What each step from an empty database to a published model has printed, by the step's name."""
    folder = tmp_path_factory.mktemp("files")
    items, interactions = folder / "items.arrows", folder / "interactions.arrows"
    items.write_text(ITEMS, encoding="utf-8")
    interactions.write_text(INTERACTIONS, encoding="utf-8")
    here = ("--catalog", "shelf")
    reading = ("--importer", "arrows", *here)
    steps = {
        "migrate": ("migrate", "-v0"),
        "items": ("import_items", str(items), *reading, "--create-catalog"),
        "interactions": ("import_interactions", str(interactions), *reading, "--option", "kind=view"),
        "space": ("spaces", *here, "create", "--encoder", "letters", "--options", '{"dimensions": 64}'),
        "embedding": ("embed_items", *here),
        "training": ("train", "long_tail", *here, "--option", "patience=2", "--promote"),
        "placement": ("shell", "--no-imports", "-c", PLACE),
    }
    done = {}
    for name, command in steps.items():
        done[name] = manage(*command)
        expected = 1 if name == "items" else 0  # one of its lines is refused
        assert done[name].returncode == expected, f"{name}: {done[name].stderr}"
    return done


def query(manage: Run, expression: str) -> object:
    """The value of an expression over the models, in the plug-in's installation."""
    code = f"""
import json
from catalog.models import *
from profiles.models import *
from recommender.models import *
print(json.dumps({expression}))
"""
    done = manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_its_importer_reads_items_and_names_the_line_that_is_none(shelf: dict[str, Done], manage: Run) -> None:
    assert "4 created, 1 refused of 5 rows" in shelf["items"].stdout
    assert "line 4" in shelf["items"].stderr
    assert "no '=' in it" in shelf["items"].stderr
    titles = query(manage, "dict(Item.objects.values_list('key', 'title'))")
    assert titles == {"anna": "Anna Karenina", "emma": "Emma", "iliad": "The Iliad", "dream": "红楼梦 & <more>"}


def test_its_importers_option_reaches_the_interactions(shelf: dict[str, Done], manage: Run) -> None:
    assert query(manage, "list(Interaction.objects.values_list('kind', flat=True))") == ["view"] * 6


def test_its_encoder_fills_a_space_of_its_width(shelf: dict[str, Done], manage: Run) -> None:
    space = query(manage, "list(EmbeddingSpace.objects.values('encoder', 'dimensions', 'fingerprint', 'state'))")
    assert space == [{"encoder": "letters", "dimensions": 64, "fingerprint": "letters-1-64", "state": "active"}]
    assert query(manage, "Embedding.objects.count()") == 4


def test_its_learner_publishes_scores(shelf: dict[str, Done], manage: Run) -> None:
    scores = query(manage, "dict(ItemScore.objects.values_list('item__key', 'score'))")
    assert scores == pytest.approx({"dream": 1.0, "iliad": 2 / 3, "emma": 0.5, "anna": 0.4})
    model = query(manage, "list(TrainedModel.objects.values('learner', 'shape', 'state', 'options'))")
    assert model == [{"learner": "long_tail", "shape": "scores", "state": "active", "options": {"patience": 2.0}}]


def test_a_placement_serves_what_it_has_learned(shelf: dict[str, Done], manage: Run) -> None:
    done = manage("recommend", "ada", "--catalog", "shelf", "--json")
    assert done.returncode == 0, done.stderr
    slate = json.loads(done.stdout)
    assert [entry["key"] for entry in slate["items"]] == ["dream", "iliad", "emma"]
    assert {tuple(entry["sources"]) for entry in slate["items"]} == {("long_tail",)}


def test_its_widget_shows_the_slate(shelf: dict[str, Done], manage: Run) -> None:
    done = manage("shell", "--no-imports", "-c", FETCH)
    assert done.returncode == 0, done.stderr
    html = done.stdout
    assert html.startswith('<figure class="shelf"')
    assert "<figcaption>The &lt;cellar&gt;</figcaption>" in html
    assert html.index("红楼梦 &amp; &lt;more&gt;") < html.index("The Iliad") < html.index("Emma") < html.index("Anna")
    assert html.count("<a href=") == 3
    assert '<span dir="auto">The Iliad</span>' in html


def test_the_checks_find_nothing_to_say(shelf: dict[str, Done], manage: Run) -> None:
    done = manage("check", "--database", "default", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_without_the_plug_in_the_placement_falls_back_and_a_check_warns(shelf: dict[str, Done], manage: Run) -> None:
    dropped = {"RECSITE_DISABLED_PLUGINS": "shelf"}
    fragment = manage("shell", "--no-imports", "-c", FETCH, **dropped)
    assert fragment.returncode == 0, fragment.stderr
    assert 'class="rec-widget rec-grid' in fragment.stdout
    assert "widgets: no 'shelf'; grid is used" in fragment.stderr

    checked = manage("check", "--database", "default", **dropped)
    assert checked.returncode == 0, checked.stderr
    for key in ("letters", "long_tail", "shelf"):
        assert f"'{key}'" in checked.stderr


def test_its_own_tests_pass_in_a_folder_of_its_own(installed_plugin: Path, tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__", "recsite_shelf"))
    done = run_python(
        *("-m", "pytest", "-q", "-p", "no:valkey", "-p", "no:randomly", "-W", "error"),
        path=installed_plugin,
        var=tmp_path / "var",
        cwd=tmp_path / "plugin",
    )
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "var" / "postgres").exists()
