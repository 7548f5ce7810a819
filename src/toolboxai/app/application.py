"""The application's parts, joined: database, identity, content, jobs, routes."""

import asyncio
import hashlib
import hmac
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple

from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.kept_here import KeptHere
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.adapters.publisher_here_too import PublisherHereToo
from toolboxai.adapters.publisher_pusher import PusherPublisher
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.adapters.try_window import MemoryTryWindow
from toolboxai.app.demo import DemoAccount
from toolboxai.app.identity import make_identity, open_database
from toolboxai.app.old_sockets import SocketDesk, kept_ledger, old_sockets_parts
from toolboxai.app.public_names import with_public_names
from toolboxai.app.resources import Rooms, join_rooms
from toolboxai.app.stored_apps import app_parser
from toolboxai.apps.app import App
from toolboxai.config import Settings
from toolboxai.errors import ConfigError, ResourceNotFound
from toolboxai.ids import new_token
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.legacy.session import SYSTEM_NOTIFICATIONS
from toolboxai.node.node import Node
from toolboxai.node.served_apps import ServedApps
from toolboxai.node.webhooks.store import WebhookStore
from toolboxai.platform.channel_history import ChannelHistory
from toolboxai.platform.content.events import PublicCompat
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.socket_rights import SocketRights
from toolboxai.platform.identity.stream_rights import StreamRights
from toolboxai.platform.migration.store import UsageStore
from toolboxai.platform.migration.usage import UsageLedger
from toolboxai.platform.ports import Publisher
from toolboxai.platform.public_forms import AGENT_STATUS, ROBLOX_SYNC
from toolboxai.protocol.encryption import ChannelSecrets
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.web.admin_apps import admin_apps_routes
from toolboxai.web.application import BODY_BYTES, create_api
from toolboxai.web.auth import auth_routes
from toolboxai.web.channels_auth import ChannelSigner, channels_auth_routes
from toolboxai.web.content import LARGER_BODIES, content_routes
from toolboxai.web.migration import migration_routes
from toolboxai.web.old_sockets import old_socket_routes
from toolboxai.web.pages import page_routes
from toolboxai.web.realtime import realtime_routes
from toolboxai.web.realtime_config import RealtimeConfig, realtime_config_routes
from toolboxai.web.security import Authenticator
from toolboxai.web.shares import share_routes
from toolboxai.web.webhooks import WEBHOOK_BODIES, webhook_log_routes, webhook_receiver_routes

__all__ = ["Application", "application"]

# Public channels that old sockets follow, or whose history is asked for here, wherever the events go.
_NEEDED_HERE: Final = (SYSTEM_NOTIFICATIONS.text, ROBLOX_SYNC, AGENT_STATUS)


class Application(NamedTuple):
    """What the one port serves beside Channels.

    Args:
        web: the routes.
        streams: who may read private channels as event streams.
        old_sockets: what the old WebSocket endpoints need.
    """

    web: FastAPI
    streams: StreamRights
    old_sockets: OldSocketsParts


