"""The hashing encoder: real similarity, and the same vectors on every machine."""

import hashlib
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from catalog.encoders import encoders
from catalog.encoders.hashing import HashingEncoder
from catalog.extensions import OptionError, load_options
from catalog.testing.encoders import EncoderContract


class TestContract(EncoderContract):
    component = HashingEncoder
    options = {"dimensions": 64}
    other_options = {"dimensions": 65}
    tolerance = 1e-6


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder(HashingEncoder.Options())


def similarity(encoder: HashingEncoder, first: str, second: str) -> float:
    vectors = encoder.encode_documents([first, second])
    return float(vectors[0] @ vectors[1])


def test_registered_with_384_dimensions_by_default(encoder: HashingEncoder) -> None:
    registered: type[Any] = encoders.get("hashing")
    assert registered is HashingEncoder
    assert encoder.dimensions == 384


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("red shoes", "red shoe", "blue car"),
        ("The Hunger Games", "hunger games!", "The Lord of the Rings"),
        ("colour", "colours", "flavour"),
        ("红楼梦", "红楼梦人物", "西游记"),
        ("紅樓夢的作者是誰", "誰是紅樓夢的作者", "股市今天下跌了"),
        ("東京タワー", "東京タワー 展望台", "大阪城"),
        ("ภาษาไทย", "เรียนภาษาไทย", "แมวดำ"),
        ("हिन्दी कहानी", "हिन्दी कहानियाँ", "ठंडा पानी"),
        ("🎉 party", "🎉", "🚗"),
    ],
)
def test_likeness_of_texts_shows_in_their_vectors(encoder: HashingEncoder, text: str, near: str, far: str) -> None:
    assert similarity(encoder, text, near) > similarity(encoder, text, far) + 0.2


@pytest.mark.parametrize(
    ("first", "second"),
    [("Café", "CAFE"), ("ＡＢＣ", "abc"), ("a\u0301", "á"), ("a, b", "b... a"), ("Straße", "STRASSE")],
    ids=["accent and case", "full width", "composed", "order and punctuation", "sharp s"],
)
def test_spelling_variants_get_one_vector(encoder: HashingEncoder, first: str, second: str) -> None:
    assert similarity(encoder, first, second) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("text", ["", "  ", "!?", "。", "\u200b"])
def test_texts_without_a_word_share_one_vector(encoder: HashingEncoder, text: str) -> None:
    assert similarity(encoder, text, "") == pytest.approx(1.0)


def test_a_repeated_word_counts_less_each_time(encoder: HashingEncoder) -> None:
    once, often = (similarity(encoder, "apple pear " + "plum " * n, "plum") for n in (1, 100))
    assert once < often < 0.99


def test_unrelated_texts_are_near_orthogonal_on_average(encoder: HashingEncoder) -> None:
    digests = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(200)]
    vectors = encoder.encode_documents([f"{digest[:7]} {digest[7:14]}" for digest in digests])
    likeness = (vectors @ vectors.T)[~np.eye(200, dtype=bool)]
    assert abs(likeness.mean()) < 0.02


def test_vectors_agree_between_processes_whatever_the_hash_seed() -> None:
    script = (
        "import hashlib; from catalog.encoders.hashing import HashingEncoder as E;"
        "v = E(E.Options()).encode_documents(['red shoes', '红楼梦', '']);"
        "print(hashlib.sha256(v.round(5).tobytes()).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_a_known_vector_stays_as_it_was_released() -> None:
    vector = HashingEncoder(HashingEncoder.Options(dimensions=8)).encode_documents(["red shoes"])[0]
    assert vector.round(4).tolist() == pytest.approx(
        [-0.2116, 0.393, -0.2116, -0.2116, 0.8163, 0.2116, 0.0, 0.0], abs=1e-4
    )


@pytest.mark.parametrize("text", ["word " * 2_000_000, "x" * 10_000_000, "红" * 3_500_000], ids=["words", "one", "han"])
def test_ten_megabytes_take_no_longer_than_their_beginning(encoder: HashingEncoder, text: str) -> None:
    started = time.perf_counter()
    vector = encoder.encode_documents([text])
    assert time.perf_counter() - started < 2
    np.testing.assert_array_equal(vector, encoder.encode_documents([text[:70_000]]))


def test_thousands_of_titles_a_second(encoder: HashingEncoder) -> None:
    titles = [f"Title number {n} of a series of {n % 7} books by author {n % 97}" for n in range(5000)]
    started = time.perf_counter()
    assert encoder.encode_documents(titles).shape == (5000, 384)
    assert time.perf_counter() - started < 2.5


@pytest.mark.parametrize("dimensions", [0, 7, 4001, "384", True])
def test_widths_that_cannot_be_stored_or_are_no_number_are_refused(dimensions: object) -> None:
    with pytest.raises(OptionError, match="dimensions"):
        load_options(HashingEncoder.Options, {"dimensions": dimensions})
