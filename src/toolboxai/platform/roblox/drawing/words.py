"""What a plan holds, in sentences: for who does not see the picture."""

from toolboxai.platform.roblox.model.plan import Room, RoomShape, WorldPlan

__all__ = ["describe", "room_words"]

_SHAPES = {RoomShape.BOX: "room", RoomShape.DOME: "dome", RoomShape.OPEN: "open floor"}


def describe(plan: WorldPlan) -> str:
    """Rooms in order with what stands in each, ways, spawn and gate."""
    said = [_count(len(plan.rooms), "room") + ", " + _count(len(plan.corridors), "corridor")]
    said[0] += f", {_count(len(plan.ramps), 'ramp')}."
    said += [room_words(plan, room) for room in plan.rooms]
    titles = {room.id: room.title for room in plan.rooms}
    for corridor in plan.corridors:
        one, other = (titles[room] for room in corridor.rooms)
        said.append(f"{'A covered' if corridor.covered else 'An open'} way joins {one} and {other}.")
    said.append(f"The spawn is in {plan.rooms[0].title}.")
    if plan.gate:
        answers = _count(plan.gate.needed, "question")
        said.append(f"A gate before {titles[plan.gate.room]} opens after {answers} answered.")
    return " ".join(said)


def room_words(plan: WorldPlan, room: Room) -> str:
    """One room in a sentence."""
    boards = [str(board.section + 1) for board in plan.boards if board.room == room.id]
    numbers = {station.question: str(number) for number, station in enumerate(plan.stations, 1)}
    stations = [numbers[station.question] for station in plan.stations if station.room == room.id]
    holds = [
        f"{word} {', '.join(which)}" for word, which in (("boards", boards), ("stations", stations)) if which
    ]
    kind = _SHAPES[room.shape]
    return (
        f"{room.title}: a {kind}, floor at {room.floor} studs" + "".join(f", {each}" for each in holds) + "."
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
