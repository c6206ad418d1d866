"""The transformer encoder over every architecture and pooling, held against plain transformers calls."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, T5EncoderModel

from catalog.encoders import EncoderUnavailable, EncodingError, encoders
from catalog.encoders.transformer import TransformerEncoder
from catalog.extensions import OptionError, load_options

Build = Callable[..., Path]
ARCHITECTURES = ["bert", "roberta", "mpnet", "distilbert", "gpt2", "t5", "llama", "bart"]
TEXTS = [
    "red leather running shoes",
    "a",
    "history of the roman empire " * 5,
    "红楼梦",
    "blue car",
    "the book of the history of the blue car and a red shoes",
    "",
]


def load(folder: Path, **options: Any) -> TransformerEncoder:
    values = {"model": str(folder), "device": "cpu", "max_tokens": 32, **options}
    return TransformerEncoder(load_options(TransformerEncoder.Options, values))


def encode_plainly(folder: Path, text: str, *, pooling: str, max_tokens: int = 32) -> Any:
    """One text at a time, unpadded, by transformers alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    cls: Any = T5EncoderModel if folder.name.startswith("t5") else AutoModel
    model = cls.from_pretrained(folder).eval()
    ids = tokenizer(text, truncation=True, max_length=max_tokens)["input_ids"] or [tokenizer.bos_token_id]
    with torch.inference_mode():
        run = model.get_encoder() if folder.name.startswith("bart") else model
        hidden = run(input_ids=torch.tensor([ids])).last_hidden_state[0]
    pooled = {"mean": hidden.mean(0), "cls": hidden[0], "last_token": hidden[-1]}[pooling]
    return (pooled / pooled.norm()).numpy()


def test_registered() -> None:
    registered: type[Any] = encoders.get("transformer")
    assert registered is TransformerEncoder


@pytest.mark.parametrize("pooling", ["mean", "cls", "last_token"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_padded_batch_gives_what_the_model_gives_each_text_alone(
    build_model: Build, architecture: str, pooling: str
) -> None:
    folder = build_model(architecture)
    vectors = load(folder, pooling=pooling).encode_documents(TEXTS)
    expected = np.stack([encode_plainly(folder, text, pooling=pooling) for text in TEXTS])
    assert vectors.shape == (7, 32)
    np.testing.assert_allclose(vectors, expected, atol=2e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_size_of_batches_changes_nothing(build_model: Build, architecture: str) -> None:
    folder = build_model(architecture)
    one_each, all_at_once = (load(folder, tokens_per_batch=size).encode_documents(TEXTS) for size in (1, 10_000))
    np.testing.assert_allclose(one_each, all_at_once, atol=2e-5)


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_tokenizer_that_pads_on_the_left_changes_nothing(build_model: Build, architecture: str) -> None:
    right, left = (build_model(architecture, padding_side=side) for side in ("right", "left"))
    vectors = [load(folder, pooling="last_token").encode_documents(TEXTS) for folder in (right, left)]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=2e-5)


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_the_last_token_of_a_causal_model_has_seen_the_whole_text_and_the_first_only_itself(
    build_model: Build, architecture: str
) -> None:
    folder = build_model(architecture)
    texts = ["red shoes of the empire", "red car of the empire"]
    last = load(folder, pooling="last_token").encode_documents(texts)
    first = load(folder, pooling="cls").encode_documents(texts)
    assert last[0] @ last[1] < 0.999
    assert first[0] @ first[1] == pytest.approx(1.0, abs=1e-5)


def test_an_empty_text_without_any_token_of_its_own_is_its_beginning_token(build_model: Build) -> None:
    folder = build_model("gpt2")
    np.testing.assert_allclose(
        load(folder).encode_documents([""])[0], encode_plainly(folder, "<s>", pooling="mean"), atol=2e-5
    )


def test_texts_are_cut_at_max_tokens(build_model: Build) -> None:
    encoder = load(build_model("bert"), max_tokens=6)
    vectors = encoder.encode_documents(["red blue green shoes", "red blue green shoes car book", "red blue green"])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert vectors[0] @ vectors[2] < 0.999


@pytest.mark.parametrize(("architecture", "limit"), [("bert", 40), ("roberta", 40), ("mpnet", 40), ("gpt2", 40)])
def test_a_length_is_taken_up_to_the_models_positions_and_refused_beyond(
    build_model: Build, architecture: str, limit: int
) -> None:
    folder = build_model(architecture)
    longest = load(folder, max_tokens=limit).encode_documents(["red " * 100])
    np.testing.assert_allclose(load(folder, max_tokens=None).encode_documents(["red " * 100]), longest, atol=1e-6)
    with pytest.raises(EncoderUnavailable, match=f"takes {limit} tokens at most, not {limit + 1}"):
        load(folder, max_tokens=limit + 1)


def test_bf16_is_near_fp32_and_a_space_of_its_own(build_model: Build) -> None:
    folder = build_model("bert")
    exact, coarse = load(folder, dtype="fp32"), load(folder, dtype="bf16")
    vectors = coarse.encode_documents(TEXTS)
    assert vectors.dtype == np.float32
    assert (vectors * exact.encode_documents(TEXTS)).sum(axis=1).min() > 0.99
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert exact.fingerprint != coarse.fingerprint


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ({"pooling": "cls"}, True),
        ({"query_prefix": "query: "}, True),
        ({"document_prefix": "passage: "}, True),
        ({"max_tokens": 31}, True),
        ({"pooling": "mean"}, False),
        ({"tokens_per_batch": 100}, False),
        ({"device": "auto"}, False),
    ],
)
def test_fingerprint_changes_with_what_changes_vectors_alone(
    build_model: Build, options: dict[str, Any], changes: bool, settings: Any
) -> None:
    settings.RECSITE_DEVICE = "cpu"
    folder = build_model("bert")
    assert (load(folder).fingerprint != load(folder, **options).fingerprint) is changes


