"""What became of one publication for one connection, in a word and in a sentence."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.hub.ring import LeftOut, Published
from toolboxai.hub.traces import Attendance, Traces

__all__ = ["EVERYONE", "Case", "Verdict", "acknowledged", "judge", "left_out", "stamp", "unknown"]

Verdict: TypeAlias = Literal[
    "written",
    "waiting",
    "handed",
    "known",
    "sender",
    "excluded",
    "conflated",
    "dropped",
    "slow",
    "unsent",
    "failed",
    "ending",
    "uncertain",
    "connected_later",
    "gone",
    "refused",
    "expired",
    "unsubscribed",
    "subscribed_later",
    "not_subscribed",
    "other_app",
    "unknown_socket",
]

EVERYONE: Final = ""  # the socket id of a case that is everybody's


class Case(NamedTuple):
    """What there is to judge by.

    Args:
        app: the publication's, as it is now; None: it has been removed.
        publication: which.
        left_out: by socket id, the last thing that was noted.
        vague: whether not all who were left out are remembered.
        seq: the publication's own number, where it is kept and has one.
    """

    app: App | None
    publication: Published
    left_out: Mapping[str, LeftOut]
    vague: bool
    seq: int | None = None


class _Told(NamedTuple):
    verdict: Verdict
    text: str


def judge(case: Case, traces: Traces) -> tuple[Verdict, str]:
    """The verdict on a connection, and why."""
    publication = case.publication
    if traces.app_id != publication.app_id:
        return _Told("other_app", f"it is a connection of app {traces.app_id}")
    if publication.exclude == traces.socket_id:
        return _excluded(publication)
    if traces.attended(publication):
        return _subscriber(case, traces)
    entered = traces.handed(publication)
    if entered is not None:
        return _Told(
            "handed",
            f"it was not subscribed then, and was handed it at {stamp(entered.at)}, with what the channel keeps, when "
            f"it subscribed{_end(traces)}",
        )
    return _no_subscriber(publication, traces)


def unknown(
    publication: Published, socket_id: str, departed: int, since: float | None
) -> tuple[Verdict, str]:
    """The verdict on a connection of which nothing is known.

    Args:
        publication: which.
        socket_id: the name.
        departed: so many connections that are gone are remembered.
        since: unix seconds since when all of them are; None: since the start.
    """
    if publication.exclude == socket_id:
        return _excluded(publication)
    reach = "since the server was started" if since is None else f"since {stamp(since)}"
    return _Told(
        "unknown_socket",
        f"no connection of this name is open here, nor among the {departed} that are remembered of those that have "
        f"ended {reach}",
    )


def left_out(case: Case, traces: Traces) -> Verdict | None:
    """What kept the publication from a connection that was subscribed; None: nothing."""
    publication = case.publication
    found = case.left_out.get(traces.socket_id) or case.left_out.get(EVERYONE)
    if found is not None:
        return found.fate
    if traces.trail.deaf_at is not None and traces.trail.deaf_at <= publication.serial:
        return "slow" if traces.trail.slow else "ending"
    if _waits(publication, traces):
        return "waiting" if _open(publication, traces) else "unsent"
    return None


def acknowledged(case: Case, traces: Traces) -> bool | None:
    """Whether a connection that it was written to has confirmed to have it; None: that is not known."""
    said = traces.trail.acknowledged.get(case.publication.channel)
    if said is not None and case.seq is not None:
        return said >= case.seq
    return traces.acknowledged(case.publication)


def stamp(at: float) -> str:
    """Unix seconds as RFC 3339, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _excluded(publication: Published) -> tuple[Verdict, str]:
    if publication.origin == "client":
        return _Told("sender", "it has sent this event itself, and a sender does not get its own")
    return _Told(
        "excluded", "whoever published named it in socket_id, as the connection that is not to get it"
    )


# ---- who was subscribed -------------------------------------------------------------------------------------


