"""The counters of the service, named once.

Each is a plain number that its owner counts up in place; ``/metrics`` reads them when it is asked, so counting
costs one addition on the hot path. Names follow Prometheus: unit last, ``_total`` on what only grows.
"""

from dataclasses import dataclass, fields

__all__ = ["METRIC_HELP", "Metrics"]

METRIC_HELP: dict[str, str] = {
    "connections": "open connections",
    "connections_total": "connections accepted",
    "connections_refused_total": "connections closed before they were established, for key, version or limit",
    "messages_received_total": "messages that clients sent",
    "publications_total": "events accepted by the broker, one per channel",
    "deliveries_total": "events handed to a connection's outbox",
    "client_events_total": "client events accepted",
    "events_conflated_total": "events left out for a slow reader because a newer one of their kind came",
    "events_dropped_total": "events left out for a slow reader because its queue was full",
    "places_forgotten_total": "places of readers, in apps that resume, that were forgotten for want of room",
    "slow_consumers_total": "connections closed because more than the cap waited for them",
    "connections_aborted_total": "connections cut off because the close was not taken or answered in time",
    "http_requests_total": "requests of the signed HTTP API",
    "http_refused_total": "requests of the signed HTTP API that were refused",
    "publish_failures_total": "events of the application that another Channels service did not take, all tries over",
    "public_events_missed_total": "events of environments and agents that their private channel has carried and the public name has not, for a fault",
    "webhooks_queued_total": "webhooks written to the queue",
    "webhooks_delivered_total": "webhooks that the far side took with a 2xx",
    "webhook_failures_total": "tries of a webhook that failed",
    "webhooks_dead_total": "webhooks given up after their last try; they can be replayed",
    "webhook_events_dropped_total": "events that no webhook carries, because too many waited for the database or the far side",
    "webhooks_received_total": "webhooks for our app that came in, with a signature that holds",
    "legacy_connections": "open connections of the old WebSocket endpoints; part of connections",
    "legacy_connections_refused_total": "connections of the old WebSocket endpoints refused before the handshake",
    "legacy_content_connections_total": "connections accepted at the old endpoint content",
    "legacy_roblox_connections_total": "connections accepted at the old endpoint roblox",
    "legacy_plugin_connections_total": "connections accepted at the old endpoint plugin",
    "legacy_agent_connections_total": "connections accepted at the old endpoint agent",
    "legacy_native_connections_total": "connections accepted at the old endpoint native",
    "tls_certificate_expires_at_seconds": "unix time at which the TLS certificate expires; 0 without TLS",
    "faults_total": "errors of our own, logged with their trace",
}


@dataclass(slots=True)
class Metrics:
    """One number per name of METRIC_HELP."""

    connections: int = 0
    connections_total: int = 0
    connections_refused_total: int = 0
    messages_received_total: int = 0
    publications_total: int = 0
    deliveries_total: int = 0
    client_events_total: int = 0
    events_conflated_total: int = 0
    events_dropped_total: int = 0
    places_forgotten_total: int = 0
    slow_consumers_total: int = 0
    connections_aborted_total: int = 0
    http_requests_total: int = 0
    http_refused_total: int = 0
    publish_failures_total: int = 0
    public_events_missed_total: int = 0
    webhooks_queued_total: int = 0
    webhooks_delivered_total: int = 0
    webhook_failures_total: int = 0
    webhooks_dead_total: int = 0
    webhook_events_dropped_total: int = 0
    webhooks_received_total: int = 0
    legacy_connections: int = 0
    legacy_connections_refused_total: int = 0
    legacy_content_connections_total: int = 0
    legacy_roblox_connections_total: int = 0
    legacy_plugin_connections_total: int = 0
    legacy_agent_connections_total: int = 0
    legacy_native_connections_total: int = 0
    tls_certificate_expires_at_seconds: int = 0
    faults_total: int = 0

    def snapshot(self) -> dict[str, int]:
        """All numbers by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