@asynccontextmanager
async def application(
    settings: Settings, node: Node, apps: ServedApps, *, demo: DemoAccount | None
) -> AsyncIterator[Application]:
    """The application, with everything behind it running.

    Args:
        settings: checked, with an app and a JWT secret.
        node: where the embedded publisher publishes.
        apps: the apps of the node; those of the database join them.
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

    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(settings))
        identity = await stack.enter_async_context(make_identity(settings, engine))
        if demo is not None:
            await _let_in(identity, demo)
        await apps.add_stored(DatabaseAppStore(engine), app_parser(settings), random.SystemRandom())
        store = DatabaseContentStore(engine)
        rooms = join_rooms(engine, store, identity)
        way_out = await stack.enter_async_context(_publisher(settings, node, own))
        publisher = with_public_names(
            way_out, settings, engine, rooms.owners, node.metrics, demo=demo is not None
        )
        content = await stack.enter_async_context(_content(settings, store, publisher))
        webhooks = DatabaseWebhookStore(engine)
        policy = ChannelPolicy(rooms.owners)
        clock = SystemClock()
        limiter = AttemptLimiter(MemoryTryWindow(), clock)
        deprecation = _deprecation(settings, own)
        usage = DatabaseUsageStore(engine)
        ledger = await stack.enter_async_context(kept_ledger(usage, clock))
        desk = SocketDesk(SocketRights(identity, policy, limiter, clock), content, store, publisher)
        web = _api(
            settings,
            node,
            own,
            apps,
            identity,
            content,
            publisher,
            webhooks,
            policy,
            limiter,
            deprecation,
            rooms,
            usage,
            ledger,
            demo=demo is not None,
        )
        old_sockets = old_sockets_parts(settings, desk, deprecation, ledger)
        yield Application(web, StreamRights(identity, policy, limiter), old_sockets)


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
async def _content(
    settings: Settings, store: DatabaseContentStore, publisher: Publisher
) -> AsyncIterator[ContentService]:
    """Content sessions; those that an earlier process left unfinished go on."""
    jobs = DbosJobs(settings.database.url)
    engine = EngineProcesses()
    service = ContentService(
        store=store,
        jobs=jobs,
        publisher=publisher,
        engine=engine,
        clock=SystemClock(),
        dice=random.SystemRandom(),
        link_key=_derived_key(settings, "download links"),
        public_compat=PublicCompat(settings.channels.public_compat),
    )
    try:
        await service.recover()
        await jobs.launch()
        try:
            async with service.watching():
                yield service
        finally:
            await jobs.close()
    finally:
        await asyncio.to_thread(engine.close)  # first: a stage that hangs lets go of its thread with that
        await service.close()


def _api(
    settings: Settings,
    node: Node,
    own: Callable[[], App],
    apps: ServedApps,
    identity: IdentityService,
    content: ContentService,
    publisher: Publisher,
    webhooks: WebhookStore,
    policy: ChannelPolicy,
    limiter: AttemptLimiter,
    deprecation: Deprecation,
    rooms: Rooms,
    usage: UsageStore,
    ledger: UsageLedger,
    *,
    demo: bool,
) -> FastAPI:
    authenticator = Authenticator(identity, proxies=TrustedProxies(settings.server.trusted_proxies))
    return create_api(
        [
            auth_routes(identity, authenticator, demo=demo),
            channels_auth_routes(
                authenticator,
                policy,
                ChannelSigner(own, _channel_secrets(settings)),
                limiter,
            ),
            content_routes(content, authenticator),
            realtime_routes(
                ChannelHistory(content, KeptHere(node, own)),
                publisher,
                policy,
                authenticator,
                event_bytes=lambda: own().event_bytes,
            ),
            realtime_config_routes(lambda: _live(settings, own())),
            page_routes(_live(settings, own())),
            old_socket_routes(deprecation, SystemClock()),
            share_routes(rooms.sharing, authenticator),
            migration_routes(
                usage, settings.legacy.policies(), SystemClock(), authenticator, flush=ledger.flush
            ),
            admin_apps_routes(apps, authenticator),
            webhook_log_routes(webhooks, SystemClock(), authenticator),
            webhook_receiver_routes(lambda: node.apps.own, node.metrics),
        ],
        allowed_origins=settings.server.allowed_origins,
        # An event's data with every character escaped, and what stands around it.
        body_bytes=lambda: max(BODY_BYTES, 6 * own().event_bytes + BODY_BYTES // 2),
        larger_bodies={**LARGER_BODIES, **WEBHOOK_BODIES},
        metrics=node.metrics,
        passing=(OperationalError, PoolTimeout),
    )


def _live(settings: Settings, own: App) -> RealtimeConfig:
    """Where pages listen: where the publisher sends."""
    there = settings.publisher
    if there.kind == "embedded":
        return RealtimeConfig.here(own.key)
    return RealtimeConfig.elsewhere(
        own.key, host=there.host, port=there.port, scheme=there.scheme, cluster=there.cluster
    )


def _deprecation(settings: Settings, own: Callable[[], App]) -> Deprecation:
    """What the old endpoints tell of themselves, and when they are refused."""

    def app_url() -> str:
        live = _live(settings, own())
        return f"{live.socket_origin or ''}/app/{live.key}"

    return Deprecation(settings.legacy.policies(), app_url, notice=settings.legacy.notice)


def _derived_key(settings: Settings, purpose: str) -> bytes:
    """A key of its own for each purpose, so that no signature made for one passes for another."""
    secret = settings.auth.jwt_keys[0].secret.get_secret_value()
    return hmac.digest(secret.encode(), f"toolboxai {purpose}".encode(), hashlib.sha256)
