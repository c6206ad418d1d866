"""Real worker processes on one space: they share the work, and one that is killed loses nothing."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from catalog.encoders import encoders
from catalog.models import EmbeddingSpace
from catalog.selectors import SpaceCoverage, space_coverage
from catalog.services.spaces import create_space
from catalog.tasks import encode_space_items
from recsite.celery import app
from tests.catalog.encoding import make_catalog, register_tricky
from tests.worker_processes import PATIENCE, Spawn, wait_until
from tests.worker_processes import spawn as spawn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

RUN = """
import sys
import django
django.setup()
import tests.catalog.tricky_plugin
from catalog.services.encoding import encode_space
print("ready", flush=True)
sys.stdin.readline()
print(encode_space(int(sys.argv[1])).encoded, flush=True)
"""


@pytest.fixture(autouse=True)
def tricky() -> Iterator[None]:
    register_tricky()
    yield
    encoders.unregister("tricky")


@pytest.fixture
def celery_worker(spawn: Spawn) -> Callable[..., subprocess.Popen[str]]:
    """Starts a real Celery worker on the queue of encode tasks, emptied before."""
    with app.connection_for_write() as broker:
        broker.default_channel.queue_purge("encode")

    def start(*, pool: str = "solo", **variables: str) -> subprocess.Popen[str]:
        arguments = ("-m", "celery", "-A", "recsite", "worker", "-P", pool, "-Q", "encode", "-l", "WARNING")
        plug_in = ("--without-gossip", "--without-mingle", "-I", "tests.catalog.tricky_plugin")
        return spawn(*arguments, *plug_in, **variables)

    return start


@pytest.fixture
def writes() -> Iterator[Counter[int]]:
    """Counts how often each item's vector was written; read it after calling ``update``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE test_write (item_id bigint);"
            "CREATE FUNCTION test_note_write() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO test_write VALUES (NEW.item_id); RETURN NULL; END';"
            "CREATE TRIGGER test_writes AFTER UPDATE OF vector ON catalog_embedding "
            "FOR EACH ROW EXECUTE FUNCTION test_note_write()"
        )
    yield Counter()
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION test_note_write() CASCADE; DROP TABLE test_write")


def count_writes() -> Counter[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT item_id), count(*) FROM test_write")
        items, written = cursor.fetchone()
    return Counter(items=items, written=written)


def test_two_workers_share_the_items_and_none_is_done_twice(spawn: Spawn, writes: Counter[int]) -> None:
    space = create_space(make_catalog(2000).pk, encoder="tricky")
    workers = [spawn("-c", RUN, str(space.pk), TRICKY_SECONDS="0.0005") for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()

    encoded = [int(worker.communicate(timeout=PATIENCE)[0]) for worker in workers]

    assert sum(encoded) == 2000
    assert min(encoded) > 200
    assert count_writes() == Counter(items=2000, written=2000)
    assert space_coverage(space.pk) == SpaceCoverage(encoded=2000, stale=0, failed=0, total=2000)
    space.refresh_from_db()
    assert space.state == EmbeddingSpace.State.ACTIVE


def test_a_celery_worker_encodes_and_promotes_the_first_space(
    celery_worker: Callable[..., subprocess.Popen[str]],
) -> None:
    space = create_space(make_catalog(300).pk, encoder="hashing")
    worker = celery_worker(pool="threads")

    encode_space_items.delay(space.pk)

    def is_active() -> bool:
        space.refresh_from_db()
        return space.state == EmbeddingSpace.State.ACTIVE

    wait_until(is_active, process=worker)
    assert space_coverage(space.pk) == SpaceCoverage(encoded=300, stale=0, failed=0, total=300)
    assert space.dimensions == 384


def test_a_worker_killed_in_mid_batch_loses_nothing_and_the_next_one_finishes(
    celery_worker: Callable[..., subprocess.Popen[str]], writes: Counter[int]
) -> None:
    space = create_space(make_catalog(200).pk, encoder="tricky")
    first = celery_worker(TRICKY_SECONDS="0.02")
    encode_space_items.delay(space.pk)
    wait_until(lambda: space_coverage(space.pk).encoded >= 50, process=first)
    time.sleep(0.2)  # into the next batch of 50 items, which takes a second
    first.send_signal(signal.SIGKILL)
    first.wait(PATIENCE)
    left = space_coverage(space.pk)

    second = celery_worker()
    encode_space_items.delay(space.pk)
    wait_until(lambda: space_coverage(space.pk).stale == 0, process=second)

    assert 0 < left.encoded < 200
    assert left.encoded + left.stale == 200
    assert count_writes() == Counter(items=200, written=200)


def test_a_worker_told_to_end_stops_after_the_batch(celery_worker: Callable[..., subprocess.Popen[str]]) -> None:
    space = create_space(make_catalog(400).pk, encoder="tricky")
    worker = celery_worker(TRICKY_SECONDS="0.02")
    encode_space_items.delay(space.pk)
    wait_until(lambda: space_coverage(space.pk).encoded >= 50, process=worker)

    worker.terminate()

    assert worker.wait(PATIENCE) == 0
    assert 50 <= space_coverage(space.pk).encoded < 400
