"""What an encrypted channel is sent: the same by either publisher, and read by whoever has the channel's secret."""

import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nacl.secret import SecretBox

from servers import APP, Running, channel_auth, serving
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.adapters.publisher_pusher import PusherPublisher
from toolboxai.errors import PublishFailed
from toolboxai.platform.ports import Event, Publisher
from toolboxai.protocol.encryption import ChannelSecrets, master_key, shared_secret

CHANNEL = "private-encrypted-test-channel"
MASTER_KEY = base64.b64encode(b"a key of 32 bytes, to be guessed").decode()
PUBLISHERS = ["embedded", "pusher"]


@asynccontextmanager
async def publishing(kind: str, server: Running, key: str | None) -> AsyncIterator[Publisher]:
    if kind == "embedded":
        yield EmbeddedPublisher(server.node, lambda: APP, ChannelSecrets(key, os.urandom) if key else None)
        return
    publisher = PusherPublisher(
        lambda: APP,
        host="127.0.0.1",
        port=server.port,
        scheme="http",
        encryption_master_key_base64=key,
    )
    try:
        yield publisher
    finally:
        await publisher.close()


def opened(data: str) -> Any:
    sealed = {name: base64.b64decode(text) for name, text in json.loads(data).items()}
    assert set(sealed) == {"nonce", "ciphertext"}
    box = SecretBox(shared_secret(master_key(MASTER_KEY), CHANNEL))
    return json.loads(box.decrypt(sealed["ciphertext"], sealed["nonce"]))


@pytest.mark.parametrize("kind", PUBLISHERS)
async def test_its_subscribers_read_what_was_published_and_no_nonce_comes_twice(kind: str) -> None:
    async with (
        serving() as server,
        server.socket() as alice,
        publishing(kind, server, MASTER_KEY) as publisher,
    ):
        await alice.enter(CHANNEL, channel_auth(alice.id, CHANNEL))
        for _ in range(2):
            await publisher.publish([CHANNEL], Event("grade", '{"a":"ä ✓"}'))
        heard = [await alice.hear() for _ in range(2)]
    assert [said["event"] for said in heard] == ["grade", "grade"]
    assert [opened(said["data"]) for said in heard] == [{"a": "ä ✓"}] * 2
    assert len({json.loads(said["data"])["nonce"] for said in heard}) == 2


@pytest.mark.parametrize("kind", PUBLISHERS)
async def test_other_channels_of_the_same_event_read_it_in_the_clear(kind: str) -> None:
    async with (
        serving() as server,
        server.socket() as alice,
        publishing(kind, server, MASTER_KEY) as publisher,
    ):
        channels = [CHANNEL, *(f"news-{n}" for n in range(8))]  # more than can each have a lane of their own
        await alice.enter(CHANNEL, channel_auth(alice.id, CHANNEL))
        for name in channels[1:]:
            await alice.enter(name)
        await publisher.publish([*channels, *channels], Event("grade", '"A"'))
        heard = {said["channel"]: said["data"] for said in [await alice.hear() for _ in channels]}
        await alice.hears_nothing()
    assert opened(heard.pop(CHANNEL)) == "A"
    assert heard == dict.fromkeys(channels[1:], '"A"')


@pytest.mark.parametrize("kind", PUBLISHERS)
async def test_without_a_key_nothing_is_published(kind: str) -> None:
    async with serving() as server, server.socket() as alice, publishing(kind, server, None) as publisher:
        await alice.enter(CHANNEL, channel_auth(alice.id, CHANNEL))
        with pytest.raises(PublishFailed) as failed:
            await publisher.publish([CHANNEL], Event("grade", '"A"'))
        assert not failed.value.retryable
        await alice.hears_nothing()


async def test_what_is_put_back_after_a_restart_is_sealed_too() -> None:
    async with serving() as server, publishing("embedded", server, None) as publisher:
        with pytest.raises(PublishFailed, match="PUSHER_ENCRYPTION_MASTER_KEY_BASE64"):
            await publisher.restore(CHANNEL, [Event("grade", '"A"')])
