"""The application's parts, joined: database, identity, content, jobs, routes."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

from fastapi import FastAPI

from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.engine import answers
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.adapters.password_process import PasswordProcesses
from toolboxai.adapters.source_files.processes import SourceFileProcesses
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.adapters.try_window import MemoryTryWindow
from toolboxai.app.agents import joined_agents
from toolboxai.app.api import ApiParts, make_api
from toolboxai.app.classes import join_classes
from toolboxai.app.console import kept_authorisations, kept_series
from toolboxai.app.demo import DemoAccount
from toolboxai.app.games import join_games
from toolboxai.app.identity import make_identity, revocations_followed
from toolboxai.app.kept import Kept
from toolboxai.app.notifications import telling
from toolboxai.app.oidc import oidc_sign_in
from toolboxai.app.old_sockets import SocketDesk, kept_ledger, old_sockets_parts
from toolboxai.app.plugins import plugins_kept
from toolboxai.app.public_names import with_public_names
from toolboxai.app.resources import join_rooms
from toolboxai.app.school import school_kept
from toolboxai.app.storage import Storage
from toolboxai.app.stored_apps import app_parser
from toolboxai.app.way_out import OurApp, channel_secrets, deprecation_of, way_out
from toolboxai.app.work import at_work
from toolboxai.config import Settings
from toolboxai.errors import ResourceNotFound
from toolboxai.ids import new_token
from toolboxai.metrics import Sample
from toolboxai.node.node import Node
from toolboxai.node.series import Series
from toolboxai.node.served_apps import ServedApps
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.socket_rights import SocketRights
from toolboxai.platform.identity.stream_rights import StreamRights
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.plugins.world_events import WorldEvents
from toolboxai.platform.resources.asked_together import AskedTogether
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.bell import Bell
from toolboxai.transport.background_check import BackgroundCheck
from toolboxai.transport.exposition import Source
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.web.channels_auth import ChannelSigner
from toolboxai.web.first_use import join_routes

__all__ = ["Application", "application"]


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
        prepare: does beforehand what its first requests would otherwise have everybody wait for.
        leave: called before the server goes: nobody waits for an answer any longer.
    """

    web: FastAPI
    streams: StreamRights
    old_sockets: OldSocketsParts
    notifications: Notifications
    checks: Mapping[str, BackgroundCheck]
    samples: Source
    series: Series
    prepare: Callable[[], None]
    leave: Callable[[], None]


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
    ours = OurApp(settings, node)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(storage.open())
        identity = await stack.enter_async_context(
            make_identity(settings, ring, engine, hashes=PasswordProcesses())
        )
        await stack.enter_async_context(revocations_followed(identity))
        if demo is not None:
            await _let_in(identity, demo)
        await apps.add_stored(DatabaseAppStore(engine), app_parser(settings), random.SystemRandom())
        await kept.load()
        store = DatabaseContentStore(engine)
        rooms = join_rooms(engine, store, identity)
        out = await stack.enter_async_context(way_out(settings, node, ours))
        public = with_public_names(out, settings, engine, rooms.owners, node.metrics, demo=demo is not None)
        bell = Bell()
        plugins = await stack.enter_async_context(
            plugins_kept(engine, identity, public, bell, node, ours.now, event_bytes=ours.event_bytes)
        )
        publisher = WorldEvents(public, rooms.owners, plugins.store, plugins.log)
        clock = SystemClock()
        limiter = AttemptLimiter(MemoryTryWindow(), clock, allow_list=settings.server.allowed())
        agents = await stack.enter_async_context(
            joined_agents(
                engine, rooms, publisher, bell, limiter, settings.agents, event_bytes=ours.event_bytes
            )
        )
        work = await stack.enter_async_context(
            at_work(settings, engine, store, publisher, ring, agents.runs, event_bytes=ours.event_bytes)
        )
        content, worlds = work.content, work.worlds
        source_files = SourceFileProcesses()
        stack.push_async_callback(asyncio.to_thread, source_files.close)
        policy = ChannelPolicy(AskedTogether(rooms.owners))
        authorisations = kept_authorisations(node, clock)
        series = kept_series(node, content)
        oidc = await stack.enter_async_context(oidc_sign_in(settings, engine, identity, ring, limiter))
        notifications = await stack.enter_async_context(telling(settings, engine, publisher, clock))
        deprecation = deprecation_of(settings, ours)
        usage = DatabaseUsageStore(engine)
        ledger = await stack.enter_async_context(kept_ledger(usage, clock))
        school = await stack.enter_async_context(
            school_kept(
                settings, engine, identity, content, worlds, agents.registry, limiter, flush=ledger.flush
            )
        )
        rights = SocketRights(identity, policy, limiter, clock, authorisations)
        desk = SocketDesk(rights, content, store, DatabaseEnvironmentStore(engine), agents, plugins, clock)
        games = join_games(engine, store, identity, publisher, bell, limiter)
        web = make_api(
            ApiParts(
                settings=settings,
                node=node,
                apps=apps,
                own=ours.now,
                live=ours.live,
                clock=clock,
                rooms=rooms,
                class_rooms=join_classes(engine, store, rooms, publisher, ring, limiter),
                games=games,
                agents=agents,
                plugins=plugins,
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
                signer=ChannelSigner(ours.now, channel_secrets(settings)),
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
            "jobs": BackgroundCheck(work.jobs.answers, clock),
        }
        streams = StreamRights(identity, policy, limiter, authorisations)
        samples = partial(_samples, content, worlds)

        prepare = partial(join_routes, web)
        yield Application(
            web, streams, old_sockets, notifications, checks, samples, series, prepare, bell.close
        )


def _samples(content: ContentService, worlds: WorldService) -> Iterable[Sample]:
    for state, *numbers in zip(("running", "waiting"), content.load, worlds.load, strict=True):
        yield Sample("jobs", (state,), sum(numbers))


async def _let_in(identity: IdentityService, demo: DemoAccount) -> None:
    """The demo's teacher, who signs in with the code alone: nobody learns the password."""
    try:
        user = await identity.user_named(demo.name)
    except ResourceNotFound:
        user = await identity.create_user(demo.name, Role.TEACHER, new_token(random.SystemRandom()))
    await identity.one_time_code(user, demo.code)
