"""An encoder that runs any Hugging Face transformer; torch is loaded when one is built, not before."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from catalog.encoders.base import EncoderUnavailable, FloatMatrix, encoders

_PACKAGES = {"torch", "transformers", "safetensors", "tokenizers", "huggingface_hub"}
_MAX_TOKENS_UNTOLD = 512


@encoders.register("transformer")
class TransformerEncoder:
    """Pooled token vectors of a transformer, of unit length.

    Pooling, prefixes and length come from the options or, where those leave it open, from the model's folder as
    sentence-transformers writes it, else they are mean, none and the model's limit, at most 512. Weights are
    safetensors only, and no code that comes with a model is run.
    """

    @dataclass(frozen=True, slots=True)
    class Options:
        """Options of the transformer encoder."""

        model: str = field(
            default="sentence-transformers/all-MiniLM-L6-v2",
            metadata={"help": "A model's id on the Hugging Face hub, or the path of its folder."},
        )
        revision: str | None = field(default=None, metadata={"help": "Commit, tag or branch on the hub."})
        pooling: Literal["auto", "mean", "cls", "last_token"] = field(
            default="auto", metadata={"help": "How the vectors of tokens become one; auto: as the model says."}
        )
        query_prefix: str | None = field(
            default=None, metadata={"help": "Put before every query; empty: nothing; not set: as the model says."}
        )
        document_prefix: str | None = field(
            default=None, metadata={"help": "Put before every item text; empty: nothing; not set: as the model says."}
        )
        max_tokens: int | None = field(
            default=None, metadata={"help": "Longer texts are cut here; not set: as the model says.", "minimum": 4}
        )
        dtype: Literal["auto", "fp32", "bf16"] = field(
            default="auto", metadata={"help": "auto: bf16 on a GPU that has it, fp32 elsewhere."}
        )
        device: str = field(
            default="auto", metadata={"help": "cpu, cuda, cuda:1 …; auto: RECSITE_DEVICE, else a GPU if there is one."}
        )
        tokens_per_batch: int | None = field(
            default=None, metadata={"help": "Tokens in a batch, padding counted; not set: by device.", "minimum": 1}
        )

    def __init__(self, options: Options) -> None:
        try:
            from catalog.encoders.networks import loading, model_folder, model_settings, text_network
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] not in _PACKAGES:
                raise
            raise EncoderUnavailable(f"the package {error.name} is missing: pip install 'recsite[encode]'") from error
        folder = model_folder.find_model_folder(options.model, revision=options.revision)
        settings = model_settings.read_model_settings(folder, pooling=options.pooling)
        network = loading.load_network(settings.network, device=options.device, dtype=options.dtype)
        limits = [limit for limit in (network.position_limit, network.tokenizer.model_max_length) if limit]
        max_tokens = options.max_tokens or settings.max_tokens or min(*limits, _MAX_TOKENS_UNTOLD)
        if network.position_limit is not None and max_tokens > network.position_limit:
            raise EncoderUnavailable(f"{options.model} takes {network.position_limit} tokens at most, not {max_tokens}")
        self._texts = text_network.TextNetwork(
            network,
            pooling=settings.pooling,
            max_tokens=max_tokens,
            tokens_per_batch=options.tokens_per_batch,
            dense=[loading.load_dense(path) for path in settings.dense],
        )
        self._query_prefix = _choose(options.query_prefix, settings.query_prefix)
        self._document_prefix = _choose(options.document_prefix, settings.document_prefix)
        self.dimensions = self._texts.dimensions
        self.fingerprint = _make_fingerprint(
            weights=model_folder.digest_folders([settings.network, *settings.dense]),
            pooling=settings.pooling,
            prefixes=[self._query_prefix, self._document_prefix],
            max_tokens=max_tokens,
            dtype=options.dtype,
        )

    def encode_documents(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode n item texts as float32 (n, dimensions), rows of unit length, in the texts' order.

        Raise EncodingError, naming the first text's position, where the network's output is not finite.
        """
        return self._texts.encode(texts, prefix=self._document_prefix)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode n query texts likewise, with the query prefix instead of the document prefix."""
        return self._texts.encode(texts, prefix=self._query_prefix)


def _choose(option: str | None, found: str) -> str:
    return found if option is None else option


def _make_fingerprint(**parts: object) -> str:
    # The dtype is the one asked for: under `auto`, workers with and without a GPU share a space knowingly.
    return "transformer-" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
