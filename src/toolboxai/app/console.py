"""What the operators' console is told, joined: node, jobs, authorisations."""

from toolboxai.clock import Clock
from toolboxai.node.feed_entry import Kind, Named
from toolboxai.node.node import Node
from toolboxai.node.series import Load, Series
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.authorisations import Authorisations, Way

__all__ = ["kept_authorisations", "kept_series"]


class _OnTheFeed:
    """Satisfies ``platform.identity.authorisations.Watch``: decisions are entries of the node's feed."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def open(self) -> bool:
        """See the port."""
        return self._node.feed.open

    def authorisation(
        self,
        way: Way,
        *,
        allowed: bool,
        reason: str,
        channel: str,
        user_id: str | None,
        socket_id: str | None,
    ) -> None:
        """See the port."""
        own = self._node.apps.own
        self._node.feed.tell(
            Kind.AUTHORISATION,
            None if own is None else own.id,
            "allowed" if allowed else "refused",
            {"way": way.value, "reason": reason},
            named=Named(socket_id, user_id, channel),
        )


def kept_authorisations(node: Node, clock: Clock) -> Authorisations:
    """What is decided on channels of our app."""
    return Authorisations(clock, _OnTheFeed(node))


def kept_series(node: Node, content: ContentService) -> Series:
    """The numbers of the node, and of the application's jobs."""
    return Series(node.metrics, node.clock, lambda: Load(*content.load, content.finished))
