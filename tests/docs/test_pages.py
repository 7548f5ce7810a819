"""The documents hang together: links lead somewhere, paths exist, data parses, examples are the files."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from doc_snippets import ROOT, Link, Snippet, anchors, documents, links, shown_files, snippets
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run

EXAMPLE = re.compile(
    r"<!-- (?P<file>(?:examples|deploy)/\S+) -->\n```\w+\n(?P<text>.*?)```\n<!-- end -->", re.DOTALL
)
RUN = {"python", "bash", "js"}
RUN_AS_EXAMPLES = {"jsx", "luau"}  # see test_migration.py
COMPILED = {"ts", "tsx"}  # and run: see tests/clients/typescript/test_page.py
READ = {"json", "toml", "text"}
DEPLOYED = {"nginx", "caddyfile", "ini", "dockerfile", "yaml"}  # files of deploy/: see tests/deploy
DRAWN = {"mermaid"}  # from tables of the code: see test_states.py
CONSOLE = {"console"}  # commands that another test proves whole: here each must exist
GROUPS = {"users", "keys", "apps", "config", "db", "webhooks", "migration", "resources"}


def ids(value: object) -> str:
    return (
        value.name
        if isinstance(value, Snippet)
        else ":".join(value)
        if isinstance(value, Link)
        else str(value)
    )


@pytest.mark.parametrize("snippet", snippets(), ids=ids)
def test_every_block_says_what_it_is(snippet: Snippet) -> None:
    assert snippet.language in RUN | RUN_AS_EXAMPLES | COMPILED | READ | CONSOLE | DEPLOYED | DRAWN


def test_what_runs_as_an_example_or_is_deployed_is_a_file() -> None:
    others = {path.read_text(encoding="utf-8") for path in shown_files()}
    shown = snippets(*RUN_AS_EXAMPLES, *DEPLOYED)
    assert [snippet.name for snippet in shown if snippet.text not in others] == []


@pytest.mark.parametrize("snippet", snippets("json"), ids=ids)
def test_json_is_json(snippet: Snippet) -> None:
    json.loads(snippet.text)


@pytest.mark.parametrize("snippet", snippets("toml"), ids=ids)
def test_toml_is_toml(snippet: Snippet) -> None:
    tomllib.loads(snippet.text)


@pytest.mark.parametrize("link", [link for link in links() if "://" not in link.target], ids=ids)
def test_every_link_leads_somewhere(link: Link) -> None:
    path, _, anchor = link.target.partition("#")
    target = (ROOT / link.page).parent / path if path else ROOT / link.page
    assert target.exists()
    if anchor:
        assert anchor in anchors(target)


@pytest.mark.parametrize("page", documents())
def test_no_table_says_the_same_twice(page: str) -> None:
    text = re.sub(
        r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        starts = [line.split("|")[1:3] for line in table.splitlines()]
        assert [start for start in starts if starts.count(start) > 1] == []


def test_links_to_the_outside_are_encrypted() -> None:
    assert [link for link in links() if link.target.startswith("http:")] == []


def test_every_page_can_be_found_from_the_readme() -> None:
    found, waiting = {"README.md"}, ["README.md"]
    while waiting:
        page = waiting.pop()
        for link in links():
            if link.page != page or "://" in link.target:
                continue
            target = ((ROOT / page).parent / link.target.partition("#")[0]).resolve()
            inside = (
                [target] if target.suffix == ".md" else sorted(target.glob("*.md")) if target.is_dir() else []
            )
            new = {path.relative_to(ROOT).as_posix() for path in inside} - found
            found |= new
            waiting += new
    assert set(documents()) <= found


def named_paths() -> Iterator[tuple[str, str]]:
    for page in documents():
        text = (ROOT / page).read_text(encoding="utf-8")
        for path in re.findall(
            r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|mjs|sh|toml|json|svg)|(?:[\w.-]+/)+)`", text
        ):
            yield page, path


def test_every_file_that_a_page_names_exists() -> None:
    made = ("demo-output/",)
    places = (ROOT, ROOT / "src" / "toolboxai", ROOT / "docs", ROOT / "bench")
    missing = [
        (page, path)
        for page, path in named_paths()
        if path not in made and not any((place / path).exists() for place in places)
    ]
    assert missing == []


# ---- examples ---------------------------------------------------------------------------------------------


def test_every_example_and_every_sample_is_shown_word_for_word() -> None:
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in documents()]
    shown = {match["file"]: match["text"] for text in pages for match in EXAMPLE.finditer(text)}
    assert sum(text.count("<!-- end -->") for text in pages) == len(shown)
    files = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in shown_files()}
    assert files == shown


def test_the_picture_is_a_picture_with_words() -> None:
    root = ElementTree.parse(ROOT / "docs" / "event.svg").getroot()  # our own file
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert root.findtext(f"{space}title")
    assert root.findtext(f"{space}desc")
    assert "prefers-color-scheme: dark" in (root.findtext(f"{space}style") or "")


def test_every_picture_says_in_words_what_is_seen() -> None:
    told = [
        words
        for page in documents()
        for words in re.findall(r"!\[([^\]]*)\]\(", (ROOT / page).read_text(encoding="utf-8"))
    ]
    assert [words for words in told if len(words.split()) < 8] == []


# ---- commands that are not run here -------------------------------------------------------------------------


def commands() -> list[tuple[str, list[str]]]:
    return [
        (snippet.name, shlex.split(line))
        for snippet in snippets("console")
        for line in snippet.text.splitlines()
    ]


@pytest.mark.parametrize(("where", "words"), commands(), ids=ids)
def test_every_command_shown_exists(where: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if words[0] == "make":
        for target in [word for word in words[1:] if "=" not in word]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), where
    elif words[0].endswith("toolboxai"):
        depth = 2 if words[1] in GROUPS else 1
        assert run([*words[1 : 1 + depth], "--help"]) == ExitCode.OK, where
        said = capsys.readouterr().out
        assert [word for word in words if word.startswith("--") and word not in said] == [], where
    else:
        assert words[0] == "export", where
