"""The picture of a run."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from bench.curves import CURVES, draw_curves
from bench.plot import draw
from bench.results import Results
from bench.servers import NAIVE, OLD, OURS

from bench_samples import whole_run, with_curves


def test_the_picture_is_a_small_svg_that_names_every_server(tmp_path: Path) -> None:
    path = tmp_path / "latest.svg"
    draw(whole_run(), [OURS, OLD, NAIVE], path, "on one machine")
    text = path.read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")
    assert len(text) < 60_000
    for kind in (OURS, OLD, NAIVE):
        assert kind.title in text


def test_the_same_figures_give_the_same_file(tmp_path: Path) -> None:
    for name in ("first.svg", "second.svg"):
        draw(whole_run(), [OURS], tmp_path / name, "on one machine")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("curves")
    drawn = draw_curves(with_curves(whole_run()), [OURS, OLD], folder, "make bench-full on one machine")
    return {path.stem: path.read_text(encoding="utf-8") for path in drawn}


def test_a_long_run_has_a_picture_of_each_curve(curves: dict[str, str]) -> None:
    assert tuple(curves) == CURVES
    for text in curves.values():
        assert ET.fromstring(text).tag.endswith("svg")
        assert len(text) < 60_000
        assert "make bench-full on one machine" in text
        assert OURS.title in text


def test_more_than_could_be_tried_is_marked(curves: dict[str, str]) -> None:
    assert "≥ 19,500" in curves["served"]
    assert ">12,000<" in curves["served"]


def test_what_was_not_measured_has_no_picture(tmp_path: Path) -> None:
    assert draw_curves(whole_run(), [OURS], tmp_path, "on one machine") == []
    assert draw_curves(Results(), [OURS], tmp_path, "on one machine") == []
