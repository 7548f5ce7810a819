"""Making, changing and removing the apps that the database keeps."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.apps.stored import AppStore, Revocation, StoredApp, StoredKey
from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound, ValidationError
from toolboxai.ids import Dice, new_token

__all__ = ["KEYS", "NAME_CHARS", "AppRegistrar"]

KEYS: Final = 10  # active at once; a rotation needs two
NAME_CHARS: Final = 200

_KEY_BITS: Final = 100  # public, but not to be guessed: it lets a stranger in on public channels
_SECRET_BITS: Final = 256  # as many as the digest has

# What an entry of the file says of an app, and here is made by us or has a place of its own.
_NOT_SETTINGS: Final = {
    "id": "an app's id never changes",
    "name": "the name stands beside the settings",
    "enabled": "whether it is enabled stands beside the settings",
    "key": "keys are made by the server; ask for another pair",
    "secret": "keys are made by the server; ask for another pair",
    "keys": "keys are made by the server; ask for another pair",
}


class AppRegistrar:
    """Checks each change before the store takes it. Nothing here makes a running server take it up.

    Args:
        store: keeps the apps.
        parse: the app that a server would serve; raises ValidationError with ``fields`` for settings that do not hold.
        configured: the apps of the settings file, which go before those of the store.
        clock: for the times of changes.
        dice: for ids, keys and secrets; must be unpredictable in production.
    """

    def __init__(
        self,
        store: AppStore,
        *,
        parse: Callable[[StoredApp], App],
        configured: Callable[[], AppRegistry],
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._parse = parse
        self._configured = configured
        self._clock = clock
        self._dice = dice

    async def create(
        self, settings: Mapping[str, Any], *, name: str = "", app_id: str | None = None, enabled: bool = True
    ) -> StoredApp:
        """Make an app with one key pair.

        Args:
            settings: as an ``[[apps]]`` entry of the file would have them.
            name: for people.
            app_id: digits; made here when None.
            enabled: whether clients may connect at once.

        Raises:
            ValidationError: a setting, the id or the name does not hold.
            Conflict: the id is taken.
        """
        now = self._clock.now()
        app = StoredApp(app_id or self._new_id(), name, {}, enabled, (self._new_key(now),), now, now)
        app = self._checked(app, settings)
        if self._configured().by_id(app.id) is not None:
            raise Conflict(f"the settings file has an app {app.id}; choose another id")
        await self._store.add(app)
        return app

    async def change(
        self,
        app_id: str,
        settings: Mapping[str, Any],
        *,
        name: str | None = None,
        enabled: bool | None = None,
    ) -> StoredApp:
        """Change what is named, and leave the rest.

        Args:
            app_id: which.
            settings: new values; None puts a setting back to its default.
            name: None leaves it.
            enabled: None leaves it.

        Raises:
            ResourceNotFound: there is no such app.
            Conflict: it stands in the settings file.
            ValidationError: a setting or the name does not hold.
        """
        app = await self._found(app_id)
        app = replace(
            app,
            name=app.name if name is None else name,
            enabled=app.enabled if enabled is None else enabled,
            updated_at=self._clock.now(),
        )
        app = self._checked(app, settings)
        if not await self._store.put(app):
            raise _unknown(app_id)
        return app

    async def remove(self, app_id: str) -> None:
        """Forget an app and its keys.

        Raises:
            ResourceNotFound: there is no such app.
            Conflict: it stands in the settings file.
        """
        await self._found(app_id)
        if not await self._store.remove(app_id):
            raise _unknown(app_id)

    async def add_key(self, app_id: str) -> AppKey:
        """Make one more key pair; the oldest goes on to sign what we send.

        Raises:
            ResourceNotFound: there is no such app.
            Conflict: it stands in the settings file, or has as many keys as are allowed.
        """
        app = await self._found(app_id)
        if len(app.keys) >= KEYS:
            raise Conflict(
                f"app {app_id} has {KEYS} active keys, more are not allowed; revoke one that nobody uses"
            )
        key = self._new_key(self._clock.now())
        if not await self._store.add_key(app_id, key):
            raise _unknown(app_id)
        return key.pair

    async def revoke_key(self, app_id: str, key: str) -> None:
        """End one key.

        Raises:
            ResourceNotFound: there is no such app, or no such active key of it.
            Conflict: the app stands in the settings file, or this is its last key.
        """
        await self._found(app_id)
        done = await self._store.revoke_key(app_id, key, now=self._clock.now())
        if done is Revocation.LAST:
            raise Conflict(
                f"{key} is the last active key of app {app_id}: make another first, or disable the app"
            )
        if done is Revocation.UNKNOWN:
            raise ResourceNotFound(f"app {app_id} has no active key {key}")

    async def _found(self, app_id: str) -> StoredApp:
        configured = self._configured()
        if configured.by_id(app_id) is not None:
            ours = " and is our own" if configured.own is not None and configured.own.id == app_id else ""
            raise Conflict(
                f"app {app_id} stands in the settings file or the environment{ours}; change it there, then reload",
                details={"source": "file"},
            )
        app = await self._store.app(app_id)
        if app is None:
            raise _unknown(app_id)
        return app

    def _checked(self, app: StoredApp, settings: Mapping[str, Any]) -> StoredApp:
        fields = {name: _NOT_SETTINGS[name] for name in settings if name in _NOT_SETTINGS}
        if len(app.name) > NAME_CHARS:
            fields["name"] = f"it has {len(app.name)} characters, at most {NAME_CHARS} are allowed"
        if fields:
            told = "; ".join(f"{name}: {text}" for name, text in fields.items())
            raise ValidationError(told, details={"fields": fields})
        app = app.with_settings(settings)
        self._parse(app)
        return app

    def _new_id(self) -> str:
        return str(1_000_000_000 + self._dice.getrandbits(33))

    def _new_key(self, now: float) -> StoredKey:
        key, secret = (new_token(self._dice, bits=bits) for bits in (_KEY_BITS, _SECRET_BITS))
        return StoredKey(AppKey(key, secret), now)


def _unknown(app_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"there is no app {app_id} in the database")
