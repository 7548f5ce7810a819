"""The fake that applications test with."""

import pytest

from toolboxai.channels import Channels, ChannelsServer, ChannelState, Event
from toolboxai.errors import ChannelsApiError
from toolboxai.testing import FakeChannels


@pytest.fixture
def fake() -> FakeChannels:
    return FakeChannels()


async def lesson_done(channels: Channels) -> None:
    """What an application does."""
    await channels.trigger(["lesson-1", "class-7"], "done", {"title": "Clouds"}, socket_id="1.2")
    await channels.send_to_user("u1", "grade", 1)
    await channels.terminate_connections("u2")


async def test_what_was_triggered_is_found(fake: FakeChannels) -> None:
    await lesson_done(fake)
    assert fake.assert_triggered("lesson-1", "done").socket_id == "1.2"
    fake.assert_triggered("class-7", "done", {"title": "Clouds"}, times=1)
    fake.assert_triggered("#server-to-user-u1", "grade", 1)
    assert fake.terminated == ["u2"]
    assert [each.channel for each in fake.triggered] == ["lesson-1", "class-7", "#server-to-user-u1"]
    fake.assert_not_triggered("lesson-2")
    fake.clear()
    fake.assert_not_triggered()


async def test_each_publication_has_an_id(fake: FakeChannels) -> None:
    ids = [*await fake.trigger(["a", "b"], "e", 1), *await fake.trigger_batch([Event("a", "e", 1)])]
    assert len(set(ids)) == 3


async def test_a_failure_tells_what_was_triggered_instead(fake: FakeChannels) -> None:
    with pytest.raises(AssertionError, match="nothing was triggered"):
        fake.assert_triggered("a", "e")
    await fake.trigger("a", "e", {"n": 1})
    with pytest.raises(
        AssertionError,
        match=r"'e' on 'a' with {'n': 2} was not triggered \(found 0\); triggered were:\n  'e' on 'a' with {'n': 1}",
    ):
        fake.assert_triggered("a", "e", {"n": 2})
    with pytest.raises(AssertionError, match="was not triggered 2 times"):
        fake.assert_triggered("a", "e", times=2)
    with pytest.raises(AssertionError, match=r"'e' on 'a' with \{'n': 1\} was triggered"):
        fake.assert_not_triggered("a")


async def test_data_is_compared_as_subscribers_see_it(fake: FakeChannels) -> None:
    await fake.trigger("a", "e", (1, 2))
    fake.assert_triggered("a", "e", [1, 2])
    await fake.trigger("a", "text", '{"n": 1}')
    fake.assert_triggered("a", "text", {"n": 1})
    await fake.trigger("a", "flag", True)
    with pytest.raises(AssertionError):
        fake.assert_triggered("a", "flag", 1)
    await fake.trigger("a", "number", 1)
    fake.assert_triggered("a", "number", 1.0)
    await fake.trigger("a", "text", "NaN")
    fake.assert_triggered("a", "text", "NaN")
    await fake.trigger("a", "plain", "not json")
    assert fake.assert_triggered("a", "plain", "not json").data == "not json"


async def test_what_is_remembered_does_not_change_with_what_the_application_does_later(
    fake: FakeChannels,
) -> None:
    data = {"pages": [1]}
    await fake.trigger("a", "e", data)
    data["pages"].append(2)
    fake.assert_triggered("a", "e", {"pages": [1]})


async def test_what_goes_out_encrypted_is_remembered_as_it_was_meant() -> None:
    fake = FakeChannels(encryption_master_key_base64="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    await fake.trigger("private-encrypted-a", "e", {"n": 1})
    fake.assert_triggered("private-encrypted-a", "e", {"n": 1})


async def test_what_the_server_refuses_the_fake_refuses(fake: FakeChannels) -> None:
    for channel, event, data in (("bad name!", "e", 1), ("a", "pusher:x", 1), ("a", "e", "x" * 10241)):
        with pytest.raises(ChannelsApiError):
            await fake.trigger(channel, event, data)
    with pytest.raises(ChannelsApiError):
        await fake.trigger_batch([Event("a", "e", 1), Event("bad name!", "e", 1)])
    assert fake.triggered == []


def test_it_signs_as_the_server_does() -> None:
    server = ChannelsServer(app_id="1", key="k", secret="s")
    fake = FakeChannels(key="k", secret="s")
    for channels in (server, fake):
        assert channels.authorize("1.2", "private-a") == server.authorize("1.2", "private-a")
        assert channels.authenticate("1.2", "u") == server.authenticate("1.2", "u")


async def test_a_test_says_who_is_there(fake: FakeChannels) -> None:
    assert await fake.state("presence-a") == ChannelState(0)
    fake.occupy("presence-a", subscriptions=2, users=["u1"])
    assert await fake.state("presence-a") == ChannelState(2, ("u1",))
    assert await fake.occupied("presence-") == ["presence-a"]
