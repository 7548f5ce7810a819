"""The signed HTTP API, row by row of the conformance table, over real sockets."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from callers import Http
from servers import KEY, Running, channel_auth, digest, make_app, serving, signed
from toolboxai.apps.app import AppKey

EVENTS = "/apps/3/events"
BATCH = "/apps/3/batch_events"
TOO_LARGE = "The data content of this event exceeds the allowed maximum (10240 bytes)"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("e", '{"a":1}', id="row-38-json"),
        pytest.param("e", "plain", id="row-39-plain"),
        pytest.param("App\\Events\\X", "1", id="row-42-any-name"),
        pytest.param("e", "", id="empty"),
        pytest.param("e", '{"blank":  [ 1 ], "é": "\\u00e9"}', id="its-very-bytes"),
    ],
)
async def test_an_event_reaches_its_subscriber_unchanged(server: Running, name: str, data: str) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        status, text = await server.post(EVENTS, {"name": name, "data": data, "channel": "a"})
        assert (status, json.loads(text)) == (200, {})
        assert await alice.hear() == {"event": name, "channel": "a", "data": data}


async def test_data_that_is_no_string_is_encoded(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await server.post(EVENTS, b'{"name":"e","data":{"a":[1]},"channel":"a"}')
        assert (await alice.hear())["data"] == '{"a":[1]}'


async def test_row_40_one_frame_for_each_channel_and_only_one(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await alice.enter("b")
        await server.post(EVENTS, {"name": "e", "data": "1", "channels": ["a", "b", "a"]})
        assert [(await alice.hear())["channel"] for _ in range(2)] == ["a", "b"]
        await alice.hears_nothing()


async def test_row_41_the_named_socket_is_left_out(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await alice.enter("a")
        await bob.enter("a")
        await server.trigger("a", "e", "1", socket_id=alice.id)
        assert (await bob.hear())["data"] == "1"
        await alice.hears_nothing()
        await server.trigger("a", "e", "2", socket_id="1.1")  # nobody's: it is fine
        assert (await alice.hear())["data"] == "2"


async def test_row_43_the_answer_carries_the_counts_that_were_asked_for() -> None:
    async with serving(make_app(subscription_counts=True)) as server, AsyncExitStack() as stack:
        for _ in range(3):
            socket = await stack.enter_async_context(server.socket())
            await socket.enter("a")
        body = {"name": "e", "data": "1", "channels": ["a", "b"], "info": "user_count,subscription_count"}
        status, text = await server.post(EVENTS, body)
        assert status == 200
        assert json.loads(text) == {
            "channels": {"a": {"subscription_count": 3}, "b": {"subscription_count": 0}}
        }


async def test_counts_that_are_off_leave_the_entry_empty(server: Running) -> None:
    body = {"name": "e", "data": "1", "channels": ["a"], "info": "subscription_count"}
    assert await server.post(EVENTS, body) == (200, '{"channels":{"a":{}}}')


NOT_DELIVERED = [
    pytest.param(
        {"channels": [f"c{n}" for n in range(100)] + ["a"]}, 400, "Too many", id="row-44-101-channels"
    ),
    pytest.param({"data": "x" * 10241}, 413, TOO_LARGE, id="row-45-10241-bytes"),
    pytest.param({"data": "é" * 5121}, 413, TOO_LARGE, id="row-45-bytes-of-two"),
    pytest.param({"data": "😀" * 2561}, 413, TOO_LARGE, id="row-45-bytes-of-four"),
    pytest.param({"name": "n" * 201}, 400, "Event name too long", id="row-46-201-characters"),
    pytest.param({"name": "pusher:x"}, 400, "Event names may not begin", id="row-46-reserved"),
    pytest.param({"name": "pusher_internal:x"}, 400, "Event names may not begin", id="row-46-internal"),
    pytest.param({"name": None}, 400, "Missing required parameter: name\n", id="row-46-no-name"),
    pytest.param({"data": None}, 400, "Missing required parameter: data\n", id="no-data"),
    pytest.param({"channels": []}, 400, "Missing required parameter: channels\n", id="no-channels"),
    pytest.param({"channels": ["a", "b b"]}, 400, "Invalid channel name", id="one-bad-name"),
    pytest.param({"channels": ["a", "#server-to-user-"]}, 400, "Invalid channel name", id="no-user"),
    pytest.param({"socket_id": "1.x"}, 400, "Invalid socket id", id="no-socket-id"),
    pytest.param({"channels": "a"}, 400, "The body is not the JSON", id="channels-no-list"),
]


@pytest.mark.parametrize(("change", "status", "said"), NOT_DELIVERED)
async def test_what_fails_a_check_is_delivered_to_nobody(
    server: Running, change: dict[str, Any], status: int, said: str
) -> None:
    body = {"name": "e", "data": "1", "channels": ["a"]} | change
    async with server.socket() as alice:
        await alice.enter("a")
        got, text = await server.post(
            EVENTS, {key: value for key, value in body.items() if value is not None}
        )
        assert (got, text[: len(said)]) == (status, said)
        assert text.endswith("\n")
        await alice.hears_nothing()


@pytest.mark.parametrize("data", ["x" * 10240, "é" * 5120, "😀" * 2560], ids=["one", "two", "four"])
async def test_row_45_data_of_10240_bytes_is_delivered(server: Running, data: str) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await server.trigger("a", "e", data)
        assert (await alice.hear())["data"] == data


MALFORMED = [
    b"[]",
    b"{",
    b'"text"',
    b"\xff",
    b'{"name":"e","channel":"a","data":"\xff"}',
    b'{"name":"e","channel":"a","data":{"a":"\xff"}}',
    b'{"name":"e","channel":"a","data":"\\ud800"}',
    b'{"name":"e","channel":"a","data":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"name":5,"channel":"a","data":"1"}',
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("path", [EVENTS, BATCH])
async def test_a_body_that_is_not_what_the_call_takes_is_400(server: Running, path: str, body: bytes) -> None:
    status, text = await server.post(path, body if path == EVENTS else b'{"batch":[' + body + b"]}")
    assert status == 400, text
    assert server.metrics.faults_total == 0


# ---- batches --------------------------------------------------------------------------------------------------


def item(channel: str = "a", **more: object) -> dict[str, object]:
    return {"channel": channel, "name": "e", "data": "1", **more}


@pytest.mark.parametrize(
    ("batch", "status", "text"),
    [
        pytest.param([item()] * 11, 400, "Batch too large (11 > 10)\n", id="row-47"),
        pytest.param(
            [item(), {"channels": ["a"], "name": "e", "data": "1"}],
            400,
            "Missing required parameter: channel\n",
            id="row-48",
        ),
        pytest.param([item(), item("")], 400, "Missing required parameter: channel\n", id="empty-channel"),
        pytest.param([], 400, "Missing required parameter: batch\n", id="nothing"),
    ],
)
async def test_a_batch_that_fails_a_check_publishes_nothing(
    server: Running, batch: list[Any], status: int, text: str
) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        assert await server.post(BATCH, {"batch": batch}) == (status, text)
        await alice.hears_nothing()


async def test_one_large_item_stops_the_whole_batch(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        status, text = await server.post(BATCH, {"batch": [item(), item(data="x" * 10241)]})
        assert (status, text[:20]) == (413, TOO_LARGE[:20])
        await alice.hears_nothing()


@pytest.mark.parametrize(
    "sign", ["é", "я", "\x01", '"', "x"], ids=["latin", "cyrillic", "control", "quote", "x"]
)
async def test_the_fullest_batch_is_published_however_json_writes_it(server: Running, sign: str) -> None:
    data = sign * (10240 // len(sign.encode()))
    async with server.socket() as alice:
        await alice.enter("a")
        assert await server.post(BATCH, {"batch": [item(data=data)] * 10}) == (200, "{}")
        assert [(await alice.hear())["data"] for _ in range(10)] == [data] * 10


async def test_row_49_a_batch_answers_by_index() -> None:
    async with serving(make_app(subscription_counts=True)) as server, server.socket() as alice:
        await alice.enter("b")
        batch = [item(), item("b", info="subscription_count")]
        status, text = await server.post(BATCH, {"batch": batch})
        assert (status, json.loads(text)) == (200, {"batch": [{}, {"subscription_count": 1}]})
        assert (await alice.hear())["channel"] == "b"


async def test_a_batch_keeps_its_order_and_answers_an_empty_object(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        batch = [item(data=str(number)) for number in range(10)]
        assert await server.post(BATCH, {"batch": batch}) == (200, "{}")
        assert [(await alice.hear())["data"] for _ in range(10)] == [str(number) for number in range(10)]


# ---- signatures -----------------------------------------------------------------------------------------------

VECTOR_AT = 1353088179
VECTOR_BODY = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
VECTOR = (
    f"{EVENTS}?auth_key={KEY}&auth_timestamp={VECTOR_AT}&auth_version=1.0"
    "&body_md5=ec365a775a4cd0599faeb73354201b6f"
    "&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
)


class At:
    """A clock that shows one time."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return 0.0


