"""What a model's folder says about its use, against sentence-transformers reading the same folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer

from catalog.encoders import EncoderUnavailable
from catalog.encoders.networks.model_settings import ModelSettings, read_model_settings
from catalog.encoders.transformer import TransformerEncoder

Build = Callable[..., Path]
Files = Callable[..., dict[str, Any]]
TEXTS = ["red leather shoes", "the history of the roman empire", "", "blue car " * 30]


def load(folder: Path, **options: Any) -> TransformerEncoder:
    return TransformerEncoder(TransformerEncoder.Options(model=str(folder), device="cpu", **options))


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize(("architecture", "pooling"), [("bert", "mean"), ("mpnet", "cls"), ("llama", "lasttoken")])
def test_pooling_prompts_and_length_are_read_as_sentence_transformers_reads_them(
    build_model: Build, name_files: Files, architecture: str, pooling: str, legacy: bool
) -> None:
    prompts = {"query": "red book: ", "document": "the "}
    folder = build_model(architecture, files=name_files(pooling=pooling, prompts=prompts, max_tokens=12, legacy=legacy))
    ours, theirs = load(folder), SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    np.testing.assert_allclose(ours.encode_queries(TEXTS), theirs.encode_query(TEXTS), atol=2e-5)
    np.testing.assert_allclose(ours.encode_documents(TEXTS), theirs.encode_document(TEXTS), atol=2e-5)


def test_dense_layers_after_the_pooling_are_run(build_model: Build, name_files: Files) -> None:
    files = name_files()
    files["modules.json"].insert(
        2, {"idx": 3, "name": "3", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    )
    files["2_Dense/config.json"] = {
        "in_features": 32,
        "out_features": 8,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    folder = build_model("t5", files=files)
    torch.manual_seed(3)
    save_file(
        {"linear.weight": torch.randn(8, 32), "linear.bias": torch.randn(8)}, folder / "2_Dense/model.safetensors"
    )
    ours, theirs = load(folder), SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert ours.dimensions == 8
    np.testing.assert_allclose(ours.encode_documents(TEXTS), theirs.encode_document(TEXTS), atol=2e-5)


def test_a_dense_layer_without_weights_is_named(build_model: Build, name_files: Files) -> None:
    files = name_files()
    files["modules.json"].append({"path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    with pytest.raises(EncoderUnavailable, match=r"dense layer in .*3_Dense cannot be loaded"):
        load(build_model("bert", files=files))


def test_a_plain_folder_means_mean_without_prefixes(tmp_path: Path) -> None:
    assert read_model_settings(tmp_path) == ModelSettings(network=tmp_path)


def test_the_network_may_lie_in_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"path": "0_Transformer", "type": "x.models.Transformer"}]')
    assert read_model_settings(tmp_path).network == tmp_path / "0_Transformer"


@pytest.mark.parametrize(
    ("prompts", "default", "query", "document"),
    [
        ({"query": "q: ", "document": "d: "}, None, "q: ", "d: "),
        ({"query": "q: ", "passage": "p: "}, None, "q: ", "p: "),
        ({"query": "q: "}, None, "q: ", ""),
        ({"s2s": "s: "}, "s2s", "s: ", "s: "),
        ({"query": None, "document": None}, None, "", ""),
        (None, None, "", ""),
    ],
)
def test_prompts(tmp_path: Path, prompts: Any, default: Any, query: str, document: str) -> None:
    content = {"prompts": prompts, "default_prompt_name": default}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(content))
    settings = read_model_settings(tmp_path)
    assert (settings.query_prefix, settings.document_prefix) == (query, document)


def test_options_stand_against_what_the_folder_says(build_model: Build, name_files: Files) -> None:
    folder = build_model("bert", files=name_files(pooling="max", prompts={"query": "red "}))
    encoder = load(folder, pooling="mean", query_prefix="", max_tokens=12)
    np.testing.assert_array_equal(encoder.encode_queries(TEXTS), encoder.encode_documents(TEXTS))


@pytest.mark.parametrize("pooling", ["max", ["mean", "cls"]])
def test_a_pooling_that_we_have_not_is_refused_and_not_replaced(
    build_model: Build, name_files: Files, pooling: Any
) -> None:
    with pytest.raises(EncoderUnavailable, match="set the option pooling"):
        load(build_model("bert", files=name_files(pooling=pooling, legacy=pooling == "max")))


def test_a_module_that_we_cannot_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"path": "1_LSTM", "type": "sentence_transformers.models.LSTM"}]')
    with pytest.raises(EncoderUnavailable, match="module 'LSTM'"):
        read_model_settings(tmp_path)


@pytest.mark.parametrize("content", ["{", "{}", "null", '"x"', '[{"idx": 0}]', "[3]"])
def test_a_broken_list_of_modules_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "modules.json").write_text(content)
    with pytest.raises(EncoderUnavailable, match=r"modules\.json"):
        read_model_settings(tmp_path)
