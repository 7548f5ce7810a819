"""The broker of a service that is one process."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.broker.base import Control, Deliver, Hear, History, Joined, UserChange
from toolboxai.broker.members import Members
from toolboxai.broker.saved import SavedChannel
from toolboxai.broker.stream import Budget, Log, Stream
from toolboxai.clock import Clock
from toolboxai.errors import ChannelFull
from toolboxai.ids import Dice, new_token
from toolboxai.protocol.codec import member_data
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Position, Publication

__all__ = ["MemoryBroker"]


class MemoryBroker:
    """Streams, members and users in dictionaries.

    A channel that nobody follows and nothing is kept of is forgotten; its next life has a new epoch, so that an old
    position is never mistaken for a new one.

    Args:
        clock: for the age of what is kept.
        dice: for epochs.
    """

    immediate = True

    def __init__(self, clock: Clock, dice: Dice) -> None:
        self._clock = clock
        self._life = new_token(dice, bits=40)
        self._streams: dict[tuple[str, str], Stream] = {}
        self._keeping: dict[tuple[str, str], None] = {}  # streams of which something may outlive its time
        self._remembered: dict[tuple[str, str], None] = {}  # left by all; who was left last is last
        self._tails: defaultdict[str, Budget] = defaultdict(lambda: Budget(limits.RESUME_BYTES))  # by app id
        self._members: dict[tuple[str, str], Members] = {}
        self._users: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)  # app id, user id: socket ids
        self._born = 0
        self._deliver: Deliver = _unbound
        self._hear: Hear = _unbound

    def bind(self, deliver: Deliver, hear: Hear) -> None:
        """See the port."""
        self._deliver = deliver
        self._hear = hear

    async def publish(self, app: App, publication: Publication) -> Position:
        """See the port."""
        stream = self._streams.get((app.id, publication.channel))
        if stream is None:
            if not publication.cached and app.history_rule(publication.channel) is None:
                # Nobody follows and nothing is kept: nobody will ever ask for this place again.
                publication.position = position = Position(self._epoch(), 1)
                return position
            stream = self._stream(app, publication.channel)
        position = stream.append(publication, cache_ttl_s=app.cache_ttl_s)
        if publication.cached:
            self._keeping[app.id, publication.channel] = None
        if stream.followed:
            self._deliver(app.id, publication)
        return position

    async def follow(self, app: App, channel: str) -> None:
        """See the port."""
        self._stream(app, channel).followed = True
        self._remembered.pop((app.id, channel), None)

    async def unfollow(self, app: App, channel: str) -> None:
        """See the port."""
        stream = self._streams.get((app.id, channel))
        if stream is not None:
            stream.followed = False
            if stream.tail is not None:
                stream.remembered_until = self._clock.now() + limits.RESUME_S
                self._remember(app.id, channel)
            self._forget_idle(app.id, channel, stream)

    async def history(self, app: App, channel: str, *, since: Position | None = None) -> History:
        """See the port."""
        stream = self._streams.get((app.id, channel))
        if stream is None:
            return History((), Position(self._epoch(), 0), complete=since is None)
        cached = stream.cached(self._clock.now())
        if since is not None and (since.epoch != stream.epoch or since.offset > stream.offset):
            return History(stream.kept_since(0)[0], stream.top, complete=False, cached=cached)
        kept, complete = stream.kept_since(0 if since is None else since.offset)
        return History(kept, stream.top, complete=complete, cached=cached, last_at=stream.last_at)

    async def missed(self, app: App, channel: str, *, since: Position) -> History:
        """See the port."""
        stream = self._streams.get((app.id, channel))
        if stream is None or since.epoch != stream.epoch or since.offset > stream.offset:
            return await self.history(app, channel, since=since)
        cached = stream.cached(self._clock.now())
        missed, complete = stream.missed_since(since.offset)
        return History(missed, stream.top, complete=complete, cached=cached)

    async def restore(self, app: App, channel: str, publications: Sequence[Publication]) -> None:
        """See the port."""
        stream = self._stream(app, channel)
        known = stream.newest_seq if stream.offset else -1
        for publication in publications:
            if known == -1 or (known is not None and publication.seq is not None and publication.seq > known):
                stream.append(publication, cache_ttl_s=app.cache_ttl_s)
        self._forget_idle(app.id, channel, stream)

    # ---- over a restart -------------------------------------------------------------------------------------

    def saved(self, app: App) -> Iterator[SavedChannel]:
        """See the port."""
        for app_id, channel in tuple(self._streams):
            stream = self._streams.get((app_id, channel)) if app_id == app.id else None
            if stream is not None:
                saved = stream.saved(channel, self._clock.now())
                if saved is not None:
                    yield saved

    def load(self, app: App, channels: Iterable[SavedChannel], *, goes_on: bool) -> int:
        """See the port."""
        count, now = 0, self._clock.now()
        for saved in channels:
            place = app.id, saved.name
            if place in self._streams:
                continue
            epoch = saved.epoch if goes_on else self._epoch()
            stream = Stream(epoch, app.history_rule(saved.name), self._tail(app))
            stream.load(saved, goes_on=goes_on)
            stream.expire(now)
            if stream.idle(now):
                stream.forget()
                continue
            count += 1
            self._streams[place] = stream
            self._keeping[place] = None
            if stream.remembered_until > now:
                self._remember(*place)
        self._tails[app.id].put_in_order()
        return count

    # ---- presence -------------------------------------------------------------------------------------------

    async def join(self, app: App, channel: str, socket_id: str, member: Member) -> Joined:
        """See the port."""
        members = self._members.get((app.id, channel)) or Members()
        removed = None
        if members.user(socket_id) not in (None, member.user_id):
            removed = await self.leave(app, channel, socket_id)
        if member.user_id not in members and len(members) >= app.presence_members:
            raise ChannelFull(f"{channel} has {len(members)} users, and no more are allowed")
        self._members[app.id, channel] = members
        added = members.join(socket_id, member)
        if added:
            data = member_data(member.user_id, member.user_info)
            await self._tell_members(app, channel, "pusher_internal:member_added", data, socket_id)
        stream = self._stream(app, channel)
        return Joined(members.infos, stream.top, added, removed)

    async def leave(self, app: App, channel: str, socket_id: str) -> str | None:
        """See the port."""
        members = self._members.get((app.id, channel))
        user_id = None if members is None else members.leave(socket_id)
        if members is None or user_id is None:
            return None
        if not members:
            del self._members[app.id, channel]
        data = member_data(user_id, None)
        await self._tell_members(app, channel, "pusher_internal:member_removed", data, socket_id)
        return user_id

    async def _tell_members(self, app: App, channel: str, event: str, data: str, socket_id: str) -> None:
        now = self._clock.now()
        news = Publication(channel, event, data, exclude=socket_id, at=now, kept=False, of_members=True)
        await self.publish(app, news)

    async def members(self, app: App, channel: str) -> Mapping[str, str | None]:
        """See the port."""
        members = self._members.get((app.id, channel))
        return {} if members is None else members.infos

    async def user_counts(self, app: App, channels: Sequence[str]) -> Mapping[str, int]:
        """See the port."""
        return {channel: len(self._members.get((app.id, channel), ())) for channel in channels}

    # ---- users ----------------------------------------------------------------------------------------------

    async def sign_in(self, app: App, user_id: str, socket_id: str, watchlist: Sequence[str]) -> set[str]:
        """See the port."""
        users = self._users[app.id]
        first = user_id not in users
        users.setdefault(user_id, set()).add(socket_id)
        if first:
            self._hear(app.id, UserChange(user_id, online=True))
        return {watched for watched in watchlist if watched in users}

    async def sign_out(self, app: App, user_id: str, socket_id: str) -> None:
        """See the port."""
        users = self._users[app.id]
        sockets = users.get(user_id, set())
        sockets.discard(socket_id)
        if user_id in users and not sockets:
            del users[user_id]
            self._hear(app.id, UserChange(user_id, online=False))

    async def tell(self, app: App, control: Control) -> None:
        """See the port."""
        self._hear(app.id, control)

    # ---- apps -----------------------------------------------------------------------------------------------

    def app_changed(self, app: App) -> None:
        """See the port."""
        for app_id, channel in tuple(self._streams):
            if app_id == app.id:
                stream = self._streams[app_id, channel]
                stream.change(app.history_rule(channel), self._tail(app))
                if stream.keeps:
                    self._keeping[app_id, channel] = None
                self._forget_idle(app_id, channel, stream)

    def forget_app(self, app: App) -> None:
        """See the port."""
        self._users.pop(app.id, None)
        for streams in (self._streams, self._members):
            for place in [place for place in streams if place[0] == app.id]:
                del streams[place]
        self._tails.pop(app.id, None)
        for places in (self._keeping, self._remembered):
            for place in [place for place in places if place[0] == app.id]:
                del places[place]

    # ---- time -----------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """See the port."""
        now = self._clock.now()
        for place in list(islice(self._keeping, limits.SWEPT_AT_ONCE)):
            del self._keeping[place]
            self._keeping[place] = None  # its next turn is after all others'
            stream = self._streams[place]
            stream.expire(now)
            if place in self._remembered and stream.remembered_until <= now:
                self._remember_no_longer(*place)
            self._forget_idle(*place, stream)

    def _remember(self, app_id: str, channel: str) -> None:
        """It was left by all just now; of too many the one that was left first is forgotten."""
        self._remembered.pop((app_id, channel), None)
        self._remembered[app_id, channel] = None
        while len(self._remembered) > limits.REMEMBERED:
            self._remember_no_longer(*next(iter(self._remembered)))

    def _remember_no_longer(self, app_id: str, channel: str) -> None:
        """Whoever comes back is told of a gap."""
        del self._remembered[app_id, channel]
        stream = self._streams.get((app_id, channel))
        if stream is not None and not stream.followed:
            stream.remembered_until = 0.0
            stream.forget()
            self._forget_idle(app_id, channel, stream)

    def _stream(self, app: App, channel: str) -> Stream:
        stream = self._streams.get((app.id, channel))
        if stream is None:
            stream = Stream(self._epoch(), app.history_rule(channel), self._tail(app))
            self._streams[app.id, channel] = stream
            if stream.keeps:
                self._keeping[app.id, channel] = None
        return stream

    def _tail(self, app: App) -> Log | None:
        return Log(limits.RESUME_EVENTS, limits.RESUME_S, self._tails[app.id]) if app.resume else None

    def _epoch(self) -> str:
        self._born += 1
        return f"{self._life}.{self._born}"

    def _forget_idle(self, app_id: str, channel: str, stream: Stream) -> None:
        if stream.idle(self._clock.now()):
            stream.forget()
            self._streams.pop((app_id, channel), None)
            self._remembered.pop((app_id, channel), None)
            self._keeping.pop((app_id, channel), None)


def _unbound(_app_id: str, _news: object) -> None:
    raise RuntimeError("a broker was used before bind() named its receiver")
