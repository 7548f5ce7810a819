"""What the old sockets are told of a world that happened before they came."""

import msgspec

from toolboxai import limits
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.runs.events import envelope

__all__ = ["world_story"]


async def world_story(store: EnvironmentStore, question: Recall) -> Recalled | None:
    """What the store keeps of a world; the asker may follow it.

    Args:
        store: of worlds.
        question: which events are wanted; of more than ``OLD_RECALLED`` the newest are taken.

    Returns:
        None of an environment of which the channel alone remembers.
    """
    world = await store.environment(question.resource_id)
    if world is None:
        return None
    after = question.after or 0
    end = world.last_seq + 1 if question.before is None else min(question.before, world.last_seq + 1)
    after = max(after, end - 1 - limits.OLD_RECALLED)
    stored = await store.events(world.id, after=after, limit=end - 1 - after) if after < end - 1 else ()
    events = [(event.seq, msgspec.json.encode(envelope(event))) for event in stored]
    # More may have been written since: the caller is to know of it as it learns of the events.
    last_seq = max(world.last_seq, events[-1][0]) if events else world.last_seq
    return Recalled({"status": world.status.value}, events, last_seq)
