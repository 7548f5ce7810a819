"""A world in use: stations, answers, what is refused of what a client makes up, and the door."""

from collections.abc import Iterator
from typing import Any

import pytest

from fake_roblox import FakeRoblox
from small_worlds import NASTY, QUESTIONS, small_plan, small_spec, station_question
from toolboxai.platform.roblox.files.parts import parts
from toolboxai.platform.roblox.luau.scripts import scripts

RIGHT: dict[str, Any] = {
    "q1": "condensation",
    "q2": "True",
    "q3": "Water Vapor",
    "q4": "3,3 km",
    "q5": ["rain", "river", "sea"],
    "q6": ["sky", "land"],
    "q7": "kurt godel",
}


class Visit:
    """A world with one player in it."""

    def __init__(self) -> None:
        self.world = FakeRoblox(scripts(small_spec(), small_plan()))
        self.world.build(parts(small_spec(), small_plan()))
        self.world.start()
        self.player = self.world.join()

    def goes_to(self, question: str) -> None:
        """Stand before a station; what was called before is forgotten by the limit."""
        stand = next(each.stand for each in small_plan().stations if each.question == question)
        self.world.do("fake.stand(...)", self.player, stand.x, stand.y, stand.z)
        self.world.advance(2)

    def answers(self, question: str, answer: Any) -> Any:
        self.goes_to(question)
        return self.world.call(self.player, question, answer)

    def attribute(self, name: str) -> Any:
        return self.world.do("local player, name = ... return player:GetAttribute(name)", self.player, name)


@pytest.fixture
def visit() -> Visit:
    return Visit()


def test_each_station_s_own_prompt_is_switched_on_and_says_what_it_is(visit: Visit) -> None:
    found = visit.world.do(
        """
        local found = {}
        for _, station in game:GetService("Workspace").World.Stations:GetChildren() do
            local prompt = station.Screen.Prompt
            assert(prompt.Enabled)
            table.insert(found, station:GetAttribute("QuestionId") .. " " .. prompt.ActionText .. " " .. prompt.ObjectText)
        end
        return found
        """
    )
    assert found == [f"{each.id} Answer Question {number}" for number, each in enumerate(QUESTIONS, 1)]


def test_a_station_without_parts_is_asked_in_the_air() -> None:
    world = FakeRoblox(scripts(small_spec(), small_plan())).start()
    place = world.do(
        """
        local points = {}
        for _, each in game:GetService("Workspace"):GetChildren() do
            if each.Name == "StationPoint" then
                assert(each.Prompt.Enabled and each.Transparency == 1 and not each.CanCollide)
                table.insert(points, { each.Position.X, each.Position.Y, each.Position.Z })
            end
        end
        return points
        """
    )
    assert place == [[each.place.x, each.place.y + 4, each.place.z] for each in small_plan().stations]


def test_what_clients_speak_through_is_there(visit: Visit) -> None:
    found = visit.world.do(
        """
        local found = {}
        for _, remote in game:GetService("ReplicatedStorage").WorldQuiz:GetChildren() do
            table.insert(found, remote.ClassName .. " " .. remote.Name)
        end
        return found
        """
    )
    assert found == ["RemoteFunction SubmitAnswer", "RemoteEvent OpenStation"]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: str(each.type))
def test_a_right_answer_of_each_kind_is_right_and_told_why(visit: Visit, question: Any) -> None:
    told = visit.answers(question.id, RIGHT[question.id])
    assert told["accepted"] is True
    assert told["correct"] is True
    assert told["rationale"] == question.rationale


def test_a_wrong_answer_is_told_what_is_right_and_counts_as_answered(visit: Visit) -> None:
    told = visit.answers("q5", ["rain", "sea", "river"])
    assert (told["correct"], told["score"]) == (False, pytest.approx(1 / 3))
    assert told["right"] == ["rain", "river", "sea"]
    assert visit.answers("q4", "9")["right"] == ["3.2 km"]
    assert (visit.attribute("QuizAnswered"), visit.attribute("QuizRight")) == (2, 0)