def _subscriber(case: Case, traces: Traces) -> tuple[Verdict, str]:
    publication = case.publication
    verdict = left_out(case, traces)
    rule = None if case.app is None else case.app.flow_rule(publication.channel)
    pattern = f" {rule.pattern}" if rule is not None else ""
    match verdict:
        case "conflated":
            newer = case.left_out[traces.socket_id].newer
            by = "" if newer is None else f", {newer.text},"
            text = f"it read slowly, and a newer event of the same kind{by} took its place by the flow rule{pattern}"
        case "dropped":
            text = f"it read slowly, and the flow rule{pattern} drops the oldest where too much waits"
        case "known":
            text = "it had it already: it was handed what had happened when it subscribed"
        case "failed":
            text = "the write failed: its line had just been lost"
            if traces.socket_id not in case.left_out:
                text = "nobody was sent it, for a fault of this server; its log has 'publications could not be delivered'"
        case "slow":
            text = f"it read too slowly: more than {limits.OUTBOX_BYTES} bytes waited for it, and nothing more was written"
        case "ending":
            text = "its request had been answered already; the next one goes on from there"
        case "waiting":
            text = "it waits in this server until the client has read what comes before it"
        case "unsent":
            text = f"it still waited for the client to read on when {_unsent_when(publication, traces)}"
        case _:
            if case.vague and rule is not None:
                text = f"it was written, or left out by the flow rule{pattern}: more was left out since than is remembered"
                return _Told("uncertain", text + _end(traces))
            return _Told("written", _written(case, traces) + _end(traces))
    return _Told(verdict, text + _end(traces))


def _written(case: Case, traces: Traces) -> str:
    publication = case.publication
    text = f"it was written to it at {stamp(publication.at)}"
    confirmed = acknowledged(case, traces)
    if confirmed:
        return f"{text}, and it has acknowledged it"
    if traces.gone is None and traces.waiting_bytes:
        text += f"; {traces.waiting_bytes} bytes wait here for the client to read on, perhaps with this among them"
    elif traces.trail.unread:
        text += f"; {traces.trail.unread} bytes waited here when it was closed, perhaps with this among them"
    if confirmed is False:
        return f"{text}; it has not acknowledged it{' yet' if traces.gone is None else ''}"
    return f"{text}; whether it arrived is not known, since this connection is not asked for receipts"


def _waits(publication: Published, traces: Traces) -> bool:
    position = publication.position
    firsts = [traces.unsent.get(publication.channel)]
    firsts += [stay.unsent for stay in traces.trail.stays if stay.channel == publication.channel]
    return any(
        first is not None and first.epoch == position.epoch and first.offset <= position.offset
        for first in firsts
    )


def _open(publication: Published, traces: Traces) -> bool:
    entered = traces.channels.get(publication.channel)
    return traces.gone is None and entered is not None and entered.serial <= publication.serial


def _unsent_when(publication: Published, traces: Traces) -> str:
    stay = next(
        (
            each
            for each in traces.attendances(publication.channel)
            if each.left is not None and each.entered.serial <= publication.serial < each.left.serial
        ),
        None,
    )
    if stay is None or stay.left is None or stay.left == traces.gone:
        return "its connection ended"
    return f"its subscription ended, at {stamp(stay.left.at)}"


# ---- who was not --------------------------------------------------------------------------------------------


def _no_subscriber(publication: Published, traces: Traces) -> tuple[Verdict, str]:
    channel, serial = publication.channel, publication.serial
    if traces.opened.serial > serial:
        return _Told("connected_later", f"it connected only at {stamp(traces.opened.at)}{_end(traces)}")
    if traces.gone is not None and traces.gone.serial <= serial:
        return _Told("gone", f"its connection had ended by then, at {stamp(traces.gone.at)}: {_why(traces)}")
    attendances = traces.attendances(channel)
    before = [each for each in attendances if each.left is not None and each.left.serial <= serial]
    after = [each for each in attendances if each.entered.serial > serial]
    later = f"; it subscribed again at {stamp(after[0].entered.at)}" if before and after else ""
    if before:
        return _ended(before[-1], later + _end(traces))
    if after:
        text = f"it subscribed to {channel} only at {stamp(after[0].entered.at)}, and was not handed it then"
        return _Told("subscribed_later", text + _end(traces))
    refusal = traces.refusals.get(channel)
    if refusal is not None:
        text = f"its subscribe to {channel} was refused with {refusal.status}: {refusal.message[:500]}"
        return _Told("refused", text + _end(traces))
    return _Told("not_subscribed", f"it was not subscribed to {channel}{_end(traces)}")


def _ended(attendance: Attendance, rest: str) -> tuple[Verdict, str]:
    at = "" if attendance.left is None else stamp(attendance.left.at)
    if attendance.expired:
        return _Told("expired", f"the authorisation of its subscription had run out at {at}{rest}")
    return _Told("unsubscribed", f"it had unsubscribed at {at}{rest}")


def _end(traces: Traces) -> str:
    if traces.gone is None:
        return ""
    return f"; its connection ended at {stamp(traces.gone.at)}: {_why(traces)}"


def _why(traces: Traces) -> str:
    if traces.ended is None:
        return "the client closed it, or its line was lost"
    code, reason = traces.ended
    return f"closed with {code}, {reason}" if reason else f"closed with {code}"