@pytest.mark.parametrize(
    ("late", "status"),
    [
        pytest.param(0, 200, id="row-50"),
        pytest.param(599, 200, id="row-51-599s"),
        pytest.param(600, 401, id="row-51-600s"),
        pytest.param(-599, 200, id="row-51-early"),
        pytest.param(-600, 401, id="row-51-too-early"),
        pytest.param(-599.5, 401, id="row-51-too-early-by-a-whole-second"),
        pytest.param(599.9, 200, id="row-51-the-same-second"),
    ],
)
async def test_the_known_request_holds_for_ten_minutes(late: float, status: int) -> None:
    async with serving(clock=At(VECTOR_AT + late)) as server, server.http() as http:
        answer = await http.ask("POST", VECTOR, VECTOR_BODY)
        assert answer.status == status
        if status == 401:
            assert answer.text.startswith(
                "Timestamp expired: Given timestamp (2012-11-16T17:49:39Z) not within 600s of server time ("
            )


async def refused(target: str, body: bytes = VECTOR_BODY) -> str:
    async with serving(clock=At(VECTOR_AT)) as server, server.http() as http:
        answer = await http.ask("POST", target, body)
        assert answer.status == 401
        assert server.metrics.faults_total == 0
        return answer.text


async def test_row_52_a_signature_with_one_nibble_changed() -> None:
    text = await refused(VECTOR[:-1] + "d")
    assert text.startswith('Invalid signature: you should have sent HmacSHA256Hex("POST\\n/apps/3/events\\n')
    assert text.endswith(f'your_secret_key), but you sent "{VECTOR[-64:-1]}d"\n')


