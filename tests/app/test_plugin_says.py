"""What a plugin says in a client event, read."""

import pytest

from toolboxai.app.plugin_says import message_in
from toolboxai.platform.plugins.model import PluginMessage


@pytest.mark.parametrize(
    ("text", "data", "message_id"),
    [
        ('{"kind":"a"}', {"kind": "a"}, None),
        ('{"type":"plugin_event","data":{"kind":"a"}}', {"kind": "a"}, None),
        ('{"type":"plugin_event","data":{"kind":"a"},"message_id":"m-1"}', {"kind": "a"}, "m-1"),
        ('{"type":"ack","data":{"kind":"a"}}', {"type": "ack", "data": {"kind": "a"}}, None),
        ('{"type":"plugin_event","data":1}', {"type": "plugin_event", "data": 1}, None),
        ("[1]", {}, None),
        ('"text"', {}, None),
        ("no JSON", {}, None),
    ],
)
def test_data_alone_and_a_whole_message_are_told_apart(
    text: str, data: dict[str, object], message_id: str | None
) -> None:
    assert message_in("plugin_event", text) == PluginMessage(
        type="plugin_event", data=data, message_id=message_id
    )
