"""All routes of the application, each with the parts that it asks."""

from collections.abc import Callable
from typing import NamedTuple

from fastapi import FastAPI
from sqlalchemy.exc import TimeoutError as PoolTimeout

from toolboxai.adapters.kept_here import KeptHere
from toolboxai.app.agents import Agents
from toolboxai.app.classes import ClassRooms
from toolboxai.app.games import Games
from toolboxai.app.resources import Rooms
from toolboxai.app.school import School
from toolboxai.apps.app import App
from toolboxai.clock import Clock
from toolboxai.config import Settings
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.node.accounts import Accounts
from toolboxai.node.inspection import Inspection
from toolboxai.node.listing import Listing
from toolboxai.node.node import Node
from toolboxai.node.series import Series
from toolboxai.node.served_apps import ServedApps
from toolboxai.node.webhooks.store import WebhookStore
from toolboxai.platform.channel_history import ChannelHistory
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.content.sources.reader import SourceReader
from toolboxai.platform.identity.authorisations import Authorisations
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.oidc import OidcSignIn
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.migration.store import UsageStore
from toolboxai.platform.migration.usage import UsageLedger
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.ports import Publisher
from toolboxai.platform.roblox.service import WorldService
from toolboxai.web.address import address_routes
from toolboxai.web.admin_apps import admin_apps_routes
from toolboxai.web.admin_feed import admin_feed_routes
from toolboxai.web.admin_inspection import admin_inspection_routes
from toolboxai.web.admin_live import admin_live_routes
from toolboxai.web.admin_publications import admin_publications_routes
from toolboxai.web.admin_refusals import admin_refusals_routes
from toolboxai.web.agents import AGENT_BODIES, agent_routes, task_routes
from toolboxai.web.application import BODY_BYTES, create_api
from toolboxai.web.attempts import attempt_routes
from toolboxai.web.audit import audit_routes
from toolboxai.web.auth import auth_routes
from toolboxai.web.browser_login import browser_login_routes
from toolboxai.web.channels_auth import CHANNEL_AUTH_PATHS, ChannelSigner, channels_auth_routes
from toolboxai.web.classes import class_routes
from toolboxai.web.content import LARGER_BODIES, content_routes
from toolboxai.web.environment_scripts import SCRIPT_BODIES
from toolboxai.web.environments import environment_routes
from toolboxai.web.game_servers import game_server_routes
from toolboxai.web.game_talk import game_talk_routes
from toolboxai.web.migration import migration_routes
from toolboxai.web.notifications import notification_routes
from toolboxai.web.oidc import oidc_routes
from toolboxai.web.old_sockets import old_socket_routes
from toolboxai.web.pages import page_routes
from toolboxai.web.plugins import plugin_routes
from toolboxai.web.privacy import privacy_routes
from toolboxai.web.realtime import realtime_routes
from toolboxai.web.realtime_config import RealtimeConfig, realtime_config_routes
from toolboxai.web.reference.routes import reference_routes
from toolboxai.web.retention import retention_routes
from toolboxai.web.school import ROSTER_BODIES, school_routes, welcome_routes
from toolboxai.web.security import Authenticator
from toolboxai.web.shares import share_routes
from toolboxai.web.webhooks import WEBHOOK_BODIES, webhook_log_routes, webhook_receiver_routes

__all__ = ["ApiParts", "make_api"]


class ApiParts(NamedTuple):
    """What the routes ask.

    Args:
        settings: of the service.
        node: serves our app.
        apps: the apps of the node.
        own: our app as it is at that moment.
        live: where pages listen, at that moment.
        clock: for times and days.
        rooms: people, what is theirs, and shares.
        class_rooms: classes, links, answers to quizzes.
        games: worlds that run.
        agents: who does which tasks.
        plugins: in people's Studios.
        school: its accounts, its audit, and what is kept of people.
        content: generations.
        worlds: for Roblox.
        source_files: reads what teachers send.
        publisher: the way out.
        notifications: the way to everybody.
        webhooks: what was posted.
        policy: who may follow what.
        authorisations: what was decided by it.
        series: the last ten minutes as numbers.
        limiter: bounds how often one may try.
        signer: signs subscriptions.
        deprecation: what the old sockets tell of themselves.
        usage: who uses them.
        ledger: what is not in `usage` yet.
        oidc: signs in at the identity provider; None: there is none.
        demo: whether this is the demo, with its one-time code.
    """

    settings: Settings
    node: Node
    apps: ServedApps
    own: Callable[[], App]
    live: Callable[[], RealtimeConfig]
    clock: Clock
    rooms: Rooms
    class_rooms: ClassRooms
    games: Games
    agents: Agents
    plugins: PluginRooms
    school: School
    content: ContentService
    worlds: WorldService
    source_files: SourceReader
    publisher: Publisher
    notifications: Notifications
    webhooks: WebhookStore
    policy: ChannelPolicy
    authorisations: Authorisations
    series: Series
    limiter: AttemptLimiter
    signer: ChannelSigner
    deprecation: Deprecation
    usage: UsageStore
    ledger: UsageLedger
    oidc: OidcSignIn | None
    demo: bool


