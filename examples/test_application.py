"""The tests of an application that uses channels; the fixtures come with the package."""

from typing import Any

import pusher

from toolboxai.channels import Channels
from toolboxai.testing import FakeChannels, LiveServer


async def finish_lesson(channels: Channels, lesson: str) -> None:
    """What the application does."""
    await channels.trigger(f"lesson-{lesson}", "done", {"lesson": lesson})


async def test_the_class_is_told(fake_channels: FakeChannels) -> None:
    """The fake remembers what was triggered, and refuses what the server would refuse."""
    await finish_lesson(fake_channels, "7")
    fake_channels.assert_triggered("lesson-7", "done", {"lesson": "7"}, times=1)


def test_with_a_real_server(channels_server: LiveServer, time_machine: Any) -> None:
    """A stock library speaks to a real server, whose clock the test moves."""
    time_machine.move_to(channels_server.clock.now())  # the library signs with the time
    where = {"host": channels_server.host, "port": channels_server.port, "ssl": False}
    app = (channels_server.app_id, channels_server.key, channels_server.secret)
    library = pusher.Pusher(*app, **where)
    library.trigger("cache-lesson-7", "done", {"lesson": "7"})
    assert "cache" in library.channel_info("cache-lesson-7", ["cache"])
    channels_server.advance(1800)
    time_machine.shift(1800)
    assert library.channel_info("cache-lesson-7", ["cache"])["cache"] is None
