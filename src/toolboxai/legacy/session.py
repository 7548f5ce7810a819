"""The server's side of one old connection: messages in, effects out. No I/O, no clock, no dice."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode, OldCloseCode
from toolboxai.legacy.actions import ACTIONS, refused
from toolboxai.legacy.denials import may_not_enter, may_not_follow
from toolboxai.legacy.endpoints import Call, EndpointName
from toolboxai.legacy.followed import Followed, with_resume
from toolboxai.legacy.messages import BadMessage, NoMessage, Said, Voice, read
from toolboxai.legacy.pace import Close as TooFast
from toolboxai.legacy.pace import Fault, Fine, Pace, Verdict
from toolboxai.legacy.questions import (
    Admitted,
    AgentSays,
    AgentTold,
    Authenticate,
    CancelGeneration,
    Denied,
    Follow,
    Recall,
    Refused,
    Relay,
)
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.dialogue import Dialogue
from toolboxai.protocol.effects import Ask, Close, Effect, Probe, Send, SignIn, Subscribe, Unsubscribe
from toolboxai.protocol.publication import Gap, Publication
from toolboxai.protocol.refusals import Refusal, Refusals
from toolboxai.protocol.user import User

__all__ = ["SYSTEM_NOTIFICATIONS", "OldSession"]

SYSTEM_NOTIFICATIONS: Final = ChannelName.parse("system-notifications")
"""The channel that every client of the old sockets follows beside its own."""

_BEATS: Final = frozenset({"ping", "pong", "ack"})
_RESTART: Final = "The server is shutting down, please reconnect"


class OldSession(Dialogue):
    """What one connection has said and may do.

    Args:
        call: what the client called.
        voice: writes what we say.
        pace: how much it may say.
        now: monotonic seconds.
        token: from the handshake; None: the client signs in by a message.
        notice: a message to begin with; None: none.

    Attributes:
        messages: of the client, pings and the like left out.
        claims: of tasks, that wait.
        ended: code and reason of the close that we began; None: we began none.
    """

    __slots__ = (
        "_admitted",
        "_begun",
        "_checking",
        "_ends_at",
        "_followed",
        "_notice",
        "_pace",
        "_pinged_at",
        "_refusals",
        "_token",
        "call",
        "claims",
        "ended",
        "heard_at",
        "messages",
        "voice",
    )

    def __init__(
        self,
        call: Call,
        voice: Voice,
        pace: Pace,
        *,
        now: float,
        token: str | None = None,
        notice: bytes | None = None,
    ) -> None:
        self.call = call
        self.voice = voice
        self._pace = pace
        self._begun = self.heard_at = self._pinged_at = now
        self._token = token
        self._notice = notice
        self._admitted: Admitted | None = None
        self._checking = False  # whether a sign-in waits for our answer
        self._ends_at = float("inf")
        self._followed: dict[str, Followed] = {}
        self._refusals: Refusals | None = None
        self.messages = 0
        self.claims = 0
        self.ended: tuple[int, str] | None = None

    @property
    def principal(self) -> Any:
        """Of the user that it is signed in as; None before."""
        return None if self._admitted is None else self._admitted.principal

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """See the dialogue."""
        return {} if self._refusals is None else self._refusals

    def opening(self) -> list[Effect]:
        """A notice where one is wanted; a token from the handshake is asked about at once."""
        effects: list[Effect] = [] if self._notice is None else [Send(self._notice)]
        if self._token is not None:
            effects.append(Ask(Authenticate(self.call, self._token)))
            self._token, self._checking = None, True
        return effects

    # ---- what the client says -------------------------------------------------------------------------------

    def receive(self, text: bytes, now: float) -> list[Effect]:
        """See the dialogue."""
        if self.ended is not None:
            return []
        try:
            said = read(text)
        except BadMessage as fault:
            return self._counted(now) or self._unreadable(fault, now)
        if said.type == "auth":
            return self._held_back(self._pace.attempt(now), said, auth=True) or self._auth(said)
        if said.type in _BEATS:
            return self._beat(said, now)
        return self._counted(now, said) or self._act(said, now)

    def _counted(self, now: float, said: Said | None = None) -> list[Effect]:
        """One message more; what its limit answers, nothing while that is not reached."""
        self.messages += 1
        verdict = self._pace.message(now)
        return [] if verdict is Fine.PASSED else self._held_back(verdict, said)

    def _unreadable(self, fault: BadMessage, now: float) -> list[Effect]:
        if self._admitted is None and isinstance(fault, NoMessage):
            return [Send(self.voice.auth_required())]
        return self._bad(Fault.BAD_JSON, "INVALID_JSON", str(fault), now)

    def _act(self, said: Said, now: float) -> list[Effect]:
        if self._admitted is None:
            return [Send(self.voice.auth_required())]
        action = ACTIONS[self.call.endpoint.name].get(said.type)
        if action is None:
            known = ", ".join(["auth", "ping", "pong", *ACTIONS[self.call.endpoint.name]])
            text_of_it = f"this endpoint takes no message of type {said.type[:64]!r}; it takes: {known}"
            return self._bad(Fault.UNKNOWN_TYPE, "UNKNOWN_MESSAGE_TYPE", text_of_it, now, said)
        return action(self, said)

    def receive_binary(self, now: float) -> list[Effect]:
        """Messages are text."""
        del now
        return self.end(OldCloseCode.UNSUPPORTED_DATA, "Binary messages are not supported; send JSON text")

    def _beat(self, said: Said, now: float) -> list[Effect]:
        verdict = self._pace.beat(now)
        if verdict is Fine.IGNORED and said.type != "ack":  # the last of a burst of these has to count
            return []
        if not isinstance(verdict, Fine):
            reason = "Far too many pings, pongs or acks"
            return self.end(OldCloseCode.RATE_LIMIT, reason, retry_after=verdict.retry_after)
        if self._admitted is None:
            return [Send(self.voice.auth_required())]
        if said.type == "ping":
            return [Send(self.voice.message("pong"))]
        return ACTIONS[self.call.endpoint.name]["ack"](self, said) if said.type == "ack" else []

    def _auth(self, said: Said) -> list[Effect]:
        token = said.field("token")
        last_seq = said.number("last_seq")
        if self._admitted is None and last_seq is not None and self.call.channel:
            self._follow(self.call.resource_id).after = last_seq
        user_id = None if self._admitted is None else self._admitted.user_id
        client = said.text("client", 200) or ""
        self._checking = True
        token = token if isinstance(token, str) else None
        return [Ask(Authenticate(self.call, token, client, user_id, said.message_id))]

    def _held_back(self, verdict: Verdict, said: Said | None = None, *, auth: bool = False) -> list[Effect]:
        """What a limit answers; nothing while it is not reached."""
        if isinstance(verdict, Fine):
            return []
        retry_after = verdict.retry_after
        limit = self._pace.auth_attempts_per_minute if auth else self._pace.messages_per_minute
        what = "tries to sign in" if auth else "messages"
        message = f"{limit} {what} a minute are allowed; go on in {retry_after} s"
        details = {"limit": limit, "retry_after": retry_after}
        answers = None if said is None else said.message_id
        error = self.voice.error("RATE_LIMIT_EXCEEDED", message, details, answers=answers)
        if not isinstance(verdict, TooFast) and not (auth and self._admitted is None):
            return [Send(error)]
        return self.end(OldCloseCode.RATE_LIMIT, "Rate limit exceeded", error, retry_after=retry_after)

    def _bad(
        self, kind: Fault, code: str, message: str, now: float, said: Said | None = None
    ) -> list[Effect]:
        error = self.voice.error(code, message, answers=None if said is None else said.message_id)
        verdict = self._pace.bad(now, kind)
        return self.end(verdict.code, message, error) if isinstance(verdict, TooFast) else [Send(error)]

    # ---- what the application answers -----------------------------------------------------------------------

    def answered(self, question: Any, answer: Any, now: float) -> list[Effect]:
        """See the dialogue."""
        if self.ended is not None:
            return []
        if isinstance(question, Authenticate):
            self._checking = False
            if isinstance(answer, Admitted):
                return self._enter(answer, now)
            return self._denied(question, answer)
        if isinstance(question, Follow):
            return self._may_follow(question, answer)
        if isinstance(question, Recall):
            followed = self._followed.get(question.resource_id)
            after = question.after or 0
            return [] if followed is None else followed.resumed(self.voice, after, answer, asked=True)
        if isinstance(question, AgentSays) and question.type == "task_claim":
            self.claims -= 1
        if isinstance(answer, AgentTold):
            return [Send(self.voice.message(answer.type, answer.data))]
        if isinstance(question, AgentSays | CancelGeneration | Relay) and isinstance(answer, Refused):
            return [Send(refused(self.voice, question, answer))]
        return []

    def _enter(self, admitted: Admitted, now: float) -> list[Effect]:
        first = self._admitted is None
        self._admitted = admitted
        self._ends_at = now + admitted.lifetime_s
        effects: list[Effect] = [self._known(admitted)]
        if first:
            effects.append(SignIn(User(admitted.user_id, "", None, (), watchlist_cut=False)))
            if self.call.channel:
                effects.append(self._subscribe(self._follow(self.call.resource_id)))
            effects.append(Subscribe(SYSTEM_NOTIFICATIONS))
        return effects

    def signed_in(self, online: Collection[str]) -> list[Effect]:
        """The user is known to the app, which may end all connections of theirs; the client is told nothing of it."""
        del online
        return []

    def signin_failed(self) -> list[Effect]:
        """As `subscribe_failed`."""
        text = "The server cannot make the user known now, try again"
        return self.end(OldCloseCode.OVERLOADED, text, self.voice.error("PROVIDER_UNAVAILABLE", text))

    def _known(self, admitted: Admitted) -> Send:
        response = self.voice.auth_response(admitted.user_id, admitted.role, admitted.permissions)
        return Send(response)

    def _denied(self, question: Authenticate, denied: Denied) -> list[Effect]:
        told = may_not_enter(self.voice, question, denied)
        if told.code is None:
            return [Send(told.error)]
        # A good token is told as such, so that nobody looks for the fault there.
        known = [] if denied.who is None else [self._known(denied.who)]
        return [*known, *self.end(told.code, told.reason, told.error, retry_after=told.retry_after)]

    # ---- what is followed -----------------------------------------------------------------------------------

    @property
    def followed(self) -> Mapping[str, Followed]:
        """By resource id."""
        return self._followed

    def _follow(self, resource_id: str) -> Followed:
        return self._followed.setdefault(resource_id, Followed(self.call, resource_id))

    def _subscribe(self, followed: Followed) -> Effect:
        return Subscribe(
            followed.channel, recall=followed.recall(self.principal), patient=followed.after is None
        )

    def follow(self, resource_id: str, said: Said) -> Ask:
        """A resource that the client names: may it?"""
        self._follow(resource_id).after = said.number("last_seq")
        return Ask(Follow(self.call, resource_id, self.principal, said.message_id))

    def leave(self, resource_id: str) -> Effect:
        """A resource is not wanted any more."""
        return Unsubscribe(self._followed.pop(resource_id).channel)

    def _may_follow(self, question: Follow, answer: Any) -> list[Effect]:
        if not isinstance(answer, Denied):
            return [self._subscribe(self._followed[question.resource_id])]
        followed = self._followed.pop(question.resource_id)
        self._refusals = Refusals() if self._refusals is None else self._refusals
        self._refusals.note(followed.channel.text, Refusal(403, f"it may not follow it: {answer.why.value}"))
        return [Send(may_not_follow(self.voice, question, answer))]

    def hint(self, recall: Recall, text: bytes | None) -> Recall:
        """The question before it is asked, and the client's next message, should there be one: it may say how far it is."""
        asked = with_resume(recall, text)
        followed = self._followed.get(recall.resource_id)
        if followed is not None and asked.after is not None:
            followed.after = asked.after
        return asked

    def subscribed(
        self,
        channel: ChannelName,
        missed: Sequence[Publication] = (),
        *,
        members: Mapping[str, str | None] | None = None,
        cache_missed: bool = False,
        gap: Gap | None = None,
        recalled: Any = None,
    ) -> list[Effect]:
        """See the dialogue."""
        del members, cache_missed, gap  # of no channel of ours
        if self.ended is not None:
            return []
        if channel == SYSTEM_NOTIFICATIONS:
            return [Send(text) for publication in missed if (text := self.voice.event(publication))]
        followed = next((each for each in self._followed.values() if each.channel == channel), None)
        if followed is None:  # left meanwhile
            return []
        effects: list[Effect] = []
        if self.call.endpoint.name is EndpointName.ROBLOX:
            effects.append(Send(self.voice.message("subscribed", {followed.id_name: followed.resource_id})))
        return effects + followed.enter(self.voice, missed, recalled)

    def subscribe_failed(self, channel: ChannelName) -> list[Effect]:
        """See the dialogue."""
        text = f"The server cannot follow {channel} now, try again"
        error = self.voice.error("PROVIDER_UNAVAILABLE", text)
        return self.end(OldCloseCode.OVERLOADED, text, error)

    def change_app(self, app: App, now: float) -> None:
        """Keys and limits of Channels are nothing to us."""
        del app, now

    # ---- endings --------------------------------------------------------------------------------------------

    def end(
        self, code: int, reason: str, error: bytes | None = None, *, retry_after: int | None = None
    ) -> list[Effect]:
        """The error that leads to it, the goodbye, the close; nothing is heard any more."""
        if self.ended is not None:
            return []
        self.ended = (int(code), reason)
        said = [] if error is None else [Send(error)]
        return [*said, Send(self.voice.goodbye(code, reason, retry_after)), Close(code, reason)]

    def closing(self, code: int, message: str) -> list[Effect]:
        """See the dialogue; codes of Channels that mean something else here are put into the guide's."""
        if code == CloseCode.RECONNECT_NOW:
            return self.end(OldCloseCode.GOING_AWAY, _RESTART)
        error = None
        if code == CloseCode.OVER_CAPACITY:
            error = self.voice.error("OVER_CAPACITY", message)
        elif code == OldCloseCode.SESSION_REPLACED:
            error = self.voice.error("SESSION_REPLACED", message)
        elif code == OldCloseCode.AUTH_REQUIRED:
            error = self.voice.auth_error("INVALID_TOKEN", "JWT token is invalid or expired")
        elif code in (CloseCode.UNKNOWN_APP, CloseCode.APP_DISABLED) and not isinstance(code, OldCloseCode):
            code = OldCloseCode.GOING_AWAY
        return self.end(code, message, error)

    def failed(self) -> list[Effect]:
        """See the dialogue."""
        text = "Internal server error, please reconnect"
        return self.end(OldCloseCode.SERVER_ERROR, text, self.voice.error("INTERNAL_ERROR", text))

    def farewell(self, code: int, reason: str) -> list[Effect]:
        """See the dialogue."""
        return self.end(code, reason)[:-1]

    # ---- time -----------------------------------------------------------------------------------------------

    def heard(self, now: float) -> None:
        """Anything at all came in; the answer to a WebSocket ping counts as any other."""
        self.heard_at = now

    def deadline(self, now: float) -> list[Effect]:
        """Who has not signed in in time, whose token has ended, who is silent; and the pings, both kinds at once."""
        if self.ended is not None:
            return []
        if self._admitted is None and now - self._begun >= limits.OLD_AUTH_S:
            if self._checking:
                text = "The sign-in could not be checked in time, try again"
                return self.end(OldCloseCode.OVERLOADED, text, self.voice.error("PROVIDER_UNAVAILABLE", text))
            reason = f"Nobody signed in within {limits.OLD_AUTH_S:.0f} s"
            return self.end(OldCloseCode.AUTH_REQUIRED, reason, self.voice.auth_required())
        if now >= self._ends_at:
            error = self.voice.auth_error("TOKEN_EXPIRED", "JWT token has expired; send auth with a new one")
            return self.end(OldCloseCode.AUTH_REQUIRED, "Token expired", error)
        if now - self.heard_at >= 2 * limits.OLD_PING_S:
            return self.end(OldCloseCode.SILENT, "Nothing was heard for two ping intervals")
        if self._admitted is not None and now - self._pinged_at >= limits.OLD_PING_S:
            self._pinged_at = now
            return [Send(self.voice.message("ping")), Probe()]
        return []
