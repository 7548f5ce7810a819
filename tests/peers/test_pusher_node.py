"""The stock Node server library."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from auth_endpoint import MASTER_KEY
from callers import error
from programs import Program, running
from pusher_js import node
from servers import APP_ID, KEY, SECRET, Running, channel_auth
from sinks import posting, sink_open

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("node_packages")]


@pytest.fixture
def database_backend() -> str:
    """The library is the subject."""
    return "sqlite"


SCRIPT = str(Path(__file__).parent / "publisher.mjs")


@asynccontextmanager
async def library(server: Running, **more: Any) -> AsyncIterator[Program]:
    settings = {"appId": APP_ID, "key": KEY, "secret": SECRET, "useTLS": False}
    where = {"host": "127.0.0.1", "port": server.port}
    async with running(node(), SCRIPT, json.dumps(settings | where | more)) as program:
        yield program


async def calls(program: Program, call: str, *params: Any) -> tuple[int, Any]:
    program.tell(json.dumps({"call": call, "params": params}))
    said = await program.next()
    return said["status"], said["body"]


async def test_its_calls_are_accepted_and_heard(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob, library(server) as pusher:
        for who in (alice, bob):
            await who.enter("news")
        assert await calls(pusher, "trigger", "news", "e", {"a": "ü"}) == (200, "{}")
        assert json.loads((await alice.hear())["data"]) == {"a": "ü"}
        assert (await bob.hear())["event"] == "e"
        assert await calls(pusher, "trigger", ["news", "other"], "f", "1", {"socket_id": bob.id}) == (
            200,
            "{}",
        )
        assert (await alice.hear())["event"] == "f"
        await bob.hears_nothing()
        batch = [{"channel": "news", "name": f"b{number}", "data": {"n": number}} for number in range(10)]
        assert await calls(pusher, "triggerBatch", batch) == (200, "{}")
        assert [(await alice.hear())["event"] for _ in range(10)] == [f"b{number}" for number in range(10)]


async def test_its_questions_are_answered(server: Running) -> None:
    async with server.socket() as alice, library(server) as pusher:
        await alice.enter("news")
        asked = {"path": "/channels", "params": {"filter_by_prefix": "new"}}
        assert await calls(pusher, "get", asked) == (200, '{"channels":{"news":{}}}')
        asked = {"path": "/channels/news", "params": {"info": "subscription_count"}}
        status, body = await calls(pusher, "get", asked)
        assert (status, json.loads(body)) == (200, {"occupied": True, "subscription_count": 1})


async def test_its_mistakes_are_told(server: Running) -> None:
    async with library(server) as pusher:
        status, body = await calls(pusher, "trigger", "news", "e", "x" * 10_300)
        assert (status, body[:36]) == (413, "The data content of this event excee")
    async with library(server, secret="another") as stranger:
        status, body = await calls(stranger, "trigger", "news", "e", "1")
        assert (status, body[:17]) == (401, "Invalid signature")


async def test_every_other_method(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob, library(server) as pusher:
        # authorizeChannel and its old name, for each kind of channel
        for method in ("authorizeChannel", "authenticate"):
            auth = json.loads((await calls(pusher, method, alice.id, "private-a"))[1])
            assert auth == {"auth": channel_auth(alice.id, "private-a")}
        member = {"user_id": "u1", "user_info": {"name": "Una"}}
        auth = json.loads((await calls(pusher, "authorizeChannel", alice.id, "presence-a", member))[1])
        told = await alice.subscribe("presence-a", auth["auth"], channel_data=auth["channel_data"])
        assert json.loads(told["data"])["presence"]["hash"] == {"u1": {"name": "Una"}}
        # get: users and counts
        status, body = await calls(pusher, "get", {"path": "/channels/presence-a/users"})
        assert (status, json.loads(body)) == (200, {"users": [{"id": "u1"}]})
        asked = {"path": "/channels", "params": {"filter_by_prefix": "presence-", "info": "user_count"}}
        status, body = await calls(pusher, "get", asked)
        assert (status, json.loads(body)) == (200, {"channels": {"presence-a": {"user_count": 1}}})
        # trigger with info, post
        more = {"info": "user_count,subscription_count"}
        status, body = await calls(pusher, "trigger", ["presence-a", "b"], "e", "1", more)
        assert (status, json.loads(body)) == (200, {"channels": {"presence-a": {"user_count": 1}, "b": {}}})
        assert (await alice.hear())["event"] == "e"
        body = {"name": "posted", "channel": "presence-a", "data": "1"}
        assert await calls(pusher, "post", {"path": "/events", "body": body}) == (200, "{}")
        assert (await alice.hear())["event"] == "posted"
        # authenticateUser, sendToUser, terminateUserConnections
        auth = json.loads((await calls(pusher, "authenticateUser", bob.id, {"id": "u2"}))[1])
        assert (await bob.ask("pusher:signin", auth))["event"] == "pusher:signin_success"
        await bob.subscribe("#server-to-user-u2")
        assert await calls(pusher, "sendToUser", "u2", "grade", {"n": 1}) == (200, "{}")
        assert json.loads((await bob.hear())["data"]) == {"n": 1}
        assert await calls(pusher, "terminateUserConnections", "u2") == (200, "{}")
        text = "You got disconnected by the app."
        assert await bob.ending() == ([error(text, 4009)], 4009, text)
        await alice.hears_nothing()


async def test_a_signed_query_of_its_making_is_accepted(server: Running) -> None:
    async with library(server) as pusher, server.http() as http:
        options = {"method": "GET", "path": "/apps/3/channels", "params": {"filter_by_prefix": "a b=,ü"}}
        _status, query = await calls(pusher, "createSignedQueryString", options)
        answer = await http.ask(
            "GET", f"/apps/3/channels?{json.loads(query)}".replace(" ", "%20").replace("ü", "%C3%BC")
        )
        assert (answer.status, answer.text) == (200, '{"channels":{}}')


async def test_a_webhook_that_was_posted_is_valid_to_it(database: AsyncEngine) -> None:
    async with sink_open() as sink, posting(database, sink.rule()) as there, library(there.server) as pusher:
        async with there.server.socket() as alice:
            await alice.enter("a")
            posted = await sink.next()
        body = posted.body.decode()
        _status, said = await calls(pusher, "webhook", {"headers": posted.headers, "rawBody": body})
        assert json.loads(said) == {
            "valid": True,
            "events": [{"name": "channel_occupied", "channel": "a"}],
            "time": json.loads(body)["time_ms"],
        }
        changed = {"headers": posted.headers, "rawBody": body.replace('"a"', '"b"')}
        _status, said = await calls(pusher, "webhook", changed)
        assert json.loads(said)["valid"] is False


async def test_what_it_encrypts_goes_through_untouched(server: Running) -> None:
    channel = "private-encrypted-a"
    master = base64.b64encode(MASTER_KEY).decode()
    async with server.socket() as alice, library(server, encryptionMasterKeyBase64=master) as pusher:
        auth = json.loads((await calls(pusher, "authorizeChannel", alice.id, channel))[1])
        secret = hashlib.sha256(channel.encode() + MASTER_KEY).digest()
        assert base64.b64decode(auth["shared_secret"]) == secret
        await alice.enter(channel, auth["auth"])
        assert await calls(pusher, "trigger", channel, "e", {"a": 1}) == (200, "{}")
        import nacl.secret

        data = json.loads((await alice.hear())["data"])
        nonce, ciphertext = (base64.b64decode(data[name]) for name in ("nonce", "ciphertext"))
        assert nacl.secret.SecretBox(secret).decrypt(ciphertext, nonce) == b'{"a":1}'
