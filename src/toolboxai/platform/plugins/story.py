"""What the old sockets are told of a plugin that happened before they came."""

import msgspec

from toolboxai import limits
from toolboxai.errors import ResourceNotFound
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.platform.identity.model import Role
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.store import PluginStore
from toolboxai.platform.runs.events import StoredEvent, envelope

__all__ = ["plugin_story"]


async def plugin_story(store: PluginStore, log: PluginLog, question: Recall) -> Recalled | None:
    """What a plugin's log keeps; the asker may follow it. What the plugin itself is handed counts as delivered.

    Args:
        store: knows how far the log has come.
        log: has the entries.
        question: which are wanted; where it does not say from where on, the newest ``OLD_RECALLED``. Of more than a
            history may have bytes, the newest.

    Returns:
        None of a plugin that has gone meanwhile.
    """
    plugin = await store.plugin(question.resource_id)
    if plugin is None:
        return None
    end = plugin.last_seq + 1 if question.before is None else min(question.before, plugin.last_seq + 1)
    # Who says how far it has come keeps its place by the number: what came behind later ones would be passed over.
    after = max(0, end - 1 - limits.OLD_RECALLED) if question.after is None else question.after
    if (
        after > plugin.last_seq
    ):  # it is of a log that this one has forgotten, as after a restore from a backup
        after = 0
    itself = question.principal.role is Role.PLUGIN
    try:
        entries = await _between(log, plugin.id, after, end, itself=itself)
    except ResourceNotFound:
        return None
    events = [(entry.seq, msgspec.json.encode(envelope(entry))) for entry in entries]
    size = 0
    for at in range(len(events) - 1, -1, -1):  # a newcomer is handed all of it at once
        size += len(events[at][1])
        if size > limits.HISTORY_BYTES:
            events = events[at + 1 :]
            break
    return Recalled({"status": None}, events, max(plugin.last_seq, events[-1][0] if events else 0))


async def _between(
    log: PluginLog, plugin_id: str, after: int, end: int, *, itself: bool
) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    while after < end - 1:
        page = await log.page(plugin_id, after=after, itself=itself)
        found += [entry for entry in page.entries if entry.seq < end]
        if not page.entries:
            break
        after = page.next_cursor
    return found
