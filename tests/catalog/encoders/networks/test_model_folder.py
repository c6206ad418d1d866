"""Where a model's files come from, and the digest that stands for them."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from catalog.encoders import EncoderUnavailable
from catalog.encoders.networks import model_folder
from catalog.encoders.networks.model_folder import digest_file, digest_folders, find_model_folder
from catalog.encoders.transformer import TransformerEncoder

Build = Callable[..., Path]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def test_a_folder_is_itself(tmp_path: Path) -> None:
    assert find_model_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("model", ["./missing", "/missing/model", "~/missing"])
def test_a_path_without_a_folder_is_not_looked_for_on_the_hub(model: str) -> None:
    with pytest.raises(EncoderUnavailable, match="no folder"):
        find_model_folder(model)


@pytest.mark.parametrize("model", ["someone/model", "bert-base-uncased", "a/b/c", "", "bad name!"])
def test_an_id_that_is_neither_here_nor_valid_says_what_to_do(model: str) -> None:
    with pytest.raises(EncoderUnavailable, match="copy the model here and give its folder"):
        find_model_folder(model)


def test_a_cached_snapshot_of_the_hub_is_used_offline(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "hub" / "models--someone--model"
    snapshot = cache / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    assert find_model_folder("someone/model") == snapshot
    assert find_model_folder("someone/model", revision=commit) == snapshot
    with pytest.raises(EncoderUnavailable):
        find_model_folder("someone/model", revision="other")


def test_pickled_weights_are_never_loaded(build_model: Build) -> None:
    folder = build_model("bert")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match="no safetensors weights"):
        TransformerEncoder(TransformerEncoder.Options(model=str(folder)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "),
        ("model.safetensors", b"cut short"),
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "unheard-of"}'),
        ("tokenizer.json", b"{}"),
    ],
    ids=["no weights in it", "truncated weights", "broken configuration", "unknown architecture", "broken tokenizer"],
)
def test_a_damaged_folder_is_named(build_model: Build, name: str, content: bytes) -> None:
    folder = build_model("bert")
    (folder / name).write_bytes(content)
    with pytest.raises(EncoderUnavailable, match="bert-0"):
        TransformerEncoder(TransformerEncoder.Options(model=str(folder)))


def test_code_that_comes_with_a_model_is_not_run(build_model: Build, tmp_path: Path) -> None:
    folder = build_model("bert")
    (folder / "config.json").write_text('{"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}')
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass\n")
    with pytest.raises(EncoderUnavailable):
        TransformerEncoder(TransformerEncoder.Options(model=str(folder)))
    assert not (tmp_path / "ran").exists()


def test_a_file_of_usual_size_has_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"weights")
    assert digest_file(tmp_path / "a") == hashlib.sha256(b"weights").hexdigest()


def test_a_huge_file_is_sampled_from_its_first_byte_to_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_folder, "_WHOLE_FILE", 1000)
    monkeypatch.setattr(model_folder, "_BLOCK", 16)
    content = bytes(20_000)
    variants = [content, b"\x01" + content[1:], content[:-1] + b"\x01", content + b"\x00"]
    for index, variant in enumerate(variants):
        (tmp_path / str(index)).write_bytes(variant)
    assert len({digest_file(tmp_path / str(index)) for index in range(4)}) == 4


def test_a_changed_file_gets_another_digest_in_the_same_process(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = digest_folders([tmp_path])
    (tmp_path / "README.md").write_text("nothing that counts")
    assert digest_folders([tmp_path]) == before
    (tmp_path / "config.json").write_text('{"a": 1}')
    assert digest_folders([tmp_path]) != before
