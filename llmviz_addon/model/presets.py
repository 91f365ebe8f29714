"""The models that come with the extension: one TOML file each in `presets/models/`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .config import Config
from .errors import ConfigError
from .families import family

FOLDER = Path(__file__).resolve().parents[2] / "presets" / "models"


@dataclass(frozen=True)
class Preset:
    """A model that comes with the extension.

    Attributes
    ----------
    id, title, summary : str
        Its name in scripts, its name on screen, and one line for a tooltip.
    config : Config
    weights : Path or None
        The file with the numbers; None where only the architecture comes with us.
    vocabulary : tuple of str, or None
        The letter of each token.
    prompt : str
        A prompt to begin with; empty where none is proposed.
    """

    id: str
    title: str
    summary: str
    config: Config
    weights: Path | None
    vocabulary: tuple[str, ...] | None
    prompt: str

    @property
    def has_weights(self) -> bool:
        return self.weights is not None


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, the smallest model first.

    Raises
    ------
    ConfigError
        If a preset's file is not sound; the message names it.
    """
    found = [_read(path) for path in FOLDER.glob("*.toml")]
    return tuple(sorted(found, key=lambda preset: preset.config.n_parameters))


def _read(path: Path) -> Preset:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        vocabulary = raw.get("vocabulary")
        config = Config(**raw["config"])
        family(config.model_type)
        return Preset(
            id=raw["id"],
            title=raw["title"],
            summary=raw["summary"],
            config=config,
            weights=path.parent / raw["weights"] if "weights" in raw else None,
            vocabulary=None if vocabulary is None else tuple(vocabulary),
            prompt=raw.get("prompt", ""),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: is not a sound preset ({error})") from error
