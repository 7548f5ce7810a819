"""The picture of a run."""

import xml.etree.ElementTree as ET
from pathlib import Path

from bench.plot import draw
from bench.servers import NAIVE, OLD, OURS

from bench_samples import whole_run


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
