"""One app: its keys and what is kept for it."""

from toolboxai.apps.app import App, AppKey, HistoryRule

APP = App(
    id="3",
    keys=(AppKey("old", "s1"), AppKey("new", "s2")),
    history=(HistoryRule("*content-generation-*", 50, 600), HistoryRule("private-*", 5, 60)),
)


def test_the_oldest_key_is_the_one_to_hand_out_and_every_key_has_its_secret() -> None:
    assert APP.key == "old"
    assert dict(APP.secrets) == {"old": "s1", "new": "s2"}


def test_secrets_are_not_shown() -> None:
    assert "s1" not in repr(APP)
    assert "s1" not in repr(APP.keys)


def test_the_first_rule_that_fits_the_whole_name_counts() -> None:
    assert APP.history_rule("private-content-generation-7") is APP.history[0]
    assert APP.history_rule("content-generation-7") is APP.history[0]
    assert APP.history_rule("private-a") is APP.history[1]
    assert APP.history_rule("a-private-b") is None
    assert APP.history_rule("Content-Generation-7") is None
