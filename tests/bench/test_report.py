"""The results file and the README's tables."""

import json
from pathlib import Path

import pytest
from bench.curves import CURVES
from bench.report import END, PICTURES, START, as_json, pictures, place, section, servers_table, targets_table
from bench.results import Served, write
from bench.servers import NAIVE, OLD, OURS
from bench.targets import judge

from bench_samples import sample, whole_run, with_curves

KINDS = [OURS, OLD, NAIVE]
FACTS = {
    "commit": "abc1234",
    "dirty": False,
    "date": "2026-01-31",
    "full": False,
    "seconds": 170,
    "missing": {"C, one send() per socket": "gcc is not installed"},
    "machine": {
        "cpu": "A Fast One",
        "cores": 2,
        "memory_gb": 8.0,
        "kernel": "6.1",
        "tcp": "cubic",
        "python": "CPython 3.11.7",
        "libraries": {"uvloop": "0.23.0"},
    },
}


def test_the_table_says_of_each_target_whether_it_was_met() -> None:
    lines = targets_table(judge(whole_run())).splitlines()
    (against_c,) = [line for line in lines if "against C" in line]
    assert "at most 1.35x (moonshot 1x) | 2.00x (2.00 to 2.00) | **not met** |" in against_c
    (memory,) = [line for line in lines if "memory" in line]
    assert "at most 8 kB (moonshot 4 kB) | 3.10 kB (3.00 to 3.20) | met, moonshot too |" in memory


def test_a_server_that_took_no_part_in_a_phase_has_a_dash_there() -> None:
    (crowd,) = [row for row in servers_table(whole_run(), KINDS).splitlines() if "10,000 subscribers" in row]
    assert crowd.endswith("| 3.0 | - | - |")


def test_the_cost_of_a_growing_channel_has_a_row_for_each_size() -> None:
    results = whole_run()
    results.add("growth-18000", "toolboxai", sample(server_cpu_s=0.9, deliveries=180_000))
    assert "| 18,000 subscribers, 1 in flight: CPU, µs per delivery | 5.00 | - | - |" in servers_table(
        results, KINDS
    )


def test_a_search_that_ended_at_the_limit_of_open_files_says_at_least() -> None:
    lines = servers_table(with_curves(whole_run()), KINDS).splitlines()
    ten = "10 publications a second: connections served within p99 250 ms"
    assert f"| {ten} | at least 19,500 | 2,800 | - |" in lines


def test_where_twenty_times_is_reached_is_told_and_was_not_promised() -> None:
    lines = targets_table(judge(with_curves(whole_run()))).splitlines()
    told = [line.split(" | ")[2:] for line in lines if "connections served" in line]
    assert told == [
        ["-", "not measured |"],
        ["6.96x; at least 19,500 (the limit of open files); 2,800 the old way", "not reached |"],
        ["40.0x; 12,000; 300 the old way", "reached |"],
    ]


def test_a_search_that_ran_out_of_time_does_not_blame_the_limit() -> None:
    results = with_curves(whole_run())
    results.served[10]["toolboxai"] = Served(19_500, None)
    (told,) = [
        line
        for line in targets_table(judge(results)).splitlines()
        if "served within p99 250 ms, 10 a" in line
    ]
    assert "at least 19,500 (then the time was over); 2,800 the old way" in told


def test_what_grows_is_told_at_every_size_and_beside_the_bare_loop() -> None:
    (growth,) = [
        line
        for line in targets_table(judge(with_curves(whole_run()))).splitlines()
        if "channel grows" in line
    ]
    assert "1.20x (1.20 to 1.20)" in growth or "| 1.20x; " in growth
    assert "µs at 100: 5.12, 1,000: 5.64, 10,000: 6.15; the C loop 1.20x | met |" in growth


def test_the_section_names_the_machine_the_command_and_what_is_missing() -> None:
    results = whole_run()
    results.notes.append("ONLY 500 connections")
    text = section(results, judge(results), KINDS, FACTS)
    assert "Commit abc1234, 2026-01-31, `make bench`." in text
    assert "A Fast One, 2 cores, 8.0 GB, Linux 6.1 (TCP cubic), CPython 3.11.7; uvloop 0.23.0." in text
    assert "- Not measured: C, one send() per socket: gcc is not installed" in text
    assert "- ONLY 500 connections" in text


def test_a_server_that_has_not_done_all_of_the_work_is_named() -> None:
    results = whole_run()
    assert "Not all of the work" not in section(results, judge(results), KINDS, FACTS)
    results.add("publish", "old", sample(refused=1200))
    results.add("fanout-1", "toolboxai", sample(lost=2, disorder=1))
    results.add(
        "fanout-16", "c", sample(disorder=9)
    )  # of publishers on several connections: no order is owed
    text = section(results, judge(results), KINDS, FACTS)
    assert "fanout-16 of c" not in text
    assert "- Not all of the work was done: publish of old: 1,200 publications refused." in text
    assert (
        "- Not all of the work was done: fanout-1 of toolboxai: 2 events lost, 1 events out of order." in text
    )


def test_the_page_shows_the_curves_that_were_drawn_and_no_other() -> None:
    shown = pictures([Path("results/served.svg"), Path("results/memory.svg")])
    assert [line.partition("](")[2] for line in shown.split() if "](" in line] == [
        "results/served.svg)",
        "results/memory.svg)",
    ]
    assert pictures([]) == ""
    assert set(PICTURES) == set(CURVES)


def test_a_run_replaces_the_one_before_and_nothing_else_of_the_readme() -> None:
    readme = f"# Bench\n\n{START}\n\nold\n\n{END}\n\n## Method\n"
    once = place(readme, "new")
    assert once == f"# Bench\n\n{START}\n\nnew\n\n{END}\n\n## Method\n"
    assert place(once, "new") == once


def test_a_readme_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="needs"):
        place("# Bench\n", "new")


def test_the_results_file_keeps_every_round() -> None:
    results = whole_run()
    written = json.loads(json.dumps(as_json(results, judge(results), FACTS)))
    assert len(written["rounds"]["fanout-1"]["old"]) == 2
    assert written["medians"]["fanout-1"]["toolboxai"]["cpu_us_per_delivery"] == pytest.approx(1.5)
    assert written["targets"][0]["reached"] == pytest.approx(2.0)
    assert written["missing"] == FACTS["missing"]


def test_the_results_file_has_the_curves() -> None:
    results = with_curves(whole_run())
    written = json.loads(json.dumps(as_json(results, judge(results), FACTS)))
    assert written["served"]["100"]["old"]["connections"] == 300
    assert written["memory_mb_over_connections"]["toolboxai"]["10000"] == [30.0, 31.0]
    assert len(written["rounds"]["channels-100000"]["toolboxai"]) == 1


def test_a_file_of_results_has_a_line_for_each_round_and_is_json(tmp_path: Path) -> None:
    data = {
        "notes": ["two  spaces, [and] {brackets}"],
        "rounds": {"a": [{"p": 1, "q": "x"}, {"p": 2, "q": "["}]},
    }
    write(tmp_path / "run.json", data)
    text = (tmp_path / "run.json").read_text()
    assert json.loads(text) == data
    assert '{ "p": 1, "q": "x" }' in text
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_round_whose_subscribers_were_gone_is_no_figure() -> None:
    results = whole_run()
    for row in results.samples["fanout-16"]["old"]:
        assert row.deliveries
    results.samples["fanout-16"]["old"] = [sample(deliveries=0)]
    table = servers_table(results, [OURS, OLD])
    assert next(line for line in table.splitlines() if line.startswith("| fan-out, 16")).endswith("| - |")