def test_the_first_answer_counts_and_practice_has_an_end(visit: Visit) -> None:
    said = [visit.answers("q2", "True").get("reason") for _ in range(12)]
    assert said == [None] * 10 + ["no_more"] * 2
    assert (visit.attribute("QuizAnswered"), visit.attribute("QuizRight")) == (1, 1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "unknown"),
        (("q1",), "no_answer"),
        (("q9", "x"), "unknown"),
        ((5, "x"), "unknown"),
        (({"a": 1}, "x"), "unknown"),
        (("q1", "Condensation", "more"), "unknown"),
        (("q1", 5), "no_answer"),
        (("q1", b"\xff\xfe"), "no_answer"),
        (("q1", "x" * 1001), "no_answer"),
        (("q1", ["Condensation"]), "no_answer"),
        (("q5", "rain"), "no_answer"),
        (("q5", ["rain"] * 41), "no_answer"),
        (("q5", {"a": "rain"}), "no_answer"),
        (("q5", [["rain"]]), "no_answer"),
    ],
)
def test_what_a_client_makes_up_is_refused(visit: Visit, words: tuple[Any, ...], reason: str) -> None:
    visit.goes_to("q1")
    assert visit.world.call(visit.player, *words) == {"accepted": False, "reason": reason}
    assert visit.attribute("QuizAnswered") == 0


def test_an_answer_from_afar_is_refused(visit: Visit) -> None:
    visit.goes_to("q1")
    assert visit.world.call(visit.player, "q7", "Kurt Gödel") == {"accepted": False, "reason": "too_far"}
    visit.world.do("local player = ... player.Character = nil", visit.player)
    assert visit.world.call(visit.player, "q1", "x") == {"accepted": False, "reason": "too_far"}


def test_a_client_that_calls_without_pause_is_slowed_down(visit: Visit) -> None:
    visit.goes_to("q1")
    visit.world.advance(10)
    said = [visit.world.call(visit.player, "q9", "x")["reason"] for _ in range(10)]
    assert said == ["unknown"] * 6 + ["too_fast"] * 4
    visit.world.advance(2)
    assert visit.answers("q1", "Condensation")["correct"] is True


def test_one_player_s_answers_are_not_another_s(visit: Visit) -> None:
    visit.answers("q1", "Condensation")
    other = visit.world.join("Heron", 8)
    assert visit.world.do("return (...):GetAttribute('QuizAnswered')", other) == 0


def test_who_comes_back_goes_on_where_they_were(visit: Visit) -> None:
    visit.answers("q1", "Condensation")
    visit.world.do("fake.leave(...)", visit.player)
    visit.player = visit.world.join()
    assert (visit.attribute("QuizAnswered"), visit.attribute("QuizNext")) == (1, "q2")


# ---- the door --------------------------------------------------------------------------------------------------------


def passes(visit: Visit, player: Any) -> Any:
    return visit.world.do(
        """
        local player = ...
        local door = game:GetService("Workspace"):FindFirstChild("ProgressDoor", true)
        local physics = game:GetService("PhysicsService")
        for _, part in player.Character:GetChildren() do
            if physics:CollisionGroupsAreCollidable(door.CollisionGroup, part.CollisionGroup) then
                return false
            end
        end
        return true
        """,
        player,
    )


def test_a_door_that_is_missing_is_built_into_the_gap_of_the_wall() -> None:
    world = FakeRoblox(scripts(small_spec(), small_plan())).start()
    place = world.do(
        """
        local door = game:GetService("Workspace").ProgressDoor
        return { door.Position.X, door.Position.Y, door.Position.Z, door.Size.X, door.Size.Y, door.Size.Z, door.Anchored }
        """
    )
    assert place == [26.0, 21.0, -40.0, 4, 8, 8, True]


def test_the_door_opens_for_who_has_answered_enough_and_for_nobody_else(visit: Visit) -> None:
    other = visit.world.join("Heron", 8)
    for question in ("q1", "q2"):
        visit.answers(question, RIGHT[question])
        assert not passes(visit, visit.player)
    visit.answers("q3", "wrong")
    assert passes(visit, visit.player)
    assert not passes(visit, other)


def test_the_door_stays_open_after_a_fall_and_for_what_is_put_on(visit: Visit) -> None:
    for question in ("q1", "q2", "q3"):
        visit.answers(question, RIGHT[question])
    visit.world.do("fake.spawn(...)", visit.player)
    assert passes(visit, visit.player)
    visit.world.do('local hat = fake.create("Part", "Hat") hat.Parent = (...).Character', visit.player)
    assert passes(visit, visit.player)


def test_the_door_of_the_place_file_is_used(visit: Visit) -> None:
    doors = visit.world.do(
        """
        local doors = {}
        for _, part in game:GetService("Workspace"):GetDescendants() do
            if part.Name == "ProgressDoor" then
                table.insert(doors, part.Parent.Name .. " " .. part.CollisionGroup)
            end
        end
        return doors
        """
    )
    assert doors == ["Gate ProgressDoor"]


# ---- the player's side -----------------------------------------------------------------------------------------------


