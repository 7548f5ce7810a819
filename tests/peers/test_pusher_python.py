"""The stock Python server library."""

import asyncio
import base64
import json
from typing import Any

import pusher
import pytest
from pusher.errors import PusherBadAuth, PusherBadRequest
from sqlalchemy.ext.asyncio import AsyncEngine

from auth_endpoint import MASTER_KEY
from callers import Socket, error
from servers import APP_ID, KEY, SECRET, Running, make_app, serving
from sinks import posting, sink_open

pytestmark = pytest.mark.peers


@pytest.fixture
def database_backend() -> str:
    """The library is the subject."""
    return "sqlite"


def library(server: Running, secret: str = SECRET, **more: Any) -> Any:
    where = {"ssl": False, "host": "127.0.0.1", "port": server.port}
    return pusher.Pusher(app_id=APP_ID, key=KEY, secret=secret, **where, **more)


async def test_trigger_reaches_every_channel(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await alice.enter("b=@,.;-_")
        data = {"text": "ü", "list": [1, 2.5, None]}
        assert await asyncio.to_thread(library(server).trigger, ["a", "b=@,.;-_"], "my-event", data) == {}
        heard = [await alice.hear() for _ in range(2)]
        assert [(each["channel"], json.loads(each["data"])) for each in heard] == [
            ("a", data),
            ("b=@,.;-_", data),
        ]


async def test_trigger_leaves_out_the_named_socket(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        for who in (alice, bob):
            await who.enter("a")
        await asyncio.to_thread(library(server).trigger, "a", "e", "text", alice.id)
        assert (await bob.hear())["data"] == "text"
        await alice.hears_nothing()


async def test_a_batch(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        batch = [{"channel": "a", "name": f"e{number}", "data": {"n": number}} for number in range(10)]
        assert await asyncio.to_thread(library(server).trigger_batch, batch) == {}
        assert [(await alice.hear())["event"] for _ in range(10)] == [f"e{number}" for number in range(10)]


async def test_it_authenticates_a_client_into_a_private_channel(server: Running) -> None:
    async with server.socket() as alice:
        auth = library(server).authenticate("private-a", alice.id)
        await alice.enter("private-a", auth["auth"])
        data = {"user_id": 10, "user_info": {"name": "Mr. Channels"}}
        auth = library(server).authenticate("private-b", alice.id, data)
        said = await alice.subscribe("private-b", auth["auth"], channel_data=auth.get("channel_data"))
        assert said["event"] == "pusher_internal:subscription_succeeded"


async def test_questions() -> None:
    async with serving(make_app(subscription_counts=True)) as server, server.socket() as alice:
        for name in ("a", "public-b"):
            await alice.enter(name)
            assert (await alice.hear())["event"] == "pusher_internal:subscription_count"
        ask = library(server)
        assert await asyncio.to_thread(ask.channels_info) == {"channels": {"a": {}, "public-b": {}}}
        assert await asyncio.to_thread(ask.channels_info, "public-") == {"channels": {"public-b": {}}}
        assert await asyncio.to_thread(ask.channel_info, "a", ["subscription_count"]) == {
            "occupied": True,
            "subscription_count": 1,
        }
        assert await asyncio.to_thread(ask.channel_info, "nobody") == {"occupied": False}


async def test_mistakes_have_their_own_errors(server: Running) -> None:
    with pytest.raises(PusherBadAuth, match="Invalid signature"):
        await asyncio.to_thread(library(server, "another").trigger, "a", "e", "1")
    with pytest.raises(PusherBadRequest, match="user_count may only be requested for presence channels"):
        await asyncio.to_thread(library(server).channels_info, "", ["user_count"])


async def test_one_library_object_keeps_its_connection(server: Running) -> None:
    ask = library(server)

    async def heard(alice: Socket) -> list[str]:
        return [(await alice.hear())["data"] for _ in range(20)]

    def publish() -> None:
        for number in range(20):
            ask.trigger("a", "e", str(number))

    async with server.socket() as alice:
        await alice.enter("a")
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(heard(alice))
            tasks.create_task(asyncio.to_thread(publish))
        assert hearing.result() == [str(number) for number in range(20)]


async def test_members_are_authenticated_counted_and_listed(server: Running) -> None:
    ask = library(server)
    async with server.socket() as alice, server.socket() as bob:
        for socket, user_id in ((alice, 10), (bob, 11)):
            auth = ask.authenticate(
                "presence-a", socket.id, {"user_id": user_id, "user_info": {"n": user_id}}
            )
            told = await socket.subscribe("presence-a", auth["auth"], channel_data=auth["channel_data"])
        assert json.loads(told["data"])["presence"]["ids"] == ["10", "11"]
        assert await asyncio.to_thread(ask.users_info, "presence-a") == {
            "users": [{"id": "10"}, {"id": "11"}]
        }
        counts = {"channels": {"presence-a": {"user_count": 2}}}
        assert await asyncio.to_thread(ask.channels_info, "presence-", ["user_count"]) == counts
        told_of = await asyncio.to_thread(ask.channel_info, "presence-a", ["user_count"])
        assert told_of == {"occupied": True, "user_count": 2}


async def test_a_user_signs_in_is_sent_to_and_sent_away(server: Running) -> None:
    ask = library(server)
    async with server.socket() as alice:
        auth = ask.authenticate_user(alice.id, {"id": "u1", "user_info": {"name": "Una"}})
        assert (await alice.ask("pusher:signin", auth))["event"] == "pusher:signin_success"
        await alice.subscribe("#server-to-user-u1")
        assert await asyncio.to_thread(ask.send_to_user, "u1", "grade", {"n": 1}) == {}
        assert json.loads((await alice.hear())["data"]) == {"n": 1}
        assert await asyncio.to_thread(ask.terminate_user_connections, "u1") == {}
        text = "You got disconnected by the app."
        assert await alice.ending() == ([error(text, 4009)], 4009, text)


async def test_an_encrypted_channel_carries_what_it_encrypts(server: Running) -> None:
    import nacl.secret

    ask = library(server, encryption_master_key_base64=base64.b64encode(MASTER_KEY).decode())
    async with server.socket() as alice:
        auth = ask.authenticate("private-encrypted-a", alice.id)
        await alice.enter("private-encrypted-a", auth["auth"])
        await asyncio.to_thread(ask.trigger, "private-encrypted-a", "e", {"a": 1})
        data = json.loads((await alice.hear())["data"])
        box = nacl.secret.SecretBox(base64.b64decode(auth["shared_secret"]))
        nonce, ciphertext = (base64.b64decode(data[name]) for name in ("nonce", "ciphertext"))
        assert json.loads(box.decrypt(ciphertext, nonce)) == {"a": 1}


async def test_a_webhook_that_was_posted_is_valid_to_it(database: AsyncEngine) -> None:
    ask = pusher.Pusher(app_id=APP_ID, key=KEY, secret=SECRET)
    async with sink_open() as sink, posting(database, sink.rule()) as there:
        async with there.server.socket() as alice:
            await alice.enter("a")
            posted = await sink.next()
        key, signature = (posted.headers[name] for name in ("x-pusher-key", "x-pusher-signature"))
        body = posted.body.decode()
        assert ask.validate_webhook(key, signature, body)["events"] == [
            {"name": "channel_occupied", "channel": "a"}
        ]
        assert ask.validate_webhook(key, signature, body.replace('"a"', '"b"')) is None
