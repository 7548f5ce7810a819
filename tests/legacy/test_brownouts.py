"""The announced brown-outs of all endpoints together."""

from toolboxai.config.legacy_table import LegacyTable
from toolboxai.legacy.brownouts import all_brownouts
from toolboxai.legacy.endpoints import EndpointName

FIRST = {"from": "2027-06-01T09:00:00Z", "to": "2027-06-01T10:00:00Z"}
NEXT = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-01T12:00:00Z"}
LATER = {"from": "2027-07-01T09:00:00Z", "to": "2027-07-01T15:00:00Z"}


def found(**legacy: object) -> list[tuple[str, str, tuple[str, ...]]]:
    policies = LegacyTable.model_validate({"sunset": "2027-09-01", **legacy}).policies()
    return [(each.start.rfc3339, each.end.rfc3339, each.endpoints) for each in all_brownouts(policies)]


def test_windows_that_touch_are_one_and_the_earliest_comes_first() -> None:
    assert found(brownouts=[LATER, NEXT, FIRST]) == [
        ("2027-06-01T09:00:00Z", "2027-06-01T12:00:00Z", tuple(EndpointName)),
        ("2027-07-01T09:00:00Z", "2027-07-01T15:00:00Z", tuple(EndpointName)),
    ]


def test_endpoints_with_windows_of_their_own_stand_apart() -> None:
    assert found(
        brownouts=[LATER], endpoints={"native": {"brownouts": [FIRST]}, "agent": {"mode": "on"}}
    ) == [
        (FIRST["from"], FIRST["to"], ("native",)),
        (LATER["from"], LATER["to"], ("content", "roblox", "plugin")),
    ]


def test_modes_that_know_none_have_none() -> None:
    assert found(mode="on", brownouts=[FIRST]) == []
    assert found(mode="off", brownouts=[FIRST]) == []
    assert found() == []