async def test_row_52_without_a_key() -> None:
    assert await refused(VECTOR.replace(f"auth_key={KEY}&", "")) == "Missing parameter: auth_key\n"


async def test_row_52_another_version() -> None:
    assert await refused(VECTOR.replace("version=1.0", "version=2.0")) == "Version not supported\n"


async def test_row_52_another_body() -> None:
    assert "body_md5" in await refused(VECTOR, VECTOR_BODY.replace(b"some", b"same"))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (VECTOR.replace(KEY, "other"), "Unknown auth_key\n"),
        (VECTOR.replace("&auth_version=1.0", ""), "Version required\n"),
        (VECTOR.replace(f"&auth_timestamp={VECTOR_AT}", ""), "Timestamp required\n"),
        (VECTOR.replace(str(VECTOR_AT), "now"), "Timestamp required\n"),
        (VECTOR.replace(str(VECTOR_AT), "999999999999"), "Timestamp expired: Given timestamp (999999999999)"),
        (
            VECTOR.replace(str(VECTOR_AT), f"{VECTOR_AT}000"),
            "Timestamp expired: Given timestamp (1353088179000)",
        ),
        (VECTOR.replace(str(VECTOR_AT), "9" * 400), "Timestamp required\n"),
        (VECTOR.replace("&body_md5=ec365a775a4cd0599faeb73354201b6f", ""), "Invalid body_md5"),
        (EVENTS, "Missing parameter: auth_key\n"),
    ],
)
async def test_each_missing_or_foreign_part_has_its_text(target: str, text: str) -> None:
    assert (await refused(target)).startswith(text)


async def test_an_escaped_query_is_signed_as_it_reads() -> None:
    """PHP signs ``user_count,x`` and sends ``user_count%2Cx``."""
    async with serving(clock=At(VECTOR_AT)) as server:
        asked = {"filter_by_prefix": "presence-", "info": "user_count,subscription_count"}
        assert await server.get("/apps/3/channels", **asked) == (200, '{"channels":{}}')


async def test_a_key_of_another_app_does_not_open_this_one() -> None:
    other = make_app(id="4", keys=(AppKey("k4", "s4"),))
    async with serving(make_app(), other) as server, server.http() as http:
        answer = await http.ask("GET", signed("GET", "/apps/4/channels"))
        assert (answer.status, answer.text) == (401, "Unknown auth_key\n")
        assert (await http.ask("GET", signed("GET", "/apps/5/channels"))).status == 404


async def test_a_disabled_app_is_403() -> None:
    async with serving(make_app(enabled=False)) as server:
        assert (await server.get("/apps/3/channels"))[0] == 403