def make_api(parts: ApiParts) -> FastAPI:
    """The application over HTTP."""
    server, own, clock = parts.settings.server, parts.own, parts.clock
    identity, school, games = parts.rooms.identity, parts.school, parts.games
    audit = school.audit
    authenticator = Authenticator(identity, proxies=server.proxies())
    policies = parts.settings.legacy.policies()
    return create_api(
        [
            auth_routes(identity, authenticator, demo=parts.demo),
            welcome_routes(school.welcome, authenticator),
            browser_login_routes(identity, authenticator),
            oidc_routes(parts.oidc, authenticator, public_url=parts.settings.auth.oidc.public_url or ""),
            channels_auth_routes(
                authenticator, parts.policy, parts.signer, parts.limiter, parts.authorisations
            ),
            content_routes(parts.content, authenticator, parts.source_files, audit),
            environment_routes(parts.worlds, authenticator, audit),
            realtime_routes(
                ChannelHistory(
                    parts.content,
                    KeptHere(parts.node, own),
                    parts.worlds,
                    parts.plugins.log,
                    parts.agents.store,
                ),
                parts.publisher,
                parts.policy,
                authenticator,
                audit,
                event_bytes=lambda: own().event_bytes,
            ),
            realtime_config_routes(parts.live),
            page_routes(parts.live()),
            reference_routes(parts.live),
            old_socket_routes(parts.deprecation, clock),
            share_routes(parts.rooms.sharing, parts.class_rooms.links, authenticator, audit),
            class_routes(parts.class_rooms.classes, parts.class_rooms.joining, authenticator, audit),
            attempt_routes(parts.class_rooms.attempts, authenticator),
            game_server_routes(games.servers, games.messages, games.answers, authenticator, audit),
            game_talk_routes(games.servers, games.messages, games.events, games.snapshots, authenticator),
            agent_routes(parts.agents.registry, parts.agents.tasks, parts.agents.work, authenticator, audit),
            task_routes(parts.agents.tasks, parts.agents.work, authenticator),
            plugin_routes(parts.plugins, parts.worlds.downloads, authenticator, parts.limiter, audit, clock),
            migration_routes(parts.usage, policies, clock, authenticator, flush=parts.ledger.flush),
            address_routes(authenticator),
            admin_apps_routes(parts.apps, authenticator, audit),
            notification_routes(parts.notifications, clock, authenticator, parts.limiter, audit),
            admin_live_routes(Listing(parts.node), authenticator, audit),
            admin_inspection_routes(Inspection(parts.node), authenticator),
            admin_feed_routes(parts.node.feed, parts.series, authenticator),
            admin_refusals_routes(parts.authorisations, authenticator),
            admin_publications_routes(Accounts(parts.node), authenticator),
            school_routes(school.accounts, school.roster, school.deletion, authenticator, audit),
            privacy_routes(
                identity, school.personal, school.deletion, authenticator, parts.limiter, audit, clock
            ),
            audit_routes(audit, clock, authenticator),
            retention_routes(
                parts.settings.privacy.retention_days, parts.settings.privacy.audit_days, authenticator
            ),
            webhook_log_routes(parts.webhooks, clock, authenticator),
            webhook_receiver_routes(lambda: parts.node.apps.own, parts.node.metrics),
        ],
        allowed_origins=server.allowed_origins,
        # An event's data with every character escaped, and what stands around it.
        body_bytes=lambda: max(BODY_BYTES, 6 * own().event_bytes + BODY_BYTES // 2),
        larger_bodies={**LARGER_BODIES, **WEBHOOK_BODIES, **ROSTER_BODIES, **SCRIPT_BODIES, **AGENT_BODIES},
        metrics=parts.node.metrics,
        passing=(PoolTimeout,),
        direct=CHANNEL_AUTH_PATHS,
    )
