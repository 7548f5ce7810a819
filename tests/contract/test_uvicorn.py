"""The insides of uvicorn that the one port leans on. When a release moves them, this says so before a user does."""

import inspect
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


def test_the_protocol_is_made_from_a_config_a_state_and_nothing_else() -> None:
    names = list(inspect.signature(HttpToolsProtocol.__init__).parameters)
    assert names[:4] == ["self", "config", "server_state", "app_state"]
    required = [
        name
        for name, parameter in inspect.signature(HttpToolsProtocol).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    assert required == ["config", "server_state", "app_state"]


def test_the_state_is_made_from_nothing_and_holds_what_we_read() -> None:
    state = ServerState()
    assert (state.connections, state.tasks, state.default_headers) == (set(), set(), [])


def test_a_protocol_can_be_told_to_end() -> None:
    assert list(inspect.signature(HttpToolsProtocol.shutdown).parameters) == ["self"]


def test_the_socket_protocol_may_be_any_callable() -> None:
    def factory(**_asked: Any) -> None: ...

    config = uvicorn.Config(
        lambda: None,
        http=HttpToolsProtocol,
        ws=factory,  # type: ignore[arg-type]
        lifespan="off",
        log_config=None,
    )
    config.load()
    served: Any = config.ws_protocol_class
    assert served is factory
    assert config.http_protocol_class is HttpToolsProtocol


class Transport:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.protocol: Any = None

    def get_extra_info(self, _name: str) -> None: ...

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return False


class Ours:
    """Stands where the front of the one port stands."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.calls: list[tuple[str, Any]] = []

    def connection_made(self, transport: Any) -> None:
        self.calls.append(("made", transport))

    def data_received(self, data: bytes) -> None:
        self.calls.append(("data", data))


async def test_an_upgrade_is_handed_to_the_factory_with_the_request_written_anew() -> None:
    made: list[Ours] = []

    def factory(**asked: Any) -> Ours:
        made.append(Ours(asked))
        return made[0]

    config = uvicorn.Config(lambda: None, ws=factory, lifespan="off", log_config=None)  # type: ignore[arg-type]
    state, transport = ServerState(), Transport()
    protocol = HttpToolsProtocol(config, state, app_state={})
    protocol.connection_made(transport)  # type: ignore[arg-type]
    assert state.connections == {protocol}
    protocol.data_received(
        b"GET /app/KEY?protocol=7 HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: k\r\n\r\n"
    )
    (ours,) = made
    assert set(ours.asked) == {
        "config",
        "server_state",
        "app_state",
    }  # named, and never none: so we know who asks
    request = (
        b"GET /app/KEY?protocol=7 HTTP/1.1\r\nhost: here\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-key: k\r\n\r\n"
    )
    assert ours.calls == [("made", transport), ("data", request)]
    assert (
        transport.protocol is ours
    )  # set after the data: whoever took over by then is put back by the front
    assert state.connections == set()