class Screen:
    """What a player sees and presses."""

    def __init__(self, visit: Visit, question: str) -> None:
        self._visit = visit
        visit.goes_to(question)
        visit.world.do(
            """
            local player, question = ...
            for _, station in game:GetService("Workspace").World.Stations:GetChildren() do
                if station:GetAttribute("QuestionId") == question then
                    fake.trigger(station.Screen.Prompt, player)
                end
            end
            """,
            visit.player,
            question,
        )

    def texts(self) -> list[str]:
        found: list[str] = self._visit.world.do(
            """
            local texts = {}
            for _, each in (...).PlayerGui.QuizGui:GetDescendants() do
                if (each:IsA("TextLabel") or each:IsA("TextButton")) and each.Text ~= "" then
                    table.insert(texts, each.Text)
                end
            end
            return texts
            """,
            self._visit.player,
        )
        return found

    def press(self, text: str) -> None:
        self._visit.world.do(
            """
            local player, text = ...
            for _, each in player.PlayerGui.QuizGui:GetDescendants() do
                if each:IsA("TextButton") and each.Text == text then
                    fake.press(each)
                    return
                end
            end
            error("there is no button " .. text)
            """,
            self._visit.player,
            self._visit.world.value(text),
        )

    def write(self, text: str) -> None:
        self._visit.world.do(
            """
            local player, text = ...
            for _, each in player.PlayerGui.QuizGui:GetDescendants() do
                if each:IsA("TextBox") then
                    each.Text = text
                end
            end
            """,
            self._visit.player,
            self._visit.world.value(text),
        )


def answered(screen: Screen, question: str) -> Iterator[str]:
    """The presses that answer a question rightly."""
    match question:
        case "q1" | "q2":
            yield {"q1": "Condensation", "q2": "True"}[question]
        case "q3" | "q4" | "q7":
            screen.write({"q3": "water vapour", "q4": "3.2", "q7": "Kurt Gödel"}[question])
        case "q5":
            # sea, rain, river: the first two change places, then the last two
            yield from ("1.  sea", "2.  rain", "2.  sea", "3.  river")
        case "q6":
            # two buttons say the same until the first is pressed; land, sky, …
            yield from ("Press to choose", "land", "Press to choose")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: str(each.type))
def test_each_kind_of_question_is_answered_with_buttons_and_lines(visit: Visit, question: Any) -> None:
    screen = Screen(visit, question.id)
    assert question.question in screen.texts()
    assert question.rationale not in screen.texts()
    for text in answered(screen, question.id):
        screen.press(text)
    screen.press("Check")
    visit.world.advance(1)
    assert "That is right!" in screen.texts()
    assert question.rationale in screen.texts()
    screen.press("Close")
    assert visit.world.do("return (...).PlayerGui.QuizGui.Enabled", visit.player) is False


def test_a_wrong_choice_is_shown_what_is_right(visit: Visit) -> None:
    screen = Screen(visit, "q1")
    screen.press("Runoff")
    screen.press("Check")
    assert "Not right.\nRight is:\nCondensation" in screen.texts()


def test_nothing_is_sent_before_something_is_chosen(visit: Visit) -> None:
    screen = Screen(visit, "q1")
    screen.press("Check")
    assert "Give an answer first." in screen.texts()
    assert visit.attribute("QuizAnswered") == 0


def test_who_walks_away_is_told_to_come_back(visit: Visit) -> None:
    screen = Screen(visit, "q1")
    visit.goes_to("q7")
    screen.press("Condensation")
    screen.press("Check")
    assert "You are too far away. Go to the station." in screen.texts()


def test_a_gamepad_finds_the_first_control(visit: Visit) -> None:
    Screen(visit, "q1")
    assert visit.world.do('return game:GetService("GuiService").SelectedObject.Text') == "Runoff"


def test_a_player_s_machine_has_the_questions_and_no_answer(visit: Visit) -> None:
    seen = visit.world.do(
        """
        local game = fake.environment(..., nil).game
        local names = {}
        for _, service in { "ServerStorage", "ServerScriptService", "ReplicatedStorage" } do
            for _, each in game:GetService(service):GetChildren() do
                table.insert(names, each.Name)
            end
        end
        return names
        """,
        visit.player,
    )
    assert seen == ["QuizQuestions", "QuizControls", "WorldQuiz"]


def test_the_texts_of_a_lesson_are_shown_unchanged() -> None:
    asked = [
        station_question(
            "q1", "multiple_choice", NASTY, question=NASTY, options=(NASTY, "x"), rationale=NASTY
        ),
    ]
    visit = Visit()
    visit.world = FakeRoblox(scripts(small_spec(asked), small_plan(asked)))
    visit.world.build(parts(small_spec(asked), small_plan(asked)))
    visit.world.start()
    visit.player = visit.world.join()
    screen = Screen(visit, "q1")
    assert screen.texts().count(NASTY) == 2
    screen.press(NASTY)
    screen.press("Check")
    assert "That is right!" in screen.texts()
    assert screen.texts().count(NASTY) == 3


