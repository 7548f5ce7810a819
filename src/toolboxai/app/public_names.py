"""What of environments and agents stands on public names, as the settings say."""

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.config import Settings
from toolboxai.metrics import Metrics
from toolboxai.platform.identity.policy import Resources
from toolboxai.platform.identity.service import DEFAULT_ORGANIZATION
from toolboxai.platform.ports import Publisher
from toolboxai.platform.public_names import PublicNames
from toolboxai.platform.runs.events import PublicCompat

__all__ = ["with_public_names"]


def with_public_names(
    publisher: Publisher,
    settings: Settings,
    engine: AsyncEngine,
    resources: Resources,
    metrics: Metrics,
    *,
    demo: bool,
) -> Publisher:
    """The publisher, and behind it the public names, where an organisation is named for them.

    Args:
        publisher: the way out.
        settings: name the organisation, and the form.
        engine: of the database that has the organisations.
        resources: say to whom an environment or an agent belongs.
        metrics: counted up in place.
        demo: whether this is the demo: its own organisation is then the one, unless another is named.
    """
    channels = settings.channels
    name = channels.public_organization or (DEFAULT_ORGANIZATION if demo else None)
    compat = PublicCompat(channels.public_compat)
    if name is None or compat is PublicCompat.OFF:
        return publisher
    store = DatabaseIdentityStore(engine)

    async def organization_id() -> str | None:
        found = await store.organization_named(name)  # each time: it may be made while the server runs
        return None if found is None else found.id

    return PublicNames(publisher, resources, organization_id, compat, metrics)
