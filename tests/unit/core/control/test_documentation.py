"""docs/control-law.md is drawn from the tables it shows."""

import runpy
from pathlib import Path

from dolphin.core.control.breaker import TRIPS_AT_PPM
from dolphin.core.control.manual_cut import CUTS_PPM
from dolphin.core.units import ONE

DOCS = Path(__file__).resolve().parents[4] / "docs"
DOCUMENT = (DOCS / "control-law.md").read_text(encoding="utf-8")


def test_the_levels_of_the_cut_are_those_of_the_code() -> None:
    for level, (trip, cut) in enumerate(zip(TRIPS_AT_PPM, CUTS_PPM[1:], strict=True), start=1):
        assert f"| {level} | {trip / ONE:.2f} | {cut / ONE:g}" in DOCUMENT.replace("0.20 |", "0.2 |")


def test_the_picture_of_10_october_is_what_the_code_draws_now() -> None:
    drawn = runpy.run_path(str(DOCS / "img" / "draw_scenario.py"))["draw"]()
    assert drawn == (DOCS / "img" / "scenario-2025-10-10.svg").read_text(), "run: python docs/img/draw_scenario.py"