def test_the_guide_names_the_next_station_and_at_last_the_open_door(visit: Visit) -> None:
    def hint() -> str:
        said: str = visit.world.do(
            """
            local player = ...
            fake.trigger(game:GetService("Workspace").World.Guide.HumanoidRootPart.Prompt, player)
            return player.PlayerGui.GuideBubble.Hint.Text
            """,
            visit.player,
        )
        return said

    assert hint() == "Your next question:\nQuestion 1: Pump room"
    for question, answer in RIGHT.items():
        visit.answers(question, answer)
    assert hint() == "You have answered everything.\nThe door is open for you.\nTower"
    visit.world.advance(11)
    assert visit.world.do("return (...).PlayerGui.GuideBubble.Enabled", visit.player) is False


def test_a_guide_that_reaches_a_player_late_speaks_itself() -> None:
    world = FakeRoblox(scripts(small_spec(), small_plan()))
    world.build(parts(small_spec(), small_plan()))
    world.start()
    world.do("fake.late = game:GetService('Workspace').World.Guide fake.late.Parent = nil")
    world.join()
    world.do("fake.late.Parent = game:GetService('Workspace').World")
    world.advance(1)
    assert world.do("return fake.late.HumanoidRootPart.Prompt.Enabled")
    assert world.do("return game:GetService('Workspace'):FindFirstChild('GuidePoint') == nil")


def test_a_guide_without_questions_tells_of_the_rooms() -> None:
    world = FakeRoblox(scripts(small_spec(), small_plan(()))).start()
    player = world.join()
    world.advance(10)
    world.do('fake.trigger(game:GetService("Workspace").GuidePoint.Prompt, ...)', player)
    assert (
        world.do("return (...).PlayerGui.GuideBubble.Hint.Text", player)
        == "Have a look around:\nPump room, Tower"
    )


def test_the_pages_of_a_board_are_turned_for_each_player_alone(visit: Visit) -> None:
    long = small_spec(board="It rains on the hill, and the river rises. " * 200)
    world = FakeRoblox(scripts(long, small_plan()))
    world.build(parts(long, small_plan()))
    player = world.start().join()
    seen = world.do(
        """
        local board = game:GetService("Workspace").World.Boards.Board1
        local pages = board:GetAttribute("Pages")
        local seen = {}
        for turn = 1, pages do
            table.insert(seen, board.Panel.Turn.ObjectText .. " at " .. board.Panel.Text.Body.CanvasPosition.Y)
            fake.trigger(board.Panel.Turn, ...)
        end
        table.insert(seen, board.Panel.Turn.ObjectText)
        return seen
        """,
        player,
    )
    pages = len(seen) - 1
    assert pages > 1
    assert seen == [
        *(f"{page} / {pages} at {400 * (page - 1)}" for page in range(1, pages + 1)),
        f"1 / {pages}",
    ]


def test_a_board_that_reaches_a_player_late_is_turned_too() -> None:
    long = small_spec(board="It rains on the hill, and the river rises. " * 200)
    world = FakeRoblox(scripts(long, small_plan()))
    world.build(parts(long, small_plan()))
    world.start()
    world.do("fake.late = game:GetService('Workspace').World.Boards.Board1 fake.late.Parent = nil")
    world.join()
    world.do("fake.late.Parent = game:GetService('Workspace').World.Boards")
    world.advance(1)
    assert world.do("return fake.late.Panel:FindFirstChild('Turn') ~= nil")


def test_a_board_that_goes_and_comes_back_is_turned_by_one_key() -> None:
    long = small_spec(board="It rains on the hill, and the river rises. " * 200)
    world = FakeRoblox(scripts(long, small_plan()))
    world.build(parts(long, small_plan()))
    world.start().join()
    world.do(
        """
        local boards = game:GetService("Workspace").World.Boards
        local board = boards.Board1
        board.Parent = nil
        board.Parent = boards
        """
    )
    world.advance(1)
    turns = world.do(
        """
        local turns = 0
        for _, each in game:GetService("Workspace").World.Boards.Board1.Panel:GetChildren() do
            turns += if each.Name == "Turn" then 1 else 0
        end
        return turns
        """
    )
    assert turns == 1


def test_a_question_is_shown_from_its_beginning(visit: Visit) -> None:
    Screen(visit, "q5")
    panel = "local panel = (...).PlayerGui.QuizGui.Panel "
    visit.world.do(f"{panel} panel.CanvasPosition = Vector2.new(0, 300)", visit.player)
    Screen(visit, "q1")
    assert visit.world.do(f"{panel} return panel.CanvasPosition.Y", visit.player) == 0
