"""The application's parts, joined: database, identity, content, jobs, routes."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.engine import answers
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.luau_check import LuauCheck
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.adapters.publisher_here_too import PublisherHereToo
from toolboxai.adapters.publisher_pusher import PusherPublisher
from toolboxai.adapters.source_files.processes import SourceFileProcesses
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.adapters.try_window import MemoryTryWindow
from toolboxai.app.agents import joined_agents
from toolboxai.app.api import ApiParts, make_api
from toolboxai.app.classes import join_classes
from toolboxai.app.console import kept_authorisations, kept_series
from toolboxai.app.content_engine import content_engine
from toolboxai.app.demo import DemoAccount
from toolboxai.app.games import join_games
from toolboxai.app.identity import make_identity, revocations_followed
from toolboxai.app.kept import Kept
from toolboxai.app.notifications import telling
from toolboxai.app.oidc import oidc_sign_in
from toolboxai.app.old_sockets import SocketDesk, kept_ledger, old_sockets_parts
from toolboxai.app.public_names import with_public_names
from toolboxai.app.resources import join_rooms
from toolboxai.app.school import school_kept
from toolboxai.app.storage import Storage
from toolboxai.app.stored_apps import app_parser
from toolboxai.app.worlds import make_worlds, open_cloud
from toolboxai.apps.app import App
from toolboxai.config import Settings
from toolboxai.errors import ConfigError, ResourceNotFound
from toolboxai.ids import new_token
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.legacy.session import SYSTEM_NOTIFICATIONS
from toolboxai.metrics import Sample
from toolboxai.node.node import Node
from toolboxai.node.series import Series
from toolboxai.node.served_apps import ServedApps
from toolboxai.platform.content.run.limits import RunLimits
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.socket_rights import SocketRights
from toolboxai.platform.identity.stream_rights import StreamRights
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.ports import Publisher
from toolboxai.platform.public_forms import AGENT_STATUS, ROBLOX_SYNC
from toolboxai.platform.roblox.after_lessons import WorldsAfterLessons
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.tasks import RunTasks
from toolboxai.protocol.encryption import ChannelSecrets
from toolboxai.transport.background_check import BackgroundCheck
from toolboxai.transport.exposition import Source
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.web.channels_auth import ChannelSigner
from toolboxai.web.realtime_config import RealtimeConfig

__all__ = ["Application", "application"]

_HOSTED_BYTES: Final = 10_240  # what hosted services take of an event
# Public channels that old sockets follow, or whose history is asked for here, wherever the events go.
_NEEDED_HERE: Final = (SYSTEM_NOTIFICATIONS.text, ROBLOX_SYNC, AGENT_STATUS)


class Application(NamedTuple):
    """What the one port serves beside Channels.

    Args:
        web: the routes.
        streams: who may read private channels as event streams.
        old_sockets: what the old WebSocket endpoints need.
        notifications: the way to everybody.
        checks: what has to answer for it to work.
        samples: its numbers.
        series: the last ten minutes of them; looked at every second while the server runs.
    """

    web: FastAPI
    streams: StreamRights
    old_sockets: OldSocketsParts
    notifications: Notifications
    checks: Mapping[str, BackgroundCheck]
    samples: Source
    series: Series


@asynccontextmanager
async def application(
    settings: Settings,
    node: Node,
    apps: ServedApps,
    storage: Storage,
    kept: Kept,
    ring: KeyRing,
    *,
    demo: DemoAccount | None,
) -> AsyncIterator[Application]:
    """The application, with everything behind it running.

    Args:
        settings: checked, with an app.
        node: where the embedded publisher publishes.
        apps: the apps of the node; those of the database join them.
        storage: the database.
        kept: what an earlier process has left; it is loaded before anything publishes.
        ring: the keys that sign tokens; they may change meanwhile.
        demo: an account that may sign in with a one-time code.

    Raises:
        ConfigError: the database cannot be served from, or no app is configured.
    """
    if node.apps.own is None:
        raise ConfigError(
            ["the application needs an app to publish to: set PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET"]
        )

    def own() -> App:
        """Our app as it is now: its keys may be rotated at any time."""
        assert node.apps.own is not None  # the node keeps it
        return node.apps.own

    def event_bytes() -> int:
        """That an event of ours may have."""
        most = own().event_bytes
        return most if settings.publisher.kind == "embedded" else min(most, _HOSTED_BYTES)

    def live() -> RealtimeConfig:
        return _live(settings, own())

    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(storage.open())
        identity = await stack.enter_async_context(make_identity(settings, ring, engine))
        await stack.enter_async_context(revocations_followed(identity))
        if demo is not None:
            await _let_in(identity, demo)
        await apps.add_stored(DatabaseAppStore(engine), app_parser(settings), random.SystemRandom())
        await kept.load()
        store = DatabaseContentStore(engine)
        rooms = join_rooms(engine, store, identity)
        way_out = await stack.enter_async_context(_publisher(settings, node, own))
        publisher = with_public_names(
            way_out, settings, engine, rooms.owners, node.metrics, demo=demo is not None
        )
        jobs = DbosJobs(settings.database.url)
        clock = SystemClock()
        limiter = AttemptLimiter(MemoryTryWindow(), clock, allow_list=settings.server.allowed())
        agents = await stack.enter_async_context(
            joined_agents(engine, rooms, publisher, limiter, settings.agents, event_bytes=event_bytes)
        )
        content, worlds = await stack.enter_async_context(
            _work(
                settings,
                engine,
                store,
                publisher,
                jobs,
                ring,
                agents.runs,
                event_bytes=event_bytes,
            )
        )
        source_files = SourceFileProcesses()
        stack.push_async_callback(asyncio.to_thread, source_files.close)
        policy = ChannelPolicy(rooms.owners)
        authorisations = kept_authorisations(node, clock)
        series = kept_series(node, content)
        oidc = await stack.enter_async_context(oidc_sign_in(settings, engine, identity, ring, limiter))
        notifications = await stack.enter_async_context(telling(settings, engine, publisher, clock))
        deprecation = _deprecation(settings, live)
        usage = DatabaseUsageStore(engine)
        ledger = await stack.enter_async_context(kept_ledger(usage, clock))
        school = await stack.enter_async_context(
            school_kept(
                settings, engine, identity, content, worlds, agents.registry, limiter, flush=ledger.flush
            )
        )
        rights = SocketRights(identity, policy, limiter, clock, authorisations)
        desk = SocketDesk(rights, content, store, DatabaseEnvironmentStore(engine), agents, clock, publisher)
        web = make_api(
            ApiParts(
                settings=settings,
                node=node,
                apps=apps,
                own=own,
                live=live,
                clock=clock,
                rooms=rooms,
                class_rooms=join_classes(engine, store, rooms, publisher, ring, limiter),
                games=join_games(engine, store, identity, publisher, limiter),
                agents=agents,
                school=school,
                content=content,
                worlds=worlds,
                source_files=source_files,
                publisher=publisher,
                notifications=notifications,
                webhooks=DatabaseWebhookStore(engine),
                policy=policy,
                authorisations=authorisations,
                series=series,
                limiter=limiter,
                signer=ChannelSigner(own, _channel_secrets(settings)),
                deprecation=deprecation,
                usage=usage,
                ledger=ledger,
                oidc=oidc,
                demo=demo is not None,
            )
        )
        old_sockets = old_sockets_parts(settings, desk, deprecation, ledger)
        checks = {
            "database": BackgroundCheck(partial(answers, engine), clock),
            "jobs": BackgroundCheck(jobs.answers, clock),
        }
        streams = StreamRights(identity, policy, limiter, authorisations)
        samples = partial(_samples, content, worlds)
        yield Application(web, streams, old_sockets, notifications, checks, samples, series)


def _samples(content: ContentService, worlds: WorldService) -> Iterable[Sample]:
    for state, *numbers in zip(("running", "waiting"), content.load, worlds.load, strict=True):
        yield Sample("jobs", (state,), sum(numbers))


def _master_key(settings: Settings) -> str | None:
    given = settings.channels.encryption_master_key_base64
    return None if given is None else given.get_secret_value()


def _channel_secrets(settings: Settings) -> ChannelSecrets | None:
    key = _master_key(settings)
    return None if key is None else ChannelSecrets(key, secrets.token_bytes)


async def _let_in(identity: IdentityService, demo: DemoAccount) -> None:
    """The demo's teacher, who signs in with the code alone: nobody learns the password."""
    try:
        user = await identity.user_named(demo.name)
    except ResourceNotFound:
        user = await identity.create_user(demo.name, Role.TEACHER, new_token(random.SystemRandom()))
    await identity.one_time_code(user, demo.code)


