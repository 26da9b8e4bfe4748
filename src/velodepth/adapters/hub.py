"""Files from the Hugging Face hub, in its own cache: fetched once a machine, whoever asks first.

The cache locks each file while it is fetched, so that many processes that ask at once wait for the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import VeloDepthError


def fetch(repository: str, revision: str | None, patterns: Sequence[str]) -> Path:
    """The folder of a repository's files whose names fit `patterns`, fetched or from the cache.

    repository: "owner/name". revision: a commit, tag or branch; None: what the hub calls main now. A commit
    that is in the cache needs no network, and of another revision what was fetched last is taken without one.
    Raises VeloDepthError without huggingface_hub, or where the files are not to be had.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise VeloDepthError(
            f"{repository} is fetched with {error.name}: run  pip install huggingface_hub"
        ) from error
    at = f"{repository}@{revision}" if revision else repository
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(patterns)))
    except (OSError, HfHubHTTPError, ValueError) as error:  # OSError: no network, no space, not in the cache
        raise VeloDepthError(
            f"{at} could not be fetched from huggingface.co ({type(error).__name__}): check the name and the "
            "network, or download the repository elsewhere and give its folder"
        ) from error


def licence_of(folder: Path) -> str:
    """What the head of the repository's README.md calls its licence."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
    except OSError:
        return UNKNOWN
    head = text.split("---")[1] if text.startswith("---") else ""
    line = next((line for line in head.splitlines() if line.startswith("license:")), "")
    return line.partition(":")[2].strip().strip("\"'") or UNKNOWN


UNKNOWN = "a licence not told"
