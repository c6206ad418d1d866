"""The peers: other libraries, each in a virtual environment of its own, since their pins clash with ours."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent / "peer_scripts"
_READY = ".ready"


@dataclass(frozen=True, slots=True)
class Peer:
    """One library. Requirements in order, each line one call of pip; models by the protocols that suit them."""

    name: str
    script: str
    requirements: tuple[str, ...]
    ranking: tuple[str, ...] = ()
    next_item: tuple[str, ...] = ()
    rating: tuple[str, ...] = ()

    def list_models(self, protocol: str) -> tuple[str, ...]:
        """Return the models that are held against ours under a protocol."""
        return {"next-item": self.next_item, "rating": self.rating}.get(protocol, self.ranking)


class PeerUnavailable(Exception):
    """The peer cannot be installed here; the message says why."""


def _torch() -> str:
    """Ask for the release of torch that we have ourselves: the index that gave us ours gives the same build."""
    try:
        return f"torch=={version('torch').partition('+')[0]}"
    except PackageNotFoundError:
        return "torch"


def list_peers() -> tuple[Peer, ...]:
    """Return every peer that ``--peers`` runs."""
    return (
        Peer(
            name="implicit",
            script="implicit_script.py",
            requirements=("implicit>=0.7.3",),
            ranking=("als", "bpr", "bm25", "cosine"),
            next_item=("als", "bm25"),
        ),
        Peer(
            name="lenskit",
            script="lenskit_script.py",
            requirements=(_torch(), "lenskit>=2025.8,<2026"),
            ranking=("item_knn", "ease", "als"),
            next_item=("ease",),
            rating=("bias", "item_knn_ratings", "biased_mf"),
        ),
        Peer(
            name="rectools",
            script="rectools_script.py",
            requirements=(_torch(), "rectools[torch]>=0.19"),
            ranking=("ease", "pure_svd"),
            next_item=("sasrec",),
        ),
        Peer(
            name="recbole",
            script="recbole_script.py",
            requirements=(_torch(), "recbole==1.2.1 numpy<2 pandas<3 scipy<1.13 setuptools<81"),
            ranking=("bpr", "lightgcn"),
            next_item=("sasrec", "gru4rec"),
        ),
    )


def install_peer(peer: Peer, cache: Path, *, tell: Callable[[str], None], pip: tuple[str, ...] = ("pip>=26",)) -> Path:
    """Return the Python of the peer's environment below ``cache``, made if it is not there or is for other needs.

    pip itself comes first, as ``pip`` asks for it, and runs with the user's own configuration. Raise
    PeerUnavailable with the end of what it said.
    """
    folder = cache / peer.name
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    digest = hashlib.sha256("\n".join((sys.version, *peer.requirements)).encode()).hexdigest()
    ready = folder / _READY
    if ready.exists() and ready.read_text("ascii") == digest:
        return python
    tell(f"{peer.name}: installing into {folder} (once, some minutes)")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _call(peer, [sys.executable, "-m", "venv", str(folder)])
    for line in (*pip, *peer.requirements):
        _call(peer, [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *line.split()])
    ready.write_text(digest, "ascii")
    return python


def _call(peer: Peer, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise PeerUnavailable(f"{peer.name} does not install: {' / '.join(said[-2:]) or done.returncode}")