@asynccontextmanager
async def _publisher(settings: Settings, node: Node, own: Callable[[], App]) -> AsyncIterator[Publisher]:
    """The hub of this process, or any Pusher-compatible HTTP API; then too old sockets and history are here."""
    here = EmbeddedPublisher(node, own, _channel_secrets(settings))
    if settings.publisher.kind == "embedded":
        yield here
        return
    there = settings.publisher
    far = PusherPublisher(
        own,
        host=there.host,
        port=there.port,
        scheme=there.scheme,
        cluster=there.cluster,
        encryption_master_key_base64=_master_key(settings),
        metrics=node.metrics,
    )
    both = PublisherHereToo(far, here, named=_NEEDED_HERE, metrics=node.metrics)
    try:
        yield both
    finally:
        await both.close()
        await far.close()


@asynccontextmanager
async def _work(
    settings: Settings,
    engine: AsyncEngine,
    store: DatabaseContentStore,
    publisher: Publisher,
    jobs: DbosJobs,
    ring: KeyRing,
    tasks: RunTasks,
    *,
    event_bytes: Callable[[], int],
) -> AsyncIterator[tuple[ContentService, WorldService]]:
    """Content sessions and worlds; those that an earlier process left unfinished go on."""
    limits = RunLimits(**settings.content.model_dump())
    processes, checker = EngineProcesses(stage_limit_s=limits.stage_limit_s), LuauCheck()
    uploader = open_cloud(settings)
    writer, close_engine = await asyncio.to_thread(content_engine, settings.llm, processes)
    content = ContentService(
        store=store,
        jobs=jobs,
        publisher=publisher,
        engine=writer,
        clock=SystemClock(),
        dice=random.SystemRandom(),
        link_keys=ring.derived("download links"),
        public_compat=PublicCompat(settings.channels.public_compat),
        limits=limits,
        source_needed=settings.llm.provider is None,
        tasks=tasks,
    )
    worlds = make_worlds(
        settings,
        DatabaseEnvironmentStore(engine),
        publisher,
        jobs,
        processes,
        checker,
        content,
        ring,
        tasks,
        uploader=uploader,
        event_bytes=event_bytes,
    )
    try:
        await content.recover()
        await worlds.recover()
        await jobs.launch()
        try:
            async with content.watching(), worlds.watching():
                following = asyncio.create_task(
                    WorldsAfterLessons(content, store, worlds, SystemClock()).run(),
                    name="worlds after lessons",
                )
                try:
                    yield content, worlds
                finally:
                    following.cancel()
                    await asyncio.wait([following])
        finally:
            await jobs.close()
    finally:
        # First: what hangs lets go of its thread with that.
        await asyncio.to_thread(close_engine)
        await asyncio.to_thread(checker.close)
        await content.close()
        await worlds.close()
        if uploader is not None:
            await uploader.close()


def _live(settings: Settings, own: App) -> RealtimeConfig:
    """Where pages listen: where the publisher sends."""
    there = settings.publisher
    if there.kind == "embedded":
        return RealtimeConfig.here(own.key)
    return RealtimeConfig.elsewhere(
        own.key, host=there.host, port=there.port, scheme=there.scheme, cluster=there.cluster
    )


def _deprecation(settings: Settings, live: Callable[[], RealtimeConfig]) -> Deprecation:
    """What the old endpoints tell of themselves, and when they are refused."""

    def app_url() -> str:
        there = live()
        return f"{there.socket_origin or ''}/app/{there.key}"

    return Deprecation(settings.legacy.policies(), app_url, notice=settings.legacy.notice)
