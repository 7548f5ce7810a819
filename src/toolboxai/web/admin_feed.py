"""What happens in this process, live, and its last ten minutes as numbers, for those who run the server."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from toolboxai import limits
from toolboxai.errors import ValidationError
from toolboxai.node.feed import Feed
from toolboxai.node.feed_entry import Detail, Entry, Kind, Wanted
from toolboxai.node.series import Point, Series
from toolboxai.platform.identity.model import Principal
from toolboxai.web.admin_live import PERMISSION
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["admin_feed_routes"]

_NUMBER: Final = 2**53
_After = Annotated[int, Query(ge=0, le=_NUMBER)]


class FeedItem(BaseModel):
    """One thing that happened: names, sizes and ids. What does not apply to it is null."""

    n: int
    at: str
    kind: Kind
    app_id: str | None
    socket_id: str | None
    user_id: str | None
    channel: str | None
    event: str | None
    size: int | None = Field(serialization_alias="bytes")
    detail: dict[str, Detail]


class FeedAnswer(BaseModel):
    """Entries, oldest first; ``next`` is the ``after`` of the next request."""

    items: list[FeedItem]
    next: int
    sampled_away: dict[Kind, int]
    missed: int
    since: str


class PointItem(BaseModel):
    """One second; ``p99_ms`` is null where nothing was delivered in it."""

    n: int
    at: str
    connections: int
    messages_in: float
    messages_out: float
    publications: float
    p99_ms: float | None
    jobs_running: int
    jobs_waiting: int
    jobs_finished: int


class SeriesAnswer(BaseModel):
    """Points, oldest first; ``next`` is the ``after`` of the next request, ``every_s`` what lies between two."""

    items: list[PointItem]
    next: int
    every_s: float


def admin_feed_routes(feed: Feed, series: Series, authenticator: Authenticator) -> APIRouter:
    """``/api/v1/admin/feed`` and ``/api/v1/admin/series``, of this process.

    Args:
        feed: what happens.
        series: numbers.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/admin", tags=["admin"])
    # It stands first in each route: who may not ask does not learn what is there.
    operator = Annotated[Principal, Depends(authenticator.require(PERMISSION))]

    @router.get("/feed")
    async def read_feed(
        _who: operator,
        after: _After = 0,
        wait: Annotated[float, Query(ge=0, le=limits.FEED_WAIT_S)] = 0,
        kinds: Annotated[str | None, Query(max_length=200)] = None,
        app_id: Annotated[str | None, Query(max_length=100)] = None,
    ) -> FeedAnswer:
        """What has happened after a number; without anything yet, wait for it. While nobody reads, nothing is noted."""
        page = await feed.wait(after, Wanted(_kinds(kinds), app_id), wait)
        return FeedAnswer(
            items=[_item(each) for each in page.items],
            next=page.next,
            sampled_away=dict(page.sampled_away),
            missed=page.missed,
            since=timestamp(page.since),
        )

    @router.get("/series")
    async def read_series(_who: operator, after: _After = 0) -> SeriesAnswer:
        """The last ten minutes, a point a second; or the points after a number."""
        points = series.after(after)
        return SeriesAnswer(
            items=[_point(each) for each in points],
            next=series.newest,
            every_s=limits.SERIES_PERIOD_S,
        )

    return router


def _kinds(text: str | None) -> frozenset[Kind]:
    if text is None:
        return frozenset(Kind)
    try:
        return frozenset(Kind(each.strip()) for each in text.split(","))
    except ValueError as fault:
        allowed = f"some of {', '.join(Kind)}, with commas between"
        raise ValidationError(f"kinds: {allowed}", details={"fields": {"kinds": allowed}}) from fault


def _item(entry: Entry) -> FeedItem:
    return FeedItem(
        n=entry.n,
        at=timestamp(entry.at),
        kind=entry.kind,
        app_id=entry.app_id,
        **entry.named._asdict(),
        detail=dict(entry.detail),
    )


def _point(point: Point) -> PointItem:
    return PointItem(
        n=point.n,
        at=timestamp(point.at),
        connections=point.connections,
        messages_in=point.messages_in,
        messages_out=point.messages_out,
        publications=point.publications,
        p99_ms=point.p99_ms,
        jobs_running=point.jobs.running,
        jobs_waiting=point.jobs.waiting,
        jobs_finished=point.jobs_finished,
    )
