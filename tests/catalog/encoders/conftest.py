"""Tiny transformers of every architecture, built from a configuration; nothing is downloaded."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub, which reads it once

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModel,
    BartConfig,
    BertConfig,
    DistilBertConfig,
    GPT2Config,
    LlamaConfig,
    MPNetConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
    T5Config,
)

WORDS = ["red", "blue", "green", "shoes", "car", "book", "of", "the", "a", "roman", "empire", "history"]
WORDS += ["leather", "running", "红", "楼", "梦"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
_SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "initializer_range": 0.5,  # so that a wrong mask or position shows in the vectors
    "pad_token_id": 1,
}
_COUNT = len(SPECIAL) + len(WORDS)
CONFIGS: dict[str, Callable[[], Any]] = {
    "bert": lambda: BertConfig(vocab_size=_COUNT, max_position_embeddings=40, **_SMALL),
    "roberta": lambda: RobertaConfig(vocab_size=_COUNT, max_position_embeddings=42, **_SMALL),
    "mpnet": lambda: MPNetConfig(vocab_size=_COUNT, max_position_embeddings=42, **_SMALL),
    "distilbert": lambda: DistilBertConfig(
        vocab_size=_COUNT,
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=48,
        max_position_embeddings=40,
        pad_token_id=1,
        initializer_range=0.5,
    ),
    "gpt2": lambda: GPT2Config(
        vocab_size=_COUNT,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=40,
        bos_token_id=0,
        eos_token_id=2,
        initializer_range=0.3,
    ),
    "t5": lambda: T5Config(
        vocab_size=_COUNT,
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        pad_token_id=1,
        eos_token_id=2,
        initializer_factor=1.0,
    ),
    "llama": lambda: LlamaConfig(vocab_size=_COUNT, num_key_value_heads=2, max_position_embeddings=40, **_SMALL),
    "bart": lambda: BartConfig(
        vocab_size=_COUNT,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=40,
        pad_token_id=1,
        init_std=0.5,
    ),
}
BuildModel = Callable[..., Path]


def make_tokenizer(architecture: str, *, padding_side: str = "right", max_length: int = 512) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words that frames a text as the architecture's own tokenizers do."""
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.BertNormalizer()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special: dict[str, str] = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    if architecture != "gpt2":  # GPT-2 has neither a frame nor a padding token
        special |= {"pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
        frame = {"t5": "$A </s>", "llama": "<s> $A"}.get(architecture, "<s> $A </s>")
        tokenizer.post_processor = processors.TemplateProcessing(single=frame, special_tokens=[("<s>", 0), ("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, padding_side=padding_side, model_max_length=max_length, **special
    )


@pytest.fixture
def build_model(tmp_path: Path) -> BuildModel:
    """Build a model's folder: ``build_model("bert")``; further files as ``{"modules.json": [...]}``."""

    def build(architecture: str, *, files: dict[str, Any] | None = None, seed: int = 7, **tokenizer: Any) -> Path:
        folder = tmp_path / f"{architecture}-{len(list(tmp_path.iterdir()))}"
        torch.manual_seed(seed)
        AutoModel.from_config(CONFIGS[architecture]()).save_pretrained(folder)
        make_tokenizer(architecture, **tokenizer).save_pretrained(folder)
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(content), "utf-8")
        return folder

    return build


@pytest.fixture(scope="session")
def name_files() -> Callable[..., dict[str, Any]]:
    """The files that sentence-transformers puts beside a model, in its older or newer spelling of the pooling."""

    def name(
        *, pooling: Any = "mean", prompts: dict[str, str] | None = None, max_tokens: int = 32, legacy: bool = True
    ) -> dict[str, Any]:
        keys = {"mean": "mean_tokens", "cls": "cls_token", "lasttoken": "lasttoken", "max": "max_tokens"}
        config: dict[str, Any] = {f"pooling_mode_{key}": name == pooling for name, key in keys.items()}
        if not legacy:
            config = {"embedding_dimension": 32, "pooling_mode": pooling}
        modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        return {
            "modules.json": [
                {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
                for index, (path, kind) in enumerate(modules)
            ],
            "1_Pooling/config.json": {"word_embedding_dimension": 32, **config},
            "config_sentence_transformers.json": {"prompts": prompts or {}, "default_prompt_name": None},
            "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        }

    return name
