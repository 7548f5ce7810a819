"""What the old sockets are told of an agent that happened before they came."""

import msgspec

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.platform.agents.store import AgentStore
from toolboxai.platform.agents.telling import agent_status
from toolboxai.platform.runs.events import envelope

__all__ = ["agent_story"]


async def agent_story(store: AgentStore, question: Recall, clock: Clock) -> Recalled | None:
    """How an agent stands, and its events; the asker may follow it.

    Whoever does not say how far they are gets the newest ``agent_status`` and what came after it: an agent never ends, so
    all that it ever did is not of use.

    Args:
        store: of agents.
        question: which events are wanted; of more than ``OLD_RECALLED`` the newest are taken.
        clock: the time.

    Returns:
        None of an agent of which the channel alone remembers.
    """
    facts = await store.agent(question.resource_id)
    if facts is None:
        return None
    newest = facts.agent.last_seq
    after = question.after
    end = newest + 1 if question.before is None else min(question.before, newest + 1)
    oldest = max(end - 1 - limits.OLD_RECALLED, 0)
    found = await store.events(facts.agent.id, after=oldest if after is None else max(after, oldest))
    if after is None:
        told = [event.seq for event in found if event.type == "agent_status"]
        after = told[-1] - 1 if told else newest
    events = [
        (event.seq, msgspec.json.encode(envelope(event)))
        for event in found
        if event.seq > after and (question.before is None or event.seq < question.before)
    ]
    # More may have been written since: the caller is to know of it as it learns of the events.
    last_seq = max(newest, events[-1][0]) if events else newest
    state = dict(agent_status(facts, now=clock.now()).data)
    del state["agent_id"]
    return Recalled(state, events, last_seq)
