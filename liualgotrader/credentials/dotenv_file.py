"""Keys from a `.env` file. Only values that are asked for are taken; nothing is put into the environment."""

from __future__ import annotations

import stat
from pathlib import Path

from dotenv import dotenv_values

from liualgotrader.common.errors import ConfigError


class DotenvFile:
    """One file, read when it is first asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._values: dict[str, str | None] | None = None

    def __str__(self) -> str:
        return str(self.path)

    def get(self, name: str) -> str | None:
        """Return a value as it stands there: `$` is a character like any other. Raises ConfigError."""
        if self._values is None:
            self._values = self._read()
        return self._values.get(name)

    def _read(self) -> dict[str, str | None]:
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise ConfigError(f"{self.path} cannot be read: {exc.strerror}") from exc
        if not stat.S_ISREG(mode):
            raise ConfigError(f"{self.path} is no file of lines NAME=value")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            self.warnings.append(f"{self.path} is open to other users: chmod 600 {self.path}")
        try:
            return dotenv_values(self.path, interpolate=False, encoding="utf-8-sig")
        except OSError as exc:
            raise ConfigError(f"{self.path} cannot be read: {exc.strerror}") from exc
        except UnicodeDecodeError:
            # The error holds the file's bytes; it ends here.
            raise ConfigError(f"{self.path} is no text in UTF-8: write it anew") from None
