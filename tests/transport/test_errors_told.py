"""The errors among what is said to a client."""

from toolboxai.protocol import codec
from toolboxai.transport.errors_told import errors_in


def test_a_refused_subscribe_is_one_error_with_its_channel() -> None:
    detail = {"type": "AuthError", "error": "no", "status": 401}
    said = [
        codec.encode_error("no"),
        codec.encode_message("pusher:subscription_error", detail, "private-a"),
        codec.encode_error("Client event rejected due to rate limit", 4301),
        codec.encode_message("pusher:pong", {}),
    ]
    assert errors_in(said) == [
        {"code": 401, "reason": "no", "channel": "private-a"},
        {"code": 4301, "reason": "Client event rejected due to rate limit"},
    ]


def test_so_are_those_of_the_old_sockets() -> None:
    told = b'{"type":"error","data":{"error_code":"CONFLICT","message":"no"},"timestamp":"now"}'
    assert errors_in([told, b'{"type":"pong","timestamp":"now"}']) == [{"code": "CONFLICT", "reason": "no"}]
