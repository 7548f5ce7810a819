"""What a client of each old endpoint may say once it is signed in, beside ``auth``, ``ping`` and ``pong``."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from toolboxai import limits
from toolboxai.legacy.endpoints import Call, EndpointName, is_id
from toolboxai.legacy.followed import PLUGIN_SAYS, Followed
from toolboxai.legacy.messages import Said, Voice
from toolboxai.legacy.questions import Acknowledge, AgentSays, CancelGeneration, Refused, Relay
from toolboxai.protocol.effects import Ask, Effect, Send, Tell

__all__ = ["ACTIONS", "refused"]


class Session(Protocol):
    """What an action needs of the session."""

    call: Call
    voice: Voice
    claims: int

    @property
    def principal(self) -> Any:
        """Of the user that it is signed in as."""
        ...

    @property
    def followed(self) -> Mapping[str, Followed]:
        """By resource id."""
        ...

    def follow(self, resource_id: str, said: Said) -> Effect:
        """A resource that the client names: may it?"""
        ...

    def leave(self, resource_id: str) -> Effect:
        """A resource is not wanted any more."""
        ...


Action = Callable[[Session, Said], list[Effect]]


def refused(voice: Voice, question: AgentSays | CancelGeneration | Relay, answer: Refused) -> bytes:
    """What the application does not do."""
    return voice.error(answer.code, answer.message, answer.details, answers=question.message_id)


def _wrong(session: Session, said: Said, field: str, what: str) -> list[Effect]:
    text, details = f"{field}: {what}", {"fields": {field: what}}
    return [Send(session.voice.error("VALIDATION_ERROR", text, details, answers=said.message_id))]


def _named(session: Session, said: Said) -> Followed | None:
    """What the message is about: the resource that it names, or the only one, once it is followed."""
    resource_id = session.call.resource_id if session.call.channel else said.text("environment_id", 128)
    followed = None if resource_id is None else session.followed.get(resource_id)
    return followed if followed is not None and followed.active else None


def _subscribe(session: Session, said: Said) -> list[Effect]:
    resource_id = said.text("environment_id", 128)
    if resource_id is None:
        return _wrong(session, said, "environment_id", "is missing; name an environment, such as env_456")
    if not is_id(resource_id):
        return _wrong(session, said, "environment_id", "is no id; one has A-Z a-z 0-9 _ - = @ , . ; alone")
    followed = session.followed.get(resource_id)
    if followed is not None:
        told = session.voice.message("subscribed", {followed.id_name: resource_id})
        return [Send(told)] if followed.active else []
    if len(session.followed) >= limits.OLD_ENVIRONMENTS:
        return _wrong(
            session,
            said,
            "environment_id",
            f"{limits.OLD_ENVIRONMENTS} are followed here, more are not allowed",
        )
    return [session.follow(resource_id, said)]


def _unsubscribe(session: Session, said: Said) -> list[Effect]:
    followed = _named(session, said)
    if followed is None:
        return _wrong(session, said, "environment_id", "names no environment that is followed here")
    told = session.voice.message("unsubscribed", {followed.id_name: followed.resource_id})
    return [session.leave(followed.resource_id), Send(told)]


def _ack(session: Session, said: Said) -> list[Effect]:
    followed, seq = _named(session, said), said.number("seq")
    if followed is None or seq is None:
        return _wrong(
            session, said, "seq", "an ack names the seq of an event, and the resource where it is not one"
        )
    return [Tell(Acknowledge(followed.channel.text, seq, session.principal))]


def _resume(session: Session, said: Said) -> list[Effect]:
    followed, last_seq = _named(session, said), said.number("last_seq")
    if followed is None or last_seq is None:
        return _wrong(
            session,
            said,
            "last_seq",
            "a resume names the last seq that was seen, and the resource where it is not one",
        )
    recall = followed.resume(last_seq, session.principal)
    if recall is not None:
        return [Ask(recall)]
    return followed.resumed(session.voice, last_seq, None, asked=False)


def _cancel(session: Session, said: Said) -> list[Effect]:
    return [Ask(CancelGeneration(session.call.resource_id, session.principal, said.message_id))]


def _relay(session: Session, said: Said) -> list[Effect]:
    data = said.fields.get("data")
    if data is None:
        data = {name: value for name, value in said.fields.items() if name not in ("type", "timestamp")}
    text = msgspec.json.encode(session.voice.envelope(said.type, data)).decode()
    return [Ask(Relay(session.call.channel, said.type, text, message_id=said.message_id))]


def _says(session: Session, said: Said, *, aside: bool = False) -> list[Effect]:
    given = said.fields.get("data")
    fields = given if isinstance(given, dict) else said.fields
    fields = {name: value for name, value in fields.items() if name not in _AROUND}
    question = AgentSays(session.call.resource_id, said.type, fields, session.principal, said.message_id)
    return [Ask(question, aside=aside)]


def _claim(session: Session, said: Said) -> list[Effect]:
    if session.claims >= limits.OLD_CLAIMS:
        text = f"{limits.OLD_CLAIMS} claims of this connection wait already; work on what they bring first"
        return [Send(session.voice.error("CONFLICT", text, answers=said.message_id))]
    session.claims += 1
    return _says(session, said, aside=True)


_AROUND: Final = frozenset({"type", "timestamp", "message_id"})
_RELIABLE: Final[Mapping[str, Action]] = {"ack": _ack, "resume": _resume}

ACTIONS: Final[Mapping[EndpointName, Mapping[str, Action]]] = {
    EndpointName.CONTENT: {**_RELIABLE, "generation_cancel": _cancel},
    EndpointName.ROBLOX: {**_RELIABLE, "subscribe": _subscribe, "unsubscribe": _unsubscribe},
    EndpointName.AGENT: {
        **_RELIABLE,
        "task_claim": _claim,
        **dict.fromkeys(("task_submit", "task_progress", "task_complete", "task_fail"), _says),
    },
    EndpointName.PLUGIN: {
        **_RELIABLE,
        **dict.fromkeys(PLUGIN_SAYS, _relay),
    },
}
"""By endpoint: the types of messages, and what each does."""
