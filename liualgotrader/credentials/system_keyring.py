"""Keys in the keyring of the user's desktop or operating system: an extra, `pip install liualgotrader[keyring]`."""

from __future__ import annotations

from types import ModuleType

from liualgotrader.common.errors import ConfigError

SERVICE = "liualgotrader"
_INSTALL = "pip install 'liualgotrader[keyring]'"


class SystemKeyring:
    """What is kept under the service `liualgotrader`, by the names of the variables.

    The library is imported when it is first needed: it asks the desktop what there is.
    """

    def __init__(self) -> None:
        self.trouble = ""

    def __str__(self) -> str:
        return "the system keyring" + (f" ({self.trouble})" if self.trouble else "")

    def get(self, name: str) -> str | None:
        """Return what is kept, None when nothing is or there is no keyring; `trouble` then says why not."""
        try:
            keyring = self._library()
        except ConfigError as exc:
            self.trouble = str(exc)
            return None
        try:
            found: str | None = keyring.get_password(SERVICE, name)
        except keyring.errors.KeyringError as exc:
            self.trouble = _words(exc)
            return None
        return found

    def set(self, name: str, value: str) -> None:
        """Keep a value. Raises ConfigError when there is no keyring, or it is locked."""
        keyring = self._library()
        try:
            keyring.set_password(SERVICE, name, value)
        except keyring.errors.KeyringError as exc:
            raise ConfigError(f"the system keyring did not take it: {_words(exc)}") from None

    def remove(self, name: str) -> bool:
        """Forget a value; False when there was none. Raises ConfigError."""
        keyring = self._library()
        try:
            if keyring.get_password(SERVICE, name) is None:
                return False
            keyring.delete_password(SERVICE, name)
        except keyring.errors.KeyringError as exc:
            raise ConfigError(f"the system keyring did not give it up: {_words(exc)}") from None
        return True

    def _library(self) -> ModuleType:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            raise ConfigError(f"keyring is not installed: {_INSTALL}") from None
        return keyring


def _words(exc: Exception) -> str:
    """Say what is wrong. Not in the library's words, which may be a traceback's length, but for its kind."""
    kind = type(exc).__name__
    if kind == "NoKeyringError":
        return "this machine has no keyring that can be used; use the environment or a .env file"
    if kind == "KeyringLocked":
        return "it is locked; unlock it and try again"
    return kind