def test_fingerprint_follows_the_weights_and_not_the_folder(build_model: Build) -> None:
    first, same, other = build_model("bert"), build_model("bert"), build_model("bert", seed=8)
    assert load(first).fingerprint == load(same).fingerprint != load(other).fingerprint


def test_prefixes_are_put_before_queries_and_documents(build_model: Build) -> None:
    folder = build_model("bert")
    plain = load(folder)
    prefixed = load(folder, query_prefix="red ", document_prefix="blue ")
    np.testing.assert_allclose(prefixed.encode_queries(["shoes"]), plain.encode_documents(["red shoes"]), atol=1e-6)
    np.testing.assert_allclose(prefixed.encode_documents(["shoes"]), plain.encode_documents(["blue shoes"]), atol=1e-6)


def test_a_text_whose_vector_is_not_finite_is_named_by_its_position(build_model: Build) -> None:
    folder = build_model("bert")
    model = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight[5 + 3] = float("nan")  # the word "shoes"
    model.save_pretrained(folder)
    encoder = load(folder)
    assert np.isfinite(encoder.encode_documents(["red", "blue car"])).all()
    with pytest.raises(EncodingError, match="text 2 of 4"):
        encoder.encode_documents(["red", "blue car", "shoes", "red shoes of the roman empire"])


def test_ten_megabytes_are_not_tokenized(build_model: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = load(build_model("bert"))
    tokens = encoder._texts._tokens
    seen: list[int] = []
    whole = tokens._tokenize_whole
    monkeypatch.setattr(tokens, "_tokenize_whole", lambda texts: seen.extend(map(len, texts)) or whole(texts))
    long, short = encoder.encode_documents(["red shoes " * 1_000_000, "red shoes " * 1_000])
    assert max(seen) <= 32 * 16
    np.testing.assert_allclose(long, short, atol=1e-6)


@pytest.mark.parametrize("filler", [" " * 5_000, "x" * 5_000 + " "], ids=["spaces", "an endless word"])
def test_what_follows_many_characters_of_few_tokens_still_counts(build_model: Build, filler: str) -> None:
    red, blue = load(build_model("bert")).encode_documents([filler + "red shoes", filler + "blue car"])
    assert red @ blue < 0.999


def test_threads_may_share_an_encoder(build_model: Build) -> None:
    encoder = load(build_model("bert"))
    expected = encoder.encode_documents(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: encoder.encode_documents(TEXTS), range(40)):
            np.testing.assert_allclose(vectors, expected, atol=1e-5)


@pytest.mark.parametrize("device", ["warp9", "cuda:99"])
def test_a_device_that_is_not_here_is_named(build_model: Build, device: str, settings: Any) -> None:
    settings.RECSITE_DEVICE = device
    with pytest.raises(EncoderUnavailable, match=f"no device '{device}'"):
        load(build_model("bert"), device="auto")


def test_where_the_settings_leave_the_device_open_there_is_one(build_model: Build, settings: Any) -> None:
    settings.RECSITE_DEVICE = "auto"
    assert load(build_model("bert"), device="auto").dimensions > 0


@pytest.mark.parametrize(
    "values", [{"pooling": "max"}, {"max_tokens": 3}, {"tokens_per_batch": 0}, {"dtype": "fp16"}, {"modle": "x"}]
)
def test_options_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        load_options(TransformerEncoder.Options, values)


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_without_its_packages_the_encoder_says_what_to_install(package: str) -> None:
    script = (
        f"import sys; sys.modules[{package!r}] = None;"
        "from catalog.encoders.transformer import TransformerEncoder as E\n"
        "try: E(E.Options())\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("EncoderUnavailable the package "), ran
    assert ran.stdout.endswith("is missing: pip install 'recsite[encode]'\n"), ran
