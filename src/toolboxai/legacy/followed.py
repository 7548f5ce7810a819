"""What one old connection follows, and what it has been handed of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from toolboxai.legacy.endpoints import Call, EndpointName
from toolboxai.legacy.messages import BadMessage, Said, Voice, read
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Effect, HandedOver, Send
from toolboxai.protocol.publication import Publication

__all__ = ["PLUGIN_SAYS", "Followed", "with_resume"]

PLUGIN_SAYS: Final = ("plugin_hello", "command_result", "plugin_event")
"""Messages of plugins that go out on their channel; a plugin that comes back is not handed its own."""

# The id's name in messages, by the first word of the resource's channel.
_ID_NAMES = {
    "content": "session_id",
    "roblox": "environment_id",
    "plugin": "plugin_id",
    "agent": "agent_id",
}
_TELLS_STATUS = {
    EndpointName.ROBLOX: "environment_status",
    EndpointName.PLUGIN: "environment_status",  # of the environment that it works on
    EndpointName.AGENT: "agent_status",
}


@dataclass(slots=True)
class Followed:
    """One resource.

    Args:
        call: what the client called.
        resource_id: of the session, environment, plugin or agent.
        after: events up to this number the client says it has; None: it has said nothing.

    Attributes:
        first: from this number on it has everything, or gets it; None while nobody can vouch for that.
        active: whether it is delivered.
    """

    call: Call
    resource_id: str
    after: int | None = None
    first: int | None = None
    active: bool = False

    @property
    def channel(self) -> ChannelName:
        """The private channel behind it."""
        name = self.call.endpoint.private_channel(self.resource_id)
        return ChannelName.parse(name, max_chars=len(name))

    @property
    def id_name(self) -> str:
        """Name of the id in messages."""
        return _ID_NAMES[self.call.endpoint.name]

    def recall(self, principal: Any) -> Recall:
        """What to ask when it is entered."""
        return Recall(self.call, self.resource_id, principal, self.after)

    def enter(self, voice: Voice, missed: Sequence[Publication], recalled: Recalled | None) -> list[Effect]:
        """It is followed from now on: where it stands, then what has happened, each event once.

        Args:
            voice: writes.
            missed: what the channel keeps, and what came while the rest was asked for.
            recalled: what the application keeps; None where only the channel remembers.
        """
        self.active = True
        known = (self.after or 0) if recalled is None else recalled.last_seq
        kept = [publication.seq for publication in missed if publication.seq is not None]
        fresh = [publication for publication in missed if self._is_news(publication, known)]
        told = [] if recalled is None else list(recalled.events)
        numbers = [seq for seq, _ in told] + [seq for seq in kept if seq > known]
        nothing_between = recalled is not None or min(kept, default=known + 2) <= known + 1
        self.first = min(numbers, default=known + 1 if nothing_between else None)
        last_seq = max(numbers, default=known)
        effects: list[Effect] = [Send(self._snapshot(voice, missed, recalled, last_seq))]
        effects += [Send(text) for _, text in told]
        effects += [Send(text) for publication in fresh if (text := voice.event(publication))]
        if recalled is not None and recalled.last_seq:
            effects.append(HandedOver(self.channel, last_seq))
        return effects

    def _is_news(self, publication: Publication, known: int) -> bool:
        if publication.seq is not None:
            return publication.seq > known
        own = self.call.endpoint.name is EndpointName.PLUGIN and publication.event in PLUGIN_SAYS
        return not own

    def _snapshot(
        self, voice: Voice, missed: Sequence[Publication], recalled: Recalled | None, last_seq: int
    ) -> bytes:
        state = {"status": self._status(missed)} if recalled is None else recalled.state
        return voice.message("snapshot", {self.id_name: self.resource_id, **state, "last_seq": last_seq})

    def _status(self, missed: Sequence[Publication]) -> object:
        """The newest of the resource as a whole: what its tasks or its parts have come to is another thing."""
        kind = _TELLS_STATUS.get(self.call.endpoint.name)
        told = (each.conflation_key("data.status") for each in reversed(missed) if each.event == kind)
        return next(told, None)

    def resume(self, last_seq: int, principal: Any) -> Recall | None:
        """What to ask for a client that has events up to this number; None: it has been handed the rest already."""
        if self.first is not None and last_seq + 1 >= self.first:
            return None
        return Recall(self.call, self.resource_id, principal, last_seq, self.first)

    def resumed(self, voice: Voice, last_seq: int, recalled: Recalled | None, *, asked: bool) -> list[Effect]:
        """The answer to a resume: what was missing, then the word that this was all.

        Args:
            voice: writes.
            last_seq: from the client.
            recalled: what is kept of it; None where nothing is, or nothing was missing.
            asked: whether something was missing.
        """
        events = () if recalled is None else recalled.events
        complete = not asked
        if events:
            complete = events[0][0] == last_seq + 1
            self.first = events[0][0]
        data = {
            self.id_name: self.resource_id,
            "last_seq": last_seq,
            "replayed": len(events),
            "complete": complete,
        }
        return [*(Send(text) for _, text in events), Send(voice.message("resumed", data))]


def with_resume(recall: Recall, text: bytes | None) -> Recall:
    """The question, when the client's next message says how far it has come already.

    Args:
        recall: as it would be asked.
        text: of that message; None when there is none.
    """
    if text is None or recall.after is not None:
        return recall
    try:
        said = read(text)
    except BadMessage:
        return recall
    last_seq = said.number("last_seq")
    if said.type != "resume" or last_seq is None or not _is_about(said, recall):
        return recall
    return msgspec.structs.replace(recall, after=last_seq)


def _is_about(said: Said, recall: Recall) -> bool:
    name = _ID_NAMES[recall.call.endpoint.name]
    return said.field(name) in (None, recall.resource_id)
