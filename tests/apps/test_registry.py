"""All apps, by id and by key."""

from typing import Any

import pytest

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppChanges, AppRegistry
from toolboxai.errors import ConfigError

THREE = App(id="3", keys=(AppKey("k3", "s"), AppKey("k3-new", "s")))
FOUR = App(id="4", keys=(AppKey("k4", "s"),))


def make(app_id: str, **settings: Any) -> App:
    return App(id=app_id, keys=(AppKey(f"k{app_id}", "s"),), **settings)


def test_an_app_is_found_by_its_id_and_by_each_of_its_keys() -> None:
    apps = AppRegistry([THREE, FOUR], own=FOUR)
    assert (apps.by_id("3"), apps.by_key("k3"), apps.by_key("k3-new")) == (THREE, THREE, THREE)
    assert (apps.by_id("5"), apps.by_key("3")) == (None, None)
    assert apps.own is FOUR
    assert list(apps) == [THREE, FOUR]


def test_ids_and_keys_name_one_app() -> None:
    with pytest.raises(ValueError, match="two apps have the id '3'"):
        AppRegistry([THREE, App(id="3", keys=(AppKey("x", "s"),))])
    with pytest.raises(ValueError, match="two apps have the key 'k3'"):
        AppRegistry([THREE, App(id="5", keys=(AppKey("k3", "s"),))])


# ---- two lists ------------------------------------------------------------------------------------------------


def test_every_app_that_differs_stands_in_one_list() -> None:
    same, changed = make("1"), make("2")
    off, on, gone, new = make("3"), make("4", enabled=False), make("5"), make("6")
    before = AppRegistry([same, changed, off, on, gone])
    after = AppRegistry(
        [new, make("1"), make("2", event_bytes=7), make("3", enabled=False), make("4", event_bytes=7)]
    )
    changes = AppChanges.between(before, after)
    assert changes.ids() == {
        "added": ["6"],
        "changed": ["2"],
        "enabled": ["4"],
        "disabled": ["3"],
        "removed": ["5"],
    }
    assert {app.id: app for app in changes.altered} == {app.id: app for app in after if app.id in "234"}
    assert AppChanges.between(after, after) == AppChanges()


def test_a_new_secret_for_the_same_key_is_a_change() -> None:
    before, after = (AppRegistry([App(id="3", keys=(AppKey("k", secret),))]) for secret in ("old", "new"))
    assert AppChanges.between(before, after).ids()["changed"] == ["3"]


@pytest.mark.parametrize("other", [FOUR, None])
def test_which_app_is_ours_is_settled_at_the_start(other: App | None) -> None:
    before, after = AppRegistry([THREE, FOUR], own=THREE), AppRegistry([FOUR], own=other)
    with pytest.raises(ConfigError, match=r"instead of '3'; .* restart the server"):
        AppChanges.between(before, after)


def test_the_largest_event_of_all_apps_is_known() -> None:
    assert AppRegistry([make("1"), make("2", event_bytes=20_000)]).event_bytes_most == 20_000
    assert AppRegistry([]).event_bytes_most == 0
