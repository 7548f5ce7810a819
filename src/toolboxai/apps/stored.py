"""Apps that the database keeps, beside those of the settings file. The other end is ``adapters.database.apps``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol

from toolboxai.apps.app import AppKey

__all__ = ["AppStore", "Revocation", "StoredApp", "StoredKey"]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An active key and since when it is one, in Unix seconds."""

    pair: AppKey
    created_at: float


@dataclass(frozen=True, slots=True)
class StoredApp:
    """One app, as it is kept. Times are Unix seconds.

    Args:
        id: digits.
        name: for people; may be empty.
        settings: what an ``[[apps]]`` entry of the file could say, without id, keys and ``enabled``.
        enabled: whether clients may connect.
        keys: active ones, oldest first.
        created_at: when it was made.
        updated_at: when anything of it was last changed.
    """

    id: str
    name: str
    settings: Mapping[str, Any]
    enabled: bool
    keys: tuple[StoredKey, ...] = field(repr=False)
    created_at: float
    updated_at: float

    def with_settings(self, changes: Mapping[str, Any]) -> "StoredApp":
        """The app with these settings instead; None puts a setting back to its default."""
        merged = {**self.settings, **changes}
        return replace(self, settings={name: value for name, value in merged.items() if value is not None})


class Revocation(Enum):
    """What became of a key that is to be good no more."""

    REVOKED = "revoked"
    LAST = "last"  # the app would be left without a key
    UNKNOWN = "unknown"


class AppStore(Protocol):
    """Apps and their keys. A revoked key stays known, so that it is never anyone's again."""

    async def apps(self) -> Sequence[StoredApp]:
        """All apps, oldest first."""
        ...

    async def app(self, app_id: str) -> StoredApp | None:
        """The app with this id."""
        ...

    async def add(self, app: StoredApp) -> None:
        """Keep a new app with its keys.

        Raises:
            Conflict: the id, or a key, is taken.
        """
        ...

    async def put(self, app: StoredApp) -> bool:
        """Change name, settings and whether it is enabled to what they are here; False when it is not there."""
        ...

    async def remove(self, app_id: str) -> bool:
        """Forget an app with all its keys; False when it is not there."""
        ...

    async def add_key(self, app_id: str, key: StoredKey) -> bool:
        """Keep one more active key, the youngest; False when the app is not there.

        Raises:
            Conflict: the key is taken.
        """
        ...

    async def revoke_key(self, app_id: str, key: str, *, now: float) -> Revocation:
        """End one key; of two that try at once for the last two, one fails."""
        ...
