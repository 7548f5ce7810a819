"""``[legacy]``: which endpoint is in which mode, with which dates and brown-outs, and what is refused."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from toolboxai import __released__
from toolboxai.config import Configuration, load_configuration
from toolboxai.config.leaves import leaves, shown
from toolboxai.errors import ConfigError
from toolboxai.legacy.deprecation import Mode, Policy
from toolboxai.legacy.endpoints import EndpointName

ENVIRON = {
    "PUSHER_APP_ID": "3",
    "PUSHER_KEY": "school-key",
    "PUSHER_SECRET": "school-secret",
    "TOOLBOXAI_JWT_SECRET": "j" * 32,
}
CONTENT, ROBLOX, PLUGIN, AGENT, NATIVE = EndpointName

Load = Callable[..., Configuration]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str = "", **environ: str) -> Configuration:
        file = tmp_path / "toolboxai.toml"
        file.write_text(text)
        return load_configuration({**ENVIRON, **environ}, file=file)

    return load


@pytest.fixture
def policies(load: Load) -> Callable[..., dict[EndpointName, Policy]]:
    return lambda text="", **environ: load(text, **environ).settings.legacy.policies()


Policies = Callable[..., dict[EndpointName, Policy]]


def modes(found: dict[EndpointName, Policy]) -> list[str]:
    return [found[name].mode.value for name in EndpointName]


def fault(load: Load, text: str = "", **environ: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load(text, **environ)
    (told,) = refused.value.faults
    return told


# ---- modes --------------------------------------------------------------------------------------------------


def test_all_warn_where_nobody_says_anything(policies: Policies) -> None:
    assert modes(policies()) == ["warn"] * 5


def test_the_file_sets_all_of_them_and_each(policies: Policies) -> None:
    text = '[legacy]\nmode = "off"\n[legacy.endpoints.agent]\nmode = "on"\n[legacy.endpoints.native]\nmode = "warn"'
    assert modes(policies(text)) == ["off", "off", "off", "on", "warn"]


def test_the_environment_beats_what_the_file_sets_for_all_and_an_entry_of_its_own_beats_both(
    policies: Policies,
) -> None:
    text = '[legacy]\nmode = "on"\n[legacy.endpoints.content]\nmode = "warn"'
    assert modes(policies(text, TOOLBOXAI_LEGACY_MODE="off")) == ["warn", "off", "off", "off", "off"]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_variable_alone_sets_all(policies: Policies, mode: Mode) -> None:
    assert modes(policies(TOOLBOXAI_LEGACY_MODE=mode.value)) == [mode.value] * 5


# ---- dates --------------------------------------------------------------------------------------------------


def test_there_is_always_a_sunset_half_a_year_after_the_release(policies: Policies) -> None:
    released = date.fromisoformat(__released__)
    for policy in policies().values():
        assert policy.deprecated.rfc3339 == f"{released}T00:00:00Z"
        assert policy.sunset.rfc3339 == f"{released + timedelta(days=180)}T00:00:00Z"
        assert policy.sunset.unix - policy.deprecated.unix == 180 * 86400


def test_a_day_begins_in_utc_and_is_written_as_http_writes_dates(policies: Policies) -> None:
    policy = policies("[legacy]\ndeprecated = 2026-12-01\nsunset = 2027-02-03")[CONTENT]
    assert policy.deprecated == (1_796_083_200, "Tue, 01 Dec 2026 00:00:00 GMT", "2026-12-01T00:00:00Z")
    assert policy.sunset == (1_801_612_800, "Wed, 03 Feb 2027 00:00:00 GMT", "2027-02-03T00:00:00Z")


def test_the_environment_has_the_sunset_of_all_and_an_entry_its_own(policies: Policies) -> None:
    text = "[legacy]\nsunset = 2028-01-01\n[legacy.endpoints.roblox]\nsunset = 2029-01-01"
    found = policies(text, TOOLBOXAI_LEGACY_SUNSET="2030-01-01")
    assert [found[name].sunset.rfc3339[:4] for name in (CONTENT, ROBLOX)] == ["2030", "2029"]


def test_a_sunset_before_the_release_tells_of_a_deprecation_that_began_by_then(policies: Policies) -> None:
    found = policies("[legacy]\nsunset = 2025-06-30\n[legacy.endpoints.agent]\nsunset = 2030-01-01")
    assert found[CONTENT].deprecated == found[CONTENT].sunset
    assert found[AGENT].deprecated.rfc3339 == f"{__released__}T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[legacy]\ndeprecated = 2027-01-02\nsunset = 2027-01-01", "sunset"),
        (
            "[legacy]\ndeprecated = 2027-01-02\n[legacy.endpoints.plugin]\nsunset = 2027-01-01",
            "endpoints.plugin.sunset",
        ),
    ],
)
def test_nothing_goes_before_it_is_deprecated(load: Load, text: str, name: str) -> None:
    told = fault(load, text)
    assert (
        f"{name} is 2027-01-01, before the day since which the endpoints are deprecated, 2027-01-02" in told
    )


@pytest.mark.parametrize(
    "value", ["20270521", "2027-05-21T00:00:00Z", "'21 May 2027'", "'2027-02-30'", "true", "0001-01-01"]
)
def test_a_date_is_a_date(load: Load, value: str) -> None:
    assert fault(load, f"[legacy]\nsunset = {value}").startswith("toolboxai.toml: legacy.sunset: ")


# ---- brown-outs ---------------------------------------------------------------------------------------------

WINDOW = "{ from = 2027-03-01T09:00:00+01:00, to = 2027-03-01T10:00:00+01:00 }"
OTHER = '{ from = "2027-04-01T09:00:00Z", to = "2027-04-01T09:00:01Z" }'


def test_brownouts_are_for_all_but_for_those_that_have_their_own(policies: Policies) -> None:
    found = policies(
        f"[legacy]\nbrownouts = [{WINDOW}]\n"
        f"[legacy.endpoints.content]\nbrownouts = [{OTHER}]\n[legacy.endpoints.agent]\nbrownouts = []"
    )
    (window,) = found[ROBLOX].brownouts
    assert (window.start.rfc3339, window.end.rfc3339) == ("2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z")
    assert window.end.unix - window.start.unix == 3600
    (own,) = found[CONTENT].brownouts
    assert own.start.rfc3339 == "2027-04-01T09:00:00Z"
    assert found[AGENT].brownouts == ()


@pytest.mark.parametrize(
    ("window", "told"),
    [
        (
            "{ from = 2027-03-01T09:00:00Z, to = 2027-03-01T09:00:00Z }",
            "a brown-out ends after it began, and this one is from 2027-03-01T09:00:00+00:00 to 2027-03-01T09:00:00",
        ),
        ("{ from = 2027-03-01T09:00:00Z, to = 2027-03-01T09:30:00+01:00 }", "ends after it began"),
        (
            "{ from = 2027-03-01T09:00:00, to = 2027-03-02T09:00:00Z }",
            "with its offset from UTC is needed, such as 2027-03-01T09:00:00Z, not 2027-03-01 09:00:00",
        ),
        ("{ from = 2027-03-01, to = 2027-03-02T09:00:00Z }", "with its offset from UTC is needed"),
        ("{ from = 1, to = 2 }", "with its offset from UTC is needed"),
        ("{ from = 'soon', to = 2027-03-02T09:00:00Z }", "'soon' is not a date and time"),
        ("{ from = 2027-03-01T09:00:00Z }", "brownouts.0.to: it is missing"),
    ],
)
def test_a_brownout_that_cannot_be_is_refused(load: Load, window: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(f"[legacy]\nbrownouts = [{window}]")
    assert told in refused.value.faults[0]


@pytest.mark.parametrize("mode", ["on", "off"])
def test_brownouts_of_an_endpoint_that_has_none_are_refused(load: Load, mode: str) -> None:
    told = fault(load, f'[legacy.endpoints.content]\nmode = "{mode}"\nbrownouts = [{OTHER}]')
    assert f"brownouts are for the mode 'warn', and this endpoint's is '{mode}'" in told


def test_they_are_shown_as_they_are_written(load: Load) -> None:
    settings = load(f"[legacy]\nbrownouts = [{WINDOW}]").settings
    values = {leaf.path: shown(leaf.value) for leaf in leaves(settings)}
    assert values["legacy.brownouts"] == [
        {"from": "2027-03-01T09:00:00+01:00", "to": "2027-03-01T10:00:00+01:00"}
    ]


# ---- the rest -----------------------------------------------------------------------------------------------


def test_the_limits_are_those_of_the_guide_and_can_be_raised(load: Load) -> None:
    limits = load().settings.legacy.limits
    assert (limits.connections_per_user, limits.connections_per_ip) == (10, 50)
    assert (limits.messages_per_minute, limits.auth_attempts_per_minute) == (100, 5)
    raised = load("[legacy.limits]\nconnections_per_ip = 5000").settings.legacy.limits
    assert (raised.connections_per_user, raised.connections_per_ip) == (10, 5000)


@pytest.mark.parametrize(
    "name",
    ["connections_per_user", "connections_per_ip", "messages_per_minute", "auth_attempts_per_minute"],
)
@pytest.mark.parametrize("value", ["0", "-1", "true", "1.5"])
def test_no_limit_can_be_left_out(load: Load, name: str, value: str) -> None:
    assert f"legacy.limits.{name}: " in fault(load, f"[legacy.limits]\n{name} = {value}")


def test_the_notice_and_the_conflict_of_sessions(load: Load) -> None:
    legacy = load().settings.legacy
    assert (legacy.notice, legacy.session_conflict) == (False, "replace")
    legacy = load('[legacy]\nnotice = true\nsession_conflict = "reject"').settings.legacy
    assert (legacy.notice, legacy.session_conflict) == (True, "reject")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[legacy]\nmode = 'brownout'", "got 'brownout'; input should be 'on', 'warn' or 'off'"),
        ("[legacy]\nsession_conflict = 'newest'", "input should be 'replace' or 'reject'"),
        ("[legacy.endpoints.contents]\nmode = 'off'", "'content', 'roblox', 'plugin', 'agent' or 'native'"),
        ("[legacy.endpoints.content]\nmood = 'off'", "'mood' is not a setting; did you mean 'mode'?"),
        (
            "[legacy]\nbrownouts = [{ from = 2027-03-01T09:00:00Z, too = 2027-03-01T10:00:00Z }]",
            "did you mean 'to'?",
        ),
    ],
)
def test_what_is_not_known_is_told_with_what_is(load: Load, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(text)
    assert any(told in each for each in refused.value.faults), refused.value.faults
