"""What is written into a log goes out in order, once it can, and after a start."""

from plugin_parts import PluginSchool
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.model import PluginMessage
from toolboxai.platform.runs.bell import Bell

EVENT = PluginMessage(type="plugin_event", data={})


async def test_what_an_earlier_process_did_not_tell_is_told_in_order(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    await school.rooms.said(plugin_id, [EVENT])
    school.listener.failing = school.listener.refusing = True
    await school.rooms.said(plugin_id, [EVENT, EVENT])
    assert [each["seq"] for each in school.told(plugin_id)] == [1]
    school.listener.failing = False
    # Killed, and begun anew; what was told last is not known, so it may be told again.
    rooms = school.rooms
    log = PluginLog(rooms.store, school.listener, Bell(), rooms.doors, school.clock)
    await log.recover()
    assert [each["seq"] for each in school.told(plugin_id)] == [1, 2, 3]
    await log.post(plugin_id, [EVENT])
    assert [each["seq"] for each in school.told(plugin_id)] == [1, 2, 3, 4]
    await log.close()
    assert await rooms.store.told() == []


async def test_a_way_out_that_is_shut_holds_up_nobody(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    school.listener.failing = True
    command = await school.command(plugin_id)
    assert [each["seq"] for each in (await school.reads(plugin_id))["items"]] == [command["seq"]]
    assert school.told(plugin_id) == []