# ---- asking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more", [{}, {"body_md5": "d41d8cd98f00b204e9800998ecf8427e"}], ids=["node", "python"]
)
async def test_row_53_channels_with_and_without_the_md5_of_nothing(
    server: Running, more: dict[str, str]
) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await alice.enter("private-b", channel_auth(alice.id, "private-b"))
        status, text = await server.get("/apps/3/channels", **more)
        assert (status, json.loads(text)) == (200, {"channels": {"a": {}, "private-b": {}}})
        asked = await server.get("/apps/3/channels", filter_by_prefix="private-")
        assert asked == (200, '{"channels":{"private-b":{}}}')


async def test_row_54_user_counts_need_the_prefix_of_presence_channels(server: Running) -> None:
    text = (
        "user_count may only be requested for presence channels - "
        "please supply filter_by_prefix begining with presence-\n"
    )
    assert await server.get("/apps/3/channels", info="user_count") == (400, text)


async def test_row_56_a_channel_with_nobody_in_it(server: Running) -> None:
    assert await server.get("/apps/3/channels/a") == (200, '{"occupied":false}')
    text = "Cannot retrieve the user count unless the channel is a presence channel\n"
    assert await server.get("/apps/3/channels/a", info="user_count") == (400, text)


async def test_a_channel_tells_how_many_are_in_it(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a=@,.;-_")
        status, text = await server.get("/apps/3/channels/a=@,.;-_", info="subscription_count")
        assert (status, json.loads(text)) == (200, {"occupied": True, "subscription_count": 1})


async def test_a_path_may_be_escaped_and_signed_either_way(server: Running) -> None:
    async with server.socket() as alice, server.http() as http:
        await alice.enter("a@b")
        escaped = signed("GET", "/apps/3/channels/a%40b")
        plain = signed("GET", "/apps/3/channels/a@b").replace("a@b", "a%40b")
        for target in (escaped, plain):
            assert (await http.ask("GET", target)).text == '{"occupied":true}'


async def test_a_longer_name_than_usual_where_the_app_allows_it() -> None:
    async with serving(make_app(channel_name_chars=300)) as server, server.socket() as alice:
        await alice.enter("a" * 300)
        status, text = await server.get("/apps/3/channels")
        assert (status, json.loads(text)) == (200, {"channels": {"a" * 300: {}}})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", EVENTS, 405),
        ("DELETE", "/apps/3/channels", 405),
        ("POST", "/apps/3/channels/a", 405),
        ("GET", "/apps/3/nothing", 404),
    ],
)
async def test_a_route_that_is_none(server: Running, method: str, path: str, status: int) -> None:
    async with server.http() as http:
        assert (await http.ask(method, signed(method, path))).status == status


@pytest.mark.parametrize("body", [b"", b"{}", b'{"reason":"left school"}'])
@pytest.mark.parametrize("path", ["/apps/3/users/7/terminate_connections", "/users/7/terminate_connections"])
async def test_ending_connections_takes_no_parameters(server: Running, path: str, body: bytes) -> None:
    async with server.http() as http:
        answer = await http.ask("POST", signed("POST", path, body), body)
        assert (answer.status, answer.text) == (200, "{}")


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b"[" * 5000])
async def test_ending_connections_takes_an_object_or_nothing(server: Running, body: bytes) -> None:
    status, text = await server.post("/apps/3/users/7/terminate_connections", body)
    assert (status, text[:24]) == (400, "The body is not the JSON")


async def test_an_array_asks_for_each_of_its_values(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        status, text = await server.get("/apps/3/channels/a", **{"info[]": "subscription_count"})
        assert (status, json.loads(text)) == (200, {"occupied": True, "subscription_count": 1})
    status, text = await server.get("/apps/3/channels/presence-a/users", **{"info[]": "x"})
    assert (status, text) == (400, "The following query string parameters are extraneous: info\n")


async def test_answers_are_json_and_refusals_plain_text(server: Running) -> None:
    async with server.http() as http:
        good = await http.ask("GET", signed("GET", "/apps/3/channels"))
        bad = await http.ask("GET", "/apps/3/channels")
    assert good.headers["content-type"] == "application/json"
    assert bad.headers["content-type"].startswith("text/plain")


def test_the_helper_signs_like_the_known_request() -> None:
    ours = signed("POST", EVENTS, VECTOR_BODY, at=VECTOR_AT)
    assert f"auth_signature={VECTOR[-64:]}" in ours
    assert len(digest("x")) == 64
    assert Http.json({}) == b"{}"
