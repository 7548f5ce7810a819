"""What was saved is looked at before it is believed."""

import pytest

from toolboxai.broker.saved import SavedChannel, SavedEvent


def channel(*offsets: int, top: int = 9, lost: int = 0) -> SavedChannel:
    return SavedChannel("a", "1", top, [SavedEvent(offset, "e", "", 0.0, 1) for offset in offsets], lost=lost)


def test_offsets_with_holes_are_as_they_should_be() -> None:
    channel(2, 5, 9).check()
    channel().check()


@pytest.mark.parametrize(
    "broken", [channel(5, 5), channel(5, 2), channel(0, 1), channel(1, 10), channel(lost=10)]
)
def test_what_no_channel_can_have_been_is_refused(broken: SavedChannel) -> None:
    with pytest.raises(ValueError, match="a "):
        broken.check()
