"""All apps, by id and by key."""

import pytest

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry

THREE = App(id="3", keys=(AppKey("k3", "s"), AppKey("k3-new", "s")))
FOUR = App(id="4", keys=(AppKey("k4", "s"),))


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
