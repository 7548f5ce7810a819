"""The operator's console in Chromium, while stock clients and server libraries make the traffic."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from console_scene import PARTS, Operator, Scene, scene_open
from pusher_js import node
from visit import Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene_open(tmp_path_factory.mktemp("console")) as scene:
        yield scene


@pytest.fixture
def operator(scene: Scene, visit: Visit) -> Operator:
    return Operator(visit, scene)


# ---- the live log -----------------------------------------------------------------------------------------------


def test_the_log_shows_each_kind_as_it_happens(operator: Operator, scene: Scene) -> None:
    operator.enter()
    operator.live()
    expect(operator.page.locator("#feed-none")).to_contain_text("Nothing has happened since")
    with scene.watcher("jane") as jane:
        private = f"private-user-{scene.user_id('jane')}"
        scene.portal.call(jane.subscribe, private)
        scene.portal.call(jane.trigger, private, "client-typing", {"text": "nobody else's business"})
        scene.portal.call(jane.denied, "private-user-nobody")
        scene.library.trigger(private, "headline", {"text": "a secret"})
        for kind, what, about in (
            ("connection", "Connected", "client js"),
            ("authorisation", "Authorised", private),
            ("subscription", "Subscribed", private),
            ("client_event", "client-typing", f"connection {jane.socket_id}"),
            ("publication", "headline", "by api"),
            ("authorisation", "Authorisation refused", "private-user-nobody"),
        ):
            expect(operator.entries(what, kind).filter(has_text=re.compile(about)).first).to_be_visible()
        socket = operator.entries(jane.socket_id, "connection")
        expect(socket).to_have_count(1)
    expect(operator.entries("Disconnected", "connection").first).to_be_visible()
    log = operator.page.locator("#feed-list").inner_text()
    assert "secret" not in log
    assert "business" not in log


def test_kinds_app_and_text_narrow_the_log(operator: Operator, scene: Scene) -> None:
    operator.enter()
    operator.live()
    page = operator.page
    page.get_by_role("checkbox", name="Subscriptions").uncheck()
    operator.live()
    with scene.watcher() as reader:
        scene.portal.call(reader.subscribe, "narrow-a")
        for channel in ("narrow-a", "narrow-b"):
            scene.library.trigger(channel, "e", {})
        expect(operator.entries("narrow", "publication")).to_have_count(2)
        expect(operator.entries("narrow", "subscription")).to_have_count(0)
        page.get_by_label("With this text").fill("NARROW-B")
        expect(page.locator("#feed-list li:not([hidden])")).to_have_count(1)
        expect(page.locator("#feed-shown")).to_have_text(re.compile("^1 of "))
        page.get_by_label("With this text").fill("")
        app = page.locator("#feed-app")
        app.fill("another")
        app.press("Enter")
        expect(page.locator("#feed-none")).to_contain_text("None of what is kept here fits")
        app.fill("1")
        app.press("Enter")
        operator.live()
        scene.library.trigger("narrow-a", "later", {})
        expect(operator.entries("later")).to_have_count(1)
    for box in page.locator("#feed-kinds input").all():
        box.uncheck()
    expect(page.locator("#feed-none")).to_contain_text("choose what you want to see")


def test_a_pause_counts_what_comes_meanwhile_and_shows_it_afterwards(
    operator: Operator, scene: Scene
) -> None:
    operator.enter()
    operator.live()
    page = operator.page
    page.get_by_role("button", name="Pause").click()
    for number in range(3):
        scene.library.trigger("paused", f"e{number}", {})
    expect(page.locator("#feed-shown")).to_have_text("Paused: 3 entries came meanwhile.")
    expect(operator.entries("paused")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(operator.entries("paused")).to_have_count(3)
    newest = operator.entries("paused").first
    expect(newest).to_contain_text("e2")


def test_a_flood_is_sampled_and_what_is_left_out_is_counted_to_the_last(
    operator: Operator, scene: Scene
) -> None:
    operator.enter()
    operator.live()
    before = operator.answer("/api/v1/admin/feed")["sampled_away"].get("publication", 0)
    for call in range(60):
        scene.library.trigger_batch(
            [{"channel": "flood", "name": f"e{call}-{n}", "data": "{}"} for n in range(10)]
        )
    away = operator.answer("/api/v1/admin/feed")["sampled_away"]["publication"]
    assert away > before
    shown = 600 - (away - before)
    expect(operator.entries("flood", "publication")).to_have_count(shown)
    expect(operator.page.locator("#feed-away")).to_contain_text(f"{away:,} publications")


def test_the_page_keeps_five_hundred_rows_and_of_them_first_those_that_are_looked_for(
    operator: Operator, scene: Scene
) -> None:
    def many(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["items"] = [
            {**item, "channel": f"{item['channel']}-{copy}"} for item in told["items"] for copy in range(400)
        ]
        route.fulfill(response=answer, json=told)

    operator.enter()
    operator.live()
    page = operator.page
    page.locator("#feed-empty").click()
    page.get_by_label("With this text").fill("kept-7")
    page.route("**/api/v1/admin/feed?*kinds*", many)
    page.get_by_role("checkbox", name="Webhooks").uncheck()  # from here on it asks anew
    scene.library.trigger("kept", "e", {})
    expect(operator.entries("kept-7")).to_have_count(11)
    for name in ("later", "latest"):
        scene.library.trigger(name, "e", {})
        expect(page.locator("#feed-list li").filter(has_text=f"{name}-399")).to_have_count(1)
    expect(page.locator("#feed-list li")).to_have_count(500)
    expect(operator.entries("kept-7")).to_have_count(11)
    page.unroute_all(behavior="ignoreErrors")


def test_the_poll_ends_when_the_part_or_the_page_is_left(operator: Operator) -> None:
    page = operator.page
    operator.enter()

    def leaving(leave: str) -> None:
        with page.expect_event("requestfailed", lambda asked: "/admin/feed" in asked.url):
            page.get_by_role("link", name=leave, exact=True).click()

    with page.expect_request(lambda asked: "wait=25" in asked.url):
        operator.live()
    leaving("Charts")
    asked = operator.visit.asked
    before = len([path for path in asked if "/admin/feed" in path])
    with page.expect_response(lambda answer: "/admin/series" in answer.url):
        pass
    assert len([path for path in asked if "/admin/feed" in path]) == before
    with page.expect_request(lambda asked: "wait=25" in asked.url):
        operator.go("Live log")
    leaving("Make a lesson")


def test_without_the_server_the_log_says_so_calmly_and_goes_on_by_itself(
    operator: Operator, scene: Scene
) -> None:
    operator.enter()
    operator.live()
    page = operator.page
    scene.library.trigger("cut", "before", {})
    expect(operator.entries("before")).to_have_count(1)
    page.context.set_offline(True)
    expect(page.locator("#link")).to_have_attribute("data-state", "away")
    scene.library.trigger("cut", "meanwhile", {})
    expect(operator.entries("before")).to_have_count(1)
    operator.visit.assert_fit()
    page.context.set_offline(False)
    operator.live()
    expect(operator.entries("meanwhile")).to_have_count(1)


# ---- connections and channels -----------------------------------------------------------------------------------


def test_one_connection_is_found_looked_at_and_ended_by_keyboard_alone(
    operator: Operator, scene: Scene
) -> None:
    page = operator.page
    operator.enter()
    operator.live()
    with scene.watcher("sam") as sam, scene.watcher() as stranger:
        scene.portal.call(sam.subscribe, f"private-user-{scene.user_id('sam')}")
        scene.portal.call(stranger.subscribe, "inspected")
        scene.library.trigger("inspected", "e", {"number": 1})
        press_to(operator, "Connections")
        expect(page.locator("#connections-title")).to_be_focused()
        expect(operator.row("connections", sam.socket_id)).to_contain_text("js 8")
        page.get_by_label("On the channel").focus()
        page.keyboard.type("inspected")
        page.keyboard.press("Enter")
        expect(page.locator("#connections-rows tr")).to_have_count(1)
        press_to(operator, stranger.socket_id)
        expect(page.locator("#connection-title")).to_be_focused()
        expect(operator.fact("App")).to_have_text("1")
        expect(operator.fact("User").first).to_have_text("not signed in")
        expect(operator.fact("Client library")).to_contain_text("js 8")
        expect(operator.fact("Published for it")).to_contain_text("0.1 events")
        expect(operator.fact("Buffered")).to_have_text("0 bytes with the system, 0 bytes in all")
        expect(page.locator("#connection-channels tr")).to_contain_text("inspected")
        press_to(operator, "Disconnect …")
        expect(page.get_by_role("dialog")).to_contain_text(stranger.socket_id)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        press_to(operator, "Disconnect …")
        press_to(operator, "Disconnect")
        expect(page.locator("#connection-state")).to_contain_text("Ended")
        told = scene.portal.call(stranger.until, lambda said: "error" in said)
        assert told["error"]["data"]["code"] == 4009
        page.reload()
        expect(page.locator("#connection-state")).to_contain_text("is over")


def press_to(operator: Operator, text: str) -> None:
    """Tab to the link or button with this text, and press Enter."""
    for _ in range(60):
        if operator.page.evaluate("document.activeElement.textContent.trim()") == text:
            break
        operator.page.keyboard.press("Tab")
    else:
        pytest.fail(f"{text!r} is not reached by keyboard")
    operator.page.keyboard.press("Enter")


def test_channels_tell_who_is_on_them(operator: Operator, scene: Scene) -> None:
    page = operator.page
    operator.enter(path="/console#channels")
    with scene.watcher() as one, scene.watcher() as other:
        for each in (one, other):
            scene.portal.call(each.subscribe, "browsed")
        page.get_by_label("Name begins with").fill("brow")
        page.locator("#channels-filter").get_by_role("button", name="Search").click()
        expect(operator.row("channels", "browsed").locator("td").nth(1)).to_have_text("2")
        page.get_by_role("link", name="browsed").click()
        expect(page.locator("#channel-title")).to_be_focused()
        expect(page.locator("#subscribers-rows tr")).to_have_count(2)
        expect(page.locator("#members")).to_be_hidden()
        page.get_by_role("link", name=one.socket_id).click()
        expect(page.locator("#connection-title")).to_have_text(f"Connection {one.socket_id}")
        page.go_back()
        expect(page.locator("#channel-title")).to_have_text("browsed, app 1")
        page.get_by_role("link", name="Send an event here").click()
        expect(page.locator("#creator-channel")).to_have_value("browsed")


def test_members_of_a_presence_channel_are_shown_with_what_they_tell_of_themselves(
    operator: Operator, scene: Scene
) -> None:
    with scene.member("presence-room", {"user_id": "u7", "user_info": {"name": "Otter"}}):
        operator.enter(path="/console#channels/1/presence-room")
        expect(operator.row("members", "u7")).to_contain_text('{"name":"Otter"}')
        expect(operator.page.locator("#subscribers-rows tr")).to_have_count(1)


# ---- numbers ----------------------------------------------------------------------------------------------------


def test_charts_are_drawn_from_what_was_counted_and_each_has_a_table(
    operator: Operator, scene: Scene
) -> None:
    page = operator.page
    with scene.watcher() as reader:
        scene.portal.call(reader.subscribe, "charted")
        scene.library.trigger_batch([{"channel": "charted", "name": "e", "data": "{}"}] * 10)
        operator.enter(path="/console#charts")
        operator.live()
        expect(page.locator("figure")).to_have_count(4)
        connections = page.locator("figure").filter(has_text="Connections")
        expect(connections.locator(".legend")).to_have_text(re.compile("open: 1 now, [0-9]+ at most"))
        with page.expect_response(lambda answer: "/admin/series" in answer.url):
            pass
        messages = page.locator("figure").filter(has_text="Messages a second")
        expect(messages.locator("path.line")).to_have_count(3)
        expect(messages.get_by_role("img")).to_have_attribute("aria-label", re.compile("to clients: "))
        messages.locator("summary").click()
        points = operator.answer("/api/v1/admin/series")["items"]
        most = max(point["messages_out"] for point in points)
        assert most > 0
        cells = messages.locator("tbody tr td:nth-child(2)").all_inner_texts()
        assert 0 < max(float(cell.replace(",", "")) for cell in cells) <= most + 1
        drawn = [path.get_attribute("d") or "" for path in connections.locator("path.line").all()]
        assert len(re.findall("[ML]", drawn[0])) >= len(points) - 4


# ---- the event creator ------------------------------------------------------------------------------------------

TRICKY = {
    "text": 'it\'s "quoted" $HOME `x` \\n {brace} ünï 🚀\nJSON',
    "yes": True,
    "none": None,
    "list": [],
    "n": 1.5,
}


def test_an_event_is_hinted_at_checked_and_heard(operator: Operator, scene: Scene) -> None:
    page = operator.page
    operator.enter(path="/console#publish")
    channel, event, data = (
        page.locator("#creator-channel"),
        page.locator("#creator-event"),
        page.locator("#creator-data"),
    )
    send = page.get_by_role("button", name="Send", exact=True)
    with scene.watcher() as reader:
        scene.portal.call(reader.subscribe, "content-generation-gen_made")
        channel.fill("not a channel")
        event.fill("pusher:secret")
        data.fill('{"half": ')
        send.click()
        expect(channel).to_be_focused()
        for field, told in (
            ("channel", "letters, digits"),
            ("event", "not for servers"),
            ("data", "no JSON"),
        ):
            expect(page.locator(f"#creator-{field}-fault")).to_contain_text(told)
        operator.visit.assert_fit()

        channel.fill("content-generation-gen_made")
        event.fill("progress_update")
        expect(page.locator("#creator-hint")).to_contain_text("has these fields")
        expect(operator.fact("data.progress_percent")).to_have_text("integer, needed")
        data.fill('{"type": "progress_update", "data": {"progress_percent": "half"}}')
        send.click()
        fault = page.locator("#creator-data-fault")
        expect(fault).to_contain_text("data.progress_percent has to be: integer")
        expect(fault).to_contain_text("data.session_id is missing")
        assert not any(path.startswith("POST /api/v1/realtime/trigger") for path in operator.visit.asked)

        page.get_by_role("button", name="Fill in an example").click()
        send.click()
        expect(page.locator("#creator-said")).to_contain_text("Sent: progress_update")
        heard = scene.portal.call(reader.until, lambda said: said.get("event") == "progress_update")
        assert heard["data"]["data"]["session_id"] == "gen_made"

        data.fill('{"odd": 1}')
        send.click()
        page.get_by_label("Send it though it is unlike its model").check()
        send.click()
        heard = scene.portal.call(reader.until, lambda said: said.get("event") == "progress_update")
        assert heard["data"] == {"odd": 1}
    data.fill('{"n": 12345678901234567890}')
    send.click()
    expect(fault).to_contain_text("too large for this page")


def test_every_event_has_an_example_that_fits_its_model(operator: Operator, scene: Scene) -> None:
    operator.enter(path="/console#publish")
    faults = operator.page.evaluate(
        """async () => {
          const { EventModels } = await import("/static/schemas.js");
          const models = new EventModels(await (await fetch("/asyncapi.json")).json());
          const ids = { session_id: "gen_1", environment_id: "env_1", agent_id: "agent_1", plugin_id: "plugin_1", user_id: "user_1" };
          const named = models.addresses.map((name) => name.replaceAll(/\\{(.*?)\\}/g, (_, id) => ids[id] ?? "x_1"));
          const pairs = named.flatMap((channel) => models.eventsOf(channel).map((event) => [channel, event]));
          return pairs.map((pair) => [...pair, models.faults(...pair, models.example(...pair, new Date()))]);
        }"""
    )
    assert len(faults) > 20
    assert [each for each in faults if each[2] != []] == []


def test_the_same_event_as_a_program_is_heard_from_each_language(operator: Operator, scene: Scene) -> None:
    page = operator.page
    operator.enter(path="/console#publish")
    page.locator("#creator-channel").fill("programmed")
    page.locator("#creator-event").fill("it's made")
    page.locator("#creator-data").fill(json.dumps(TRICKY))
    token = scene.opened.school["ada"].token
    commands = {
        "curl": ["bash", "-ec"],
        "Python": [sys.executable, "-c"],
        "JavaScript": [node(), "--input-type=module", "--eval"],
    }
    with scene.watcher() as reader:
        scene.portal.call(reader.subscribe, "programmed")
        for language, command in commands.items():
            page.get_by_role("button", name=f"As {language}").click()
            code = page.locator("#creator-code")
            expect(code).to_contain_text("TOOLBOXAI_TOKEN")
            program = code.text_content() or ""
            assert token not in program
            env = {"PATH": "/usr/bin:/bin", "TOOLBOXAI_TOKEN": token}
            done = subprocess.run([*command, program], env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["channel"] == "programmed"
            heard = scene.portal.call(reader.until, lambda said: said.get("event") == "it's made")
            assert heard["data"] == TRICKY


# ---- what went wrong, and what went out -------------------------------------------------------------------------


def test_a_refusal_says_why_and_what_would_allow_it(operator: Operator, scene: Scene) -> None:
    page = operator.page
    with scene.watcher("sam") as sam:
        scene.portal.call(sam.denied, "private-agent-agent_7")
        scene.portal.call(sam.denied, "private-user-nobody")
    operator.enter(path="/console#refusals")
    expect(operator.row("refusals", "private-agent-agent_7")).to_contain_text(
        "it needs the permission agent:connect or agent:read, which the role student does not have"
    )
    expect(operator.row("refusals", "private-agent-agent_7")).to_contain_text("teacher or admin or agent")
    page.locator("#refusals-user").fill(scene.user_id("sam"))
    page.locator("#refusals-channel").fill("private-user-nobody")
    page.keyboard.press("Enter")
    expect(page.locator("#refusals-rows tr")).to_have_count(1)
    page.locator("#refusals-channel").fill("private-user-unheard-of")
    page.keyboard.press("Enter")
    expect(page.locator("#refusals-none")).to_contain_text("nothing of the kind")


def test_a_webhook_is_read_and_posted_again(operator: Operator, scene: Scene) -> None:
    page = operator.page
    with scene.watcher() as reader:
        scene.portal.call(reader.subscribe, "hooked")
        posted = scene.portal.call(scene.sink.next)
        operator.enter(path="/console#webhooks")
        page.get_by_role("link", name=posted.id).click()
        expect(page.locator("#webhook-title")).to_be_focused()
        expect(page.locator("#webhook-said")).to_contain_text("Delivered after 1 try.")
        expect(page.locator("#webhook-body")).to_contain_text('"channel": "hooked"')
        page.get_by_role("button", name="Post it again").click()
        again = scene.portal.call(scene.sink.next)
        assert (again.id, again.events) == (posted.id, posted.events)
        expect(page.locator("#webhook-said")).to_contain_text("Delivered")
    page.get_by_role("link", name="All webhooks").click()
    page.locator("#webhooks-state").select_option("given up")
    expect(page.locator("#webhooks-none")).to_contain_text("nothing of the kind")


def test_old_sockets_are_told_with_bars_and_the_same_as_a_table(operator: Operator, scene: Scene) -> None:
    page = operator.page
    scene.old_client("/ws/native", "one", "two")
    operator.enter(path="/console#migration")
    expect(operator.row("clients", "old-client/1")).to_contain_text("native")
    native = operator.row("endpoints", "/ws/native")
    expect(native.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("over 30 days: 1 today, 1 at most")
    )
    expect(native.locator("rect")).to_have_count(30)
    page.get_by_text("The last 30 days as a table").click()
    expect(operator.row("days", "/ws/native").locator("td").nth(2)).to_have_text("1")
    page.get_by_label("Of the endpoint").select_option("content")
    expect(page.locator("#clients-none")).to_contain_text("nothing of the kind")
    expect(page.locator("#endpoints-rows tr")).to_have_count(1)


# ---- for whom, and how ------------------------------------------------------------------------------------------


def test_whoever_may_not_look_is_told_so_and_asks_the_server_nothing(
    operator: Operator, scene: Scene
) -> None:
    page = operator.page
    operator.enter("jane")
    expect(page.get_by_role("heading", name="The console is not for this account")).to_be_focused()
    expect(page.locator("#console")).to_be_hidden()
    operator.visit.assert_fit()
    assert not any("/api/v1/admin/" in path for path in operator.visit.asked)
    operator.visit.sign_out()
    operator.visit.sign_in("ada", scene.opened.school["ada"].password)
    operator.live()
    scene.library.trigger("between", "seen-by-ada", {})
    expect(operator.entries("seen-by-ada")).to_have_count(1)
    operator.visit.sign_out()
    operator.visit.sign_in("jane", scene.opened.school["jane"].password)
    expect(page.get_by_role("heading", name="The console is not for this account")).to_be_visible()
    expect(page.locator("#feed-list li")).to_have_count(0)


def test_every_part_is_for_everybody(operator: Operator, scene: Scene) -> None:
    scene.old_client("/ws/native", "hello")
    channel, page = "hooked-for-everybody", operator.page
    with (
        operator.visit.sized("phone"),
        scene.watcher("sam") as sam,
        scene.member("presence-room", {"user_id": "u7", "user_info": {"name": "Otter"}}) as member,
    ):
        operator.enter()
        operator.live()
        page.locator("#feed-empty").click()  # a checker looks at each of hundreds of rows that are alike
        scene.portal.call(sam.denied, "private-user-nobody")
        scene.portal.call(sam.subscribe, channel)
        posted = scene.portal.call(scene.sink.next)
        expect(operator.entries(channel).first).to_be_visible()
        states = {
            "live": "#feed-list li",
            "charts": "path.line",
            "connections": "#connections-rows tr",
            f"connections/{member.id}": "#connection-facts dd",
            "channels": "#channels-rows tr",
            "channels/1/presence-room": "#members-rows tr",
            "publish/content-generation-gen_1": "#creator-hint:not(:empty)",
            "refusals": "#refusals-rows tr",
            "webhooks": "#webhooks-rows tr",
            f"webhooks/{posted.id}": "#webhook-facts dd",
            "migration": "#endpoints-rows tr",
        }
        for place, shown in states.items():
            page.evaluate("(place) => { location.hash = place; }", place)
            expect(page.locator(shown).first).to_be_visible()
            for summary in page.locator("#console summary:visible").all():
                summary.click()
            if place.startswith("publish"):
                page.locator("#creator-event").fill("progress_update")
                page.get_by_role("button", name="As curl").click()
            operator.visit.assert_fit()
            if place.startswith("connections/"):
                page.get_by_role("button", name="Disconnect …").click()
                operator.visit.assert_fit()
                page.keyboard.press("Escape")
        targets = page.evaluate(
            """[...document.querySelectorAll("#console button, #console select, #parts a, #console summary")]
            .filter((each) => each.checkVisibility()).filter((each) => each.getBoundingClientRect().height < 44)
            .map((each) => each.outerHTML)"""
        )
        assert targets == []


def test_all_parts_are_named_where_one_looks_for_them(operator: Operator) -> None:
    operator.enter()
    parts = operator.page.get_by_role("navigation", name="Parts of the console").get_by_role("link")
    expect(parts).to_have_text(list(PARTS))
