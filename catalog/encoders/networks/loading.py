"""Loads a transformer and its tokenizer from a folder: safetensors alone, no code from it, no network."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding, AutoTokenizer
from transformers.utils import logging as transformers_logging

from catalog.encoders.base import EncoderUnavailable

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "Identity": nn.Identity,
    "Tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "GELU": nn.GELU,
}
_UNUSED_WEIGHTS = ("pooler.",)  # a head that pooling of token vectors never runs; many checkpoints lack it
_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True, slots=True)
class Network:
    """A transformer ready to run; ``position_limit`` is how many tokens it has positions for, if it has a limit."""

    model: nn.Module
    tokenizer: Any
    device: torch.device
    padding: int
    position_limit: int | None

    def run(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Return token vectors (n, length, width) of token ids (n, length)."""
        if mask is not None:
            mask = mask.to(self.device)
        hidden: Tensor = self.model(input_ids=ids.to(self.device), attention_mask=mask).last_hidden_state
        return hidden


def load_network(folder: Path, *, device: str = "auto", dtype: str = "auto") -> Network:
    """Load the transformer in ``folder`` in fp32 or bf16 (``auto``: bf16 on a GPU that has it, else fp32).

    Raise EncoderUnavailable where weights, tokenizer or device are missing or do not fit together.
    """
    if not any(folder.glob("*.safetensors")):
        raise EncoderUnavailable(f"{folder} has no safetensors weights (pickled ones are never loaded: convert them)")
    place = choose_device(device)
    with _without_progress():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, **_LOCAL)
            model, lacking = _load_model(folder, dtype=choose_dtype(dtype, device=place))
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
            raise EncoderUnavailable(f"the model in {folder} cannot be loaded: {error}") from error
    if lacking:
        raise EncoderUnavailable(f"the weights in {folder} lack {', '.join(lacking[:3])} ({len(lacking)} in all)")
    known = (tokenizer.pad_token_id, getattr(model.config, "pad_token_id", None), tokenizer.eos_token_id, 0)
    return Network(
        model=model.eval().requires_grad_(False).to(place),
        tokenizer=tokenizer,
        device=place,
        padding=next(token for token in known if isinstance(token, int)),
        position_limit=find_position_limit(model),
    )


def _load_model(folder: Path, *, dtype: torch.dtype) -> tuple[Any, list[str]]:
    config = AutoConfig.from_pretrained(folder, **_LOCAL)
    settings = {**_LOCAL, "use_safetensors": True, "dtype": dtype, "output_loading_info": True}
    if not getattr(config, "is_encoder_decoder", False):
        model, report = AutoModel.from_pretrained(folder, **settings)
    elif type(config) in AutoModelForTextEncoding._model_mapping:
        model, report = AutoModelForTextEncoding.from_pretrained(folder, **settings)
    else:
        model, report = AutoModel.from_pretrained(folder, **settings)
        model = model.get_encoder()
    if hasattr(model.config, "use_cache"):
        model.config.use_cache = False  # nothing is generated, so keys and values need not be kept
    return model, sorted(key for key in report["missing_keys"] if not key.startswith(_UNUSED_WEIGHTS))


def load_dense(folder: Path) -> nn.Module:
    """Load a linear layer with its activation, as sentence-transformers stores it after the pooling."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        activation = _ACTIVATIONS[config["activation_function"].rpartition(".")[2]]
        layer = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
        weights = load_file(folder / "model.safetensors")
        layer.load_state_dict({name.removeprefix("linear."): value.float() for name, value in weights.items()})
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise EncoderUnavailable(f"the dense layer in {folder} cannot be loaded: {error!r}") from error
    return nn.Sequential(layer, activation()).eval().requires_grad_(False)


def choose_device(name: str = "auto") -> torch.device:
    """Return the named device; ``auto`` is what RECSITE_DEVICE names, else a CUDA GPU if there is one, else the CPU."""
    if name == "auto":
        name = settings.RECSITE_DEVICE if settings.configured else "auto"
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise EncoderUnavailable(f"no device {name!r} here: set RECSITE_DEVICE to cpu or cuda ({error})") from error
    return device


def choose_dtype(name: str, *, device: torch.device) -> torch.dtype:
    """Return the number type for ``fp32``, ``bf16`` or ``auto`` on ``device``."""
    if name == "auto":
        name = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    return torch.bfloat16 if name == "bf16" else torch.float32


def find_position_limit(model: nn.Module) -> int | None:
    """Return how many tokens a model with learned positions can take; None where positions are computed."""
    for name, module in model.named_modules():
        if name.rpartition(".")[2] in ("position_embeddings", "wpe", "embed_positions") and isinstance(
            module, nn.Embedding
        ):
            # RoBERTa and its like count positions from behind the padding's own row.
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - max(reserved, int(getattr(module, "offset", 0)))
    return None


@contextmanager
def _without_progress() -> Iterator[None]:
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
