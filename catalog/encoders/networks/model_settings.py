"""Reads what a model's folder says about its use: pooling, prompts, lengths, dense layers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from catalog.encoders.base import EncoderUnavailable

Pooling = Literal["mean", "cls", "last_token"]

_POOLING_KEYS: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last_token",
}
_POOLING_NAMES: dict[str, Pooling] = {"mean": "mean", "cls": "cls", "lasttoken": "last_token"}
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a folder in the layout of sentence-transformers says; the defaults are for a plain model's folder.

    ``network`` is the folder of the transformer itself, ``dense`` those of linear layers after the pooling.
    """

    network: Path
    pooling: Pooling = "mean"
    query_prefix: str = ""
    document_prefix: str = ""
    max_tokens: int | None = None
    dense: tuple[Path, ...] = ()


def read_model_settings(folder: Path, *, pooling: Pooling | Literal["auto"] = "auto") -> ModelSettings:
    """Read the settings of the model in ``folder``; ``pooling`` other than ``auto`` stands against what it says.

    Raise EncoderUnavailable where the folder asks for a step that this encoder does not take.
    """
    network, dense = folder, []
    found: Pooling = "mean"
    for kind, path in _read_modules(folder):
        if kind == "Transformer":
            network = path
        elif kind == "Pooling":
            found = _read_pooling(path / "config.json") if pooling == "auto" else pooling
        elif kind == "Dense":
            dense.append(path)
        elif kind != "Normalize":
            raise EncoderUnavailable(f"{folder} has a module {kind!r}, which this encoder cannot run")
    prompts = _read_json(folder / "config_sentence_transformers.json", default={})
    texts = {name: text for name, text in (prompts.get("prompts") or {}).items() if isinstance(text, str)}
    default = texts.get(prompts.get("default_prompt_name") or "", "")
    max_tokens = _read_json(network / "sentence_bert_config.json", default={}).get("max_seq_length")
    return ModelSettings(
        network=network,
        pooling=found if pooling == "auto" else pooling,
        query_prefix=texts.get("query", default),
        document_prefix=next((texts[name] for name in _DOCUMENT_PROMPTS if name in texts), default),
        max_tokens=max_tokens if isinstance(max_tokens, int) else None,
        dense=tuple(dense),
    )


def _read_modules(folder: Path) -> list[tuple[str, Path]]:
    path = folder / "modules.json"
    try:
        return [(module["type"].rpartition(".")[2], folder / module["path"]) for module in _read_json(path, default=[])]
    except (KeyError, TypeError, AttributeError) as error:
        raise EncoderUnavailable(f"{path} is no list of modules with type and path ({error!r})") from error


def _read_pooling(path: Path) -> Pooling:
    config = _read_json(path, default={})
    if "pooling_mode" in config:  # since sentence-transformers 6: one name or several
        modes = config["pooling_mode"]
        named = [modes] if isinstance(modes, str) else list(modes)
        known = [_POOLING_NAMES.get(name) for name in named]
    else:
        named = [key for key, value in config.items() if key.startswith("pooling_mode_") and value is True]
        known = [_POOLING_KEYS.get(key) for key in named]
    if len(known) != 1 or known[0] is None or config.get("include_prompt") is False:
        raise EncoderUnavailable(
            f"{path} asks for a pooling that this encoder has not ({', '.join(named) or 'none'}, "
            f"include_prompt={config.get('include_prompt', True)}): set the option pooling to mean, cls or last_token"
        )
    return known[0]


def _read_json(path: Path, *, default: Any) -> Any:
    if not path.is_file():
        return default
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise EncoderUnavailable(f"{path} is not valid JSON ({error})") from error
    if not isinstance(value, type(default)):
        raise EncoderUnavailable(f"{path} should hold a JSON {type(default).__name__}")
    return value
