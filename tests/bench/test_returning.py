"""Who comes back waits for no place that another has given up."""

import json
from types import SimpleNamespace
from typing import cast

from bench.bystander import Bystander
from bench.returning import Client, Clients, Line


class Places(Clients):
    """Dials nobody."""

    def _dial(self, client: Client, request: bytes) -> Line:
        return cast(Line, SimpleNamespace(client=client, request=request, heard=bytearray()))

    def _hang_up(self, line: Line | None) -> None: ...

    def say(self, client: Client, message: dict[str, str]) -> None:
        self._frame(client, 1, json.dumps(message).encode())

    def refuse(self, client: Client) -> None:
        self._authorised(client, bytearray(b'HTTP/1.1 403 Forbidden\r\n\r\n{"no":1}'))


def test_a_refused_authorisation_gives_its_place_to_the_next() -> None:
    places = Places(1, cast(Bystander, None), asking_at_once=1)
    first, second = (Client("127.0.0.1", b"", b"POST\r\n", "private-a") for _ in range(2))
    greeting = {"event": "pusher:connection_established", "data": '{"socket_id":"1.1"}'}
    for client in (first, second):
        client.socket_line = places._dial(client, b"")
        places.say(client, greeting)
    assert (first.auth_line is not None, second.auth_line is not None) == (True, False)
    places.refuse(first)
    assert first.refused == '{"no":1}'
    assert second.auth_line is not None
