"""The apps of this server, looked up by id and by key, and what differs between two lists of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolboxai.apps.app import App
from toolboxai.errors import ConfigError

__all__ = ["AppChanges", "AppRegistry"]


class AppRegistry:
    """All apps at one time; another list is another registry.

    Args:
        apps: all of them.
        own: the one of them to which the application itself publishes, if there is any.

    Attributes:
        event_bytes_most: of the app that allows the largest events.

    Raises:
        ValueError: two apps share an id or a key.
    """

    def __init__(self, apps: Iterable[App], *, own: App | None = None) -> None:
        self._by_id: dict[str, App] = {}
        self._by_key: dict[str, App] = {}
        for app in apps:
            if app.id in self._by_id:
                raise ValueError(f"two apps have the id {app.id!r}; an id names one app")
            self._by_id[app.id] = app
            for pair in app.keys:
                if pair.key in self._by_key:
                    raise ValueError(f"two apps have the key {pair.key!r}; a key belongs to one app")
                self._by_key[pair.key] = app
        self.own = own
        self.event_bytes_most = max((app.event_bytes for app in self._by_id.values()), default=0)

    def by_id(self, app_id: str) -> App | None:
        """The app with this id."""
        return self._by_id.get(app_id)

    def by_key(self, key: str) -> App | None:
        """The app that one of whose active keys this is."""
        return self._by_key.get(key)

    def __iter__(self) -> Iterator[App]:
        return iter(self._by_id.values())


@dataclass(frozen=True, slots=True)
class AppChanges:
    """What differs between two registries; every app that differs stands in one of the lists, as it is afterwards.

    Args:
        added: apps that were not there.
        changed: keys, limits or anything else of theirs.
        enabled: were disabled before, whatever else has changed.
        disabled: were enabled before, whatever else has changed.
        removed: apps that are no more, as they were.
    """

    added: tuple[App, ...] = ()
    changed: tuple[App, ...] = ()
    enabled: tuple[App, ...] = ()
    disabled: tuple[App, ...] = ()
    removed: tuple[App, ...] = ()

    @classmethod
    def between(cls, old: AppRegistry, new: AppRegistry) -> "AppChanges":
        """Compare them.

        Raises:
            ConfigError: another app would be our own; who publishes to it knows it by its id.
        """
        was, is_ = (None if apps.own is None else apps.own.id for apps in (old, new))
        if was != is_:
            raise ConfigError(
                [
                    f"our app would be {_named(is_)} instead of {_named(was)}; which app is ours (that of PUSHER_APP_ID, "
                    "else the first of [[apps]]) is settled at the start: put it back, or restart the server"
                ]
            )
        known = [(before, app) for app in new if (before := old.by_id(app.id)) is not None]
        differ = [(before, app) for before, app in known if before != app]
        return cls(
            added=tuple(app for app in new if old.by_id(app.id) is None),
            changed=tuple(app for before, app in differ if before.enabled == app.enabled),
            enabled=tuple(app for before, app in differ if before.enabled < app.enabled),
            disabled=tuple(app for before, app in differ if before.enabled > app.enabled),
            removed=tuple(app for app in old if new.by_id(app.id) is None),
        )

    @property
    def altered(self) -> tuple[App, ...]:
        """All apps that were there, are there, and differ."""
        return (*self.changed, *self.enabled, *self.disabled)

    def ids(self) -> dict[str, list[str]]:
        """The ids in each list, for logs and answers."""
        return {
            "added": [app.id for app in self.added],
            "changed": [app.id for app in self.changed],
            "enabled": [app.id for app in self.enabled],
            "disabled": [app.id for app in self.disabled],
            "removed": [app.id for app in self.removed],
        }


def _named(app_id: str | None) -> str:
    return "none" if app_id is None else repr(app_id)
