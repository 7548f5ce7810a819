"""The signed API as a function: a request in, an answer out. What it promises over sockets is in the contract tests."""

import random
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callers import Http
from servers import APP, KEY, digest, serving, signed
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.node.immediate import run_immediate
from toolboxai.node.node import Node
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.answers import Answer
from toolboxai.transport.channels_http import ChannelsApi
from waiting_broker import WaitingBroker


def api() -> ChannelsApi:
    clock, dice = SystemClock(), random.Random(1)
    return ChannelsApi(Node(AppRegistry([APP]), MemoryBroker(clock, dice), clock=clock, dice=dice))


def ask(method: str, target: str, body: bytes = b"") -> Answer:
    path, _, query = target.partition("?")
    return run_immediate(api().handle(method, path, query, body))


@pytest.mark.parametrize("signed_as", ["k[]=a&k[]=b", "k=a,b"], ids=["ruby", "php"])
def test_an_array_may_be_signed_in_either_rendering(signed_as: str) -> None:
    now = int(time.time())
    common = f"auth_key={KEY}&auth_timestamp={now}&auth_version=1.0"
    signature = digest(f"GET\n/apps/3/channels\n{common}&{signed_as}")
    for sent in ("k[]=a&k[]=b", "k%5B%5D=a&k%5B%5D=b"):
        answer = ask("GET", f"/apps/3/channels?{common}&{sent}&auth_signature={signature}")
        assert (answer.status, answer.body) == (200, b'{"channels":{}}')


def test_names_of_parameters_are_signed_in_lower_case() -> None:
    target = signed("GET", "/apps/3/channels").replace("auth_version", "Auth_Version")
    assert ask("GET", target).status == 200


def test_a_refusal_of_a_signature_shows_what_to_sign_and_is_never_long() -> None:
    target = signed("GET", "/apps/3/channels", query={"filter_by_prefix": "x" * 5000})
    answer = ask("GET", target[:-1] + ("0" if target[-1] != "0" else "1"))
    assert answer.status == 401
    assert len(answer.body) < 1000


@given(
    st.dictionaries(
        st.sampled_from(
            ["auth_key", "auth_timestamp", "auth_version", "auth_signature", "body_md5", "info", "x[]"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just(KEY) | st.just("1.0"),
    ),
    st.binary(max_size=20),
)
def test_whatever_is_asked_without_a_signature_is_401(query: dict[str, str], body: bytes) -> None:
    text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    assert ask("POST", f"/apps/3/events?{text}", body).status == 401


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(["name", "data", "channel", "channels", "socket_id", "info", "batch"])


@given(st.dictionaries(FIELDS, JSON) | JSON, st.sampled_from(["events", "batch_events"]))
def test_whatever_a_signed_body_holds_it_is_published_or_refused(body: object, call: str) -> None:
    raw = Http.json(body)
    answer = ask("POST", signed("POST", f"/apps/3/{call}", raw), raw)
    assert answer.status in (200, 400, 413)


@given(st.binary(min_size=1, max_size=60))
def test_whatever_bytes_a_signed_body_has(raw: bytes) -> None:
    body = b'{"name":"e","channel":"a","data":' + raw + b"}"
    assert ask("POST", signed("POST", "/apps/3/events", body), body).status in (200, 400)


# ---- a broker that does not answer ----------------------------------------------------------------------------


async def test_what_cannot_be_asked_is_503_and_can_be_tried_again(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    async with serving(clock=clock, broker=broker) as server:
        for path, query in (
            ("/apps/3/channels/presence-a/users", {}),
            ("/apps/3/channels/presence-a", {"info": "user_count"}),
            ("/apps/3/channels", {"info": "user_count", "filter_by_prefix": "presence-"}),
            ("/apps/3/channels/cache-a", {"info": "cache"}),
        ):
            broker.reading.failures = 1
            status, text = await server.get(path, **query)
            assert (status, text[:28]) == (503, "The broker did not answer: t")
            assert (await server.get(path, **query))[0] == 200
        assert server.metrics.faults_total == 0


async def test_what_was_published_is_told_though_its_counts_are_not_to_be_had(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    async with serving(clock=clock, broker=broker) as server:
        broker.reading.failures = 1
        body = {"name": "e", "channel": "presence-a", "data": "1", "info": "user_count"}
        assert await server.post("/apps/3/events", body) == (200, '{"channels":{"presence-a":{}}}')
        broker.publishing.failures = 1
        assert (await server.post("/apps/3/events", body))[0] == 503
