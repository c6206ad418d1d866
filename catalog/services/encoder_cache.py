"""Built encoders, kept in a worker's process: loading weights takes seconds."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.conf import get_conf
from catalog.encoders import Encoder, EncoderUnavailable, FloatMatrix, encoders
from catalog.extensions import OptionError, RegistryError, describe_fault, load_options


class SharedEncoder:
    """An encoder that threads share: it encodes one batch at a time, as torch takes all cores for one."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self.dimensions = encoder.dimensions
        self.fingerprint = encoder.fingerprint

    def encode_documents(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode as the encoder does, once no other thread is at it."""
        with self._lock:
            return self._encoder.encode_documents(texts)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode as the encoder does, once no other thread is at it."""
        with self._lock:
            return self._encoder.encode_queries(texts)


_Key = tuple[type[Encoder], str]
_kept: OrderedDict[_Key, SharedEncoder] = OrderedDict()
_lock = threading.Lock()


def get_encoder(key: str, options: Mapping[str, Any]) -> SharedEncoder:
    """Return the encoder of this key and options, built if it is not kept; raise EncoderUnavailable.

    Spaces with the same encoder and options share one. Those not used for longest are let go.
    """
    try:
        component = encoders.get(key)
        checked = load_options(component.Options, options)
    except (RegistryError, OptionError) as error:
        raise EncoderUnavailable(f"encoder {key!r}: {error}") from error
    name: _Key = (component, json.dumps(options, sort_keys=True))
    with _lock:
        if name not in _kept:
            while len(_kept) >= get_conf().encoding.encoders_kept:
                _kept.popitem(last=False)
            _kept[name] = _build(key, component, checked)
        _kept.move_to_end(name)
        return _kept[name]


def _build(key: str, component: Any, options: Any) -> SharedEncoder:
    try:
        return SharedEncoder(component(options))
    except EncoderUnavailable:
        raise
    except Exception as error:  # a plug-in's encoder may raise anything
        raise EncoderUnavailable(f"encoder {key!r} cannot be built: {describe_fault(error)}") from error


def forget_encoders() -> None:
    """Let go of every encoder."""
    with _lock:
        _kept.clear()
