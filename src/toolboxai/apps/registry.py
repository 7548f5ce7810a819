"""The apps of this server, looked up by id and by key."""

from collections.abc import Iterable, Iterator

from toolboxai.apps.app import App

__all__ = ["AppRegistry"]


class AppRegistry:
    """All apps; `own` is the one to which the application itself publishes, if there is any.

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

    def by_id(self, app_id: str) -> App | None:
        """The app with this id."""
        return self._by_id.get(app_id)

    def by_key(self, key: str) -> App | None:
        """The app that one of whose active keys this is."""
        return self._by_key.get(key)

    def __iter__(self) -> Iterator[App]:
        return iter(self._by_id.values())
