"""One app: its keys and what is kept for it."""

import pytest

from toolboxai.apps.app import App, AppKey, HistoryRule

APP = App(
    id="3",
    keys=(AppKey("old", "s1"), AppKey("new", "s2")),
    history=(HistoryRule("*content-generation-*", 50, 600), HistoryRule("private-*", 5, 60)),
)


def test_the_oldest_key_is_the_one_to_hand_out_and_every_key_has_its_secret() -> None:
    assert APP.key == "old"
    assert dict(APP.secrets) == {"old": "s1", "new": "s2"}


@pytest.mark.parametrize(
    "name", ["activity_timeout_s", "event_bytes", "presence_members", "cache_ttl_s", "client_events_per_s"]
)
def test_what_cannot_be_switched_off_is_above_nothing(name: str) -> None:
    for value in (0, -1):
        settings = {name: value}
        with pytest.raises(ValueError, match=f"{name} is {value}; it must be above 0"):
            App(id="3", keys=APP.keys, **settings)  # type: ignore[arg-type]  # a row of the table


def test_secrets_are_not_shown() -> None:
    assert "s1" not in repr(APP)
    assert "s1" not in repr(APP.keys)


def test_the_first_rule_that_fits_the_whole_name_counts() -> None:
    assert APP.history_rule("private-content-generation-7") is APP.history[0]
    assert APP.history_rule("content-generation-7") is APP.history[0]
    assert APP.history_rule("private-a") is APP.history[1]
    assert APP.history_rule("a-private-b") is None
    assert APP.history_rule("Content-Generation-7") is None
