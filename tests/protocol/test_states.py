"""The tables of states hold together."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import pytest

from toolboxai.protocol.states import CONNECTION, IDENTITY, SUBSCRIPTION, Step, draw

TABLES: list[Mapping[Any, Mapping[Step, Any]]] = [CONNECTION, IDENTITY, SUBSCRIPTION]


@pytest.mark.parametrize("table", TABLES, ids=["connection", "identity", "subscription"])
def test_every_state_stands_in_its_table_and_can_be_reached(table: Mapping[Any, Mapping[Step, Any]]) -> None:
    first = next(iter(table))
    assert isinstance(first, Enum)
    assert set(table) == set(type(first))
    reached, new = {first}, [first]
    while new:
        after = set(table[new.pop()].values()) - reached
        reached |= after
        new += after
    assert reached == set(table)


def test_every_step_is_taken_somewhere() -> None:
    assert {step for table in TABLES for steps in table.values() for step in steps} == set(Step)


def test_the_drawing_begins_at_the_first_state_and_ends_where_no_step_leads_on() -> None:
    lines = draw(CONNECTION).splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> open"]
    assert "    probed --> open: anything is heard" in lines
    assert lines[-1] == "    closing --> [*]"
