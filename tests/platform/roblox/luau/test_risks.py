"""What is told of a script that somebody has changed, with its line; what is refused."""

import pytest

from toolboxai.platform.roblox.luau.literals import literal
from toolboxai.platform.roblox.luau.report import LuauReport, RiskKind
from toolboxai.platform.roblox.luau.risks import risks

HEBREW = literal(
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, \u05d6\u05d4 \u05e9\u05d9\u05e2\u05d5\u05e8 \u05e2\u05dc \u05de\u05d9\u05dd. "
    * 40
)
JAPANESE = literal("\u6c34\u306f\u4e0a\u304b\u3089\u4e0b\u3078\u6d41\u308c\u308b\u3002" * 60)


def found(source: str) -> list[tuple[int, str]]:
    return [(each.line, each.kind.value) for each in risks(source)]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("x\nloadstring('y')()", "loadstring"),
        ("x\nlocal run = loadstring", "loadstring"),
        ("x\nlocal s = `{loadstring('y')()}`", "loadstring"),
        ("x\nrequire(1234567)", "require_id"),
        ("x\ngetfenv(1).y = 2", "environment"),
        ("x\nsetfenv(1, {})", "environment"),
        ('x\ngame:GetService("InsertService")', "inserted_asset"),
        ("x\nservice:LoadAsset(1)", "inserted_asset"),
        ("x\ngame:GetService('HttpService')", "http"),
        ('x\ngame:GetService("Http\\83ervice")', "http"),
        ("x\nlocal h = game.HttpService", "http"),
        ("x\nh:PostAsync(url, data)", "http"),
        ('x\ngame:GetService("TeleportService")', "teleport"),
        ("x\nt:TeleportAsync(1, {})", "teleport"),
        ('x\ngame:GetService("MarketplaceService")', "marketplace"),
        ('x\ngame:GetService("Http" .. name)', "hidden_service"),
        ("x\ngame:GetService(name)", "hidden_service"),
        ("x\nwhile true do y() end", "endless_loop"),
        ("x\nwhile 1 do if y then z() end end", "endless_loop"),
        ("x\nwhile not false do local z = if y then 1 else if w then 2 else 3 end", "endless_loop"),
        ("x\nrepeat y() until false", "endless_loop"),
        ("x\nwhile true do f(function() task.wait() end) end", "endless_loop"),
        (f"x\nlocal code = '{'aB3' * 200}'", "hidden_text"),
        ("x\nlocal code = " + '"' + "\\200\\1" * 300 + '"', "hidden_text"),
    ],
)
def test_a_risk_is_told_with_its_line(source: str, kind: str) -> None:
    assert found(source) == [(2, kind)]


@pytest.mark.parametrize(
    "source",
    [
        "-- loadstring('x') game:GetService('HttpService')",
        "local text = 'loadstring and getfenv'",
        "tools.loadstring = 2",
        'require(game:GetService("ReplicatedStorage"):WaitForChild("QuizQuestions"))',
        "while true do task.wait(1) y() end",
        "while true do if done then break end end",
        "while true do for _, x in y do z:Wait() end end",
        "while x do y() end",
        "repeat y() until done",
        "local function f() while true do local l = event:Wait() end end",
        "for i = 1, 10 do while true do return i end end",
        "local x = " + "'" + "a long text of a lesson. " * 40 + "'",
        f"local x = {HEBREW}",
        f"local x = {JAPANESE}",
        f"local heights = {literal('0' * 450)}",
        "local x = if a then 1 else 2 while true do task.wait() end",
    ],
)
def test_what_is_usual_is_no_risk(source: str) -> None:
    assert found(source) == []


def test_the_script_that_posts_scores_may_speak_to_other_servers() -> None:
    source = 'local http = game:GetService("HttpService")\nhttp:RequestAsync({})\nloadstring("")'
    assert [each.kind for each in risks(source, may_call_out=True)] == [RiskKind.LOADSTRING]


def test_risks_come_in_the_order_of_lines_each_once() -> None:
    source = "getfenv() getfenv()\nloadstring('')\nwhile true do\nrequire(5)\nend"
    assert found(source) == [(1, "environment"), (2, "loadstring"), (3, "endless_loop"), (4, "require_id")]


@pytest.mark.parametrize("kind", RiskKind)
def test_what_brings_in_code_unseen_is_refused_and_the_rest_is_told(kind: RiskKind) -> None:
    sources = {
        RiskKind.LOADSTRING: "loadstring('')",
        RiskKind.REQUIRE_ID: "require(5)",
        RiskKind.INSERTED_ASSET: "x:LoadAsset(5)",
        RiskKind.ENVIRONMENT: "getfenv()",
        RiskKind.HTTP: "x:RequestAsync()",
        RiskKind.TELEPORT: "x:TeleportAsync()",
        RiskKind.MARKETPLACE: "x:PromptPurchase()",
        RiskKind.HIDDEN_SERVICE: "game:GetService(x)",
        RiskKind.ENDLESS_LOOP: "while true do end",
        RiskKind.HIDDEN_TEXT: f"x = '{'aB3' * 200}'",
    }
    report = LuauReport(risks=risks(sources[kind]))
    assert [each.kind for each in report.risks] == [kind]
    assert report.risks[0].message
    refused = {RiskKind.LOADSTRING, RiskKind.REQUIRE_ID, RiskKind.INSERTED_ASSET, RiskKind.ENVIRONMENT}
    assert report.accepted is (kind not in refused)
