"""What became of a publication, told to whoever asks for it afterwards."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

import msgspec

from toolboxai.apps.app import App
from toolboxai.errors import PublishFailed
from toolboxai.hub.ring import Published
from toolboxai.hub.traces import Traces
from toolboxai.node.node import Node
from toolboxai.node.verdicts import EVERYONE, Case, Verdict, acknowledged, judge, left_out, stamp, unknown
from toolboxai.protocol.publication import Origin, Position

__all__ = ["Account", "Accounts", "SocketAccount"]


class SocketAccount(msgspec.Struct, frozen=True):
    """What became of it for one connection.

    Args:
        socket_id: its name.
        verdict: in a word.
        text: in a sentence.
        acknowledged: whether it has confirmed to have it; None: that is not known.
        connected_at: None where nothing is known of it.
        closed_at: None: it is open, or nothing is known of it.
        user_id: as whom it is, or was, signed in.
    """

    socket_id: str
    verdict: Verdict
    text: str
    acknowledged: bool | None = None
    connected_at: str | None = None
    closed_at: str | None = None
    user_id: str | None = None


class Account(msgspec.Struct, frozen=True):
    """What became of one publication in this process. Times are RFC 3339.

    Args:
        id: of the publication.
        app_id: whose channel.
        channel: which.
        event: its name.
        bytes: of its data, which is not kept here.
        at: when it was accepted.
        origin: who published it.
        excluded: the connection that was not to get it.
        subscribers: connections that were subscribed then, that one included.
        written: how many of them it was written to.
        waiting: for how many it waits until they have read on.
        conflated: how many were not sent it because of a newer event of its kind.
        dropped: because their queue was full.
        known: because they had it already.
        slow: because they were about to be closed with 4100, or for another reason.
        unsent: how many ended before they had read so far.
        failed: whose write failed.
        handed_later: how many were handed it when they subscribed.
        acknowledged: how many have confirmed to have it; None where nobody is asked.
        webhooks: to how many addresses it was posted.
        complete: whether all that was noted of it is still remembered.
        socket: of the connection that was asked about.
    """

    id: str
    app_id: str
    channel: str
    event: str
    bytes: int
    at: str
    origin: Origin
    excluded: str | None
    subscribers: int
    written: int
    waiting: int
    conflated: int
    dropped: int
    known: int
    slow: int
    unsent: int
    failed: int
    handed_later: int
    acknowledged: int | None
    webhooks: int
    complete: bool
    socket: SocketAccount | None = None


class Accounts:
    """Derives it from what connections, broker and ring have; nothing is changed by asking.

    Args:
        node: of this process.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    async def of(
        self, position: Position, *, app: App | None = None, socket_id: str | None = None
    ) -> Account | None:
        """What became of a publication, and for one connection, if one is asked about.

        Args:
            position: of the publication.
            app: whose publications and connections are told of; None: all.
            socket_id: of the connection.

        Returns:
            None when it is not remembered, or of another app.
        """
        node = self._node
        node.turn.finish()  # what is published is delivered, and noted with that
        publication = node.ring.find(position)
        if publication is None or (app is not None and publication.app_id != app.id):
            return None
        cases = {each.socket_id: each for each in node.ring.left_out(position)}
        app_now = node.apps.by_id(publication.app_id)
        case = Case(
            app_now,
            publication,
            cases,
            vague=publication.serial < node.ring.vague,
            seq=None if app_now is None else await self._seq(app_now, publication),
        )
        account = self._account(case)
        if socket_id is None:
            return account
        return msgspec.structs.replace(account, socket=self._socket(case, socket_id, app))

    def not_remembered(self, position: Position) -> str:
        """The words for a publication of which nothing is told."""
        since = self._node.ring.since
        reach = "since the server was started" if since is None else f"since {stamp(since)}"
        return (
            f"no publication {position.text} is remembered here: either there was none, or it is too old; those "
            f"{reach} are remembered, {len(self._node.ring)} of them"
        )

    async def _seq(self, app: App, publication: Published) -> int | None:
        """The number in its data, while the channel keeps it."""
        try:
            history = await self._node.history(app, publication.channel)
        except PublishFailed:  # all the rest is known without the broker
            return None
        kept = (each for each in history.publications if each.position == publication.position)
        return next((each.seq for each in kept), None)

    # ---- of all connections ---------------------------------------------------------------------------------

    def _candidates(self, case: Case) -> Iterable[Traces]:
        """Connections of which more may be told than that it was written to them: on its channel, or gone from it."""
        publication = case.publication
        here = () if case.app is None else self._node.hub(case.app).on(publication.channel)
        marked = (each for each in here if each.trail or each.receipts is not None or each.outbox.waiting)
        gone = self._node.departed.of_channel(publication.app_id, publication.channel)
        return chain(map(Traces.of, marked), gone)

    def _traces(self, socket_id: str) -> Traces | None:
        hubs = map(self._node.hub, self._node.apps)
        found = next((each for hub in hubs if (each := hub.connection(socket_id)) is not None), None)
        return self._node.departed.find(socket_id) if found is None else Traces.of(found)

    def _account(self, case: Case) -> Account:
        publication = case.publication
        fates: Counter[str] = Counter(each.fate for each in case.left_out.values() if each.socket_id)
        receipts: list[bool] = []
        handed_later = 0
        for traces in self._candidates(case):
            if traces.socket_id == publication.exclude:
                continue
            if traces.attended(publication):
                fate = left_out(case, traces)
                if fate is None:
                    confirmed = acknowledged(case, traces)
                    if confirmed is not None:
                        receipts.append(confirmed)
                elif traces.socket_id not in case.left_out:
                    fates[fate] += 1
            elif traces.handed(publication) is not None:
                handed_later += 1
        excluded = self._was_there(publication)
        if EVERYONE in case.left_out:
            fates = Counter(failed=publication.subscribers - excluded)
        departed_since = self._node.departed.since
        return Account(
            publication.position.text,
            publication.app_id,
            publication.channel,
            publication.event,
            publication.size,
            stamp(publication.at),
            publication.origin,
            publication.exclude,
            publication.subscribers,
            max(0, publication.subscribers - excluded - fates.total()),
            fates["waiting"],
            fates["conflated"],
            fates["dropped"],
            fates["known"],
            fates["slow"] + fates["ending"],
            fates["unsent"],
            fates["failed"],
            handed_later,
            sum(receipts) if receipts else None,
            self._webhooks(case),
            not case.vague and (departed_since is None or departed_since < publication.at),
        )

    def _was_there(self, publication: Published) -> bool:
        """Whether the connection that was not to get it was subscribed."""
        if publication.exclude is None:
            return False
        traces = self._traces(publication.exclude)
        return traces is not None and traces.app_id == publication.app_id and traces.attended(publication)

    def _webhooks(self, case: Case) -> int:
        if case.app is None or case.publication.origin != "client" or self._node.happenings.observer is None:
            return 0
        return sum(rule.wants("client_event", case.publication.channel) for rule in case.app.webhooks)

    # ---- of one ---------------------------------------------------------------------------------------------

    def _socket(self, case: Case, socket_id: str, app: App | None) -> SocketAccount:
        traces = self._traces(socket_id)
        if traces is None or (app is not None and traces.app_id != app.id):
            departed = self._node.departed
            return SocketAccount(
                socket_id, *unknown(case.publication, socket_id, len(departed), departed.since)
            )
        verdict, text = judge(case, traces)
        return SocketAccount(
            socket_id,
            verdict,
            text,
            acknowledged(case, traces) if verdict == "written" else None,
            stamp(traces.opened.at),
            None if traces.gone is None else stamp(traces.gone.at),
            traces.user_id,
        )
