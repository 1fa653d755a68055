"""The docs say what the code says: tables are drawn from it."""

import runpy
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
TABLES: dict[str, Any] = runpy.run_path(str(REPOSITORY / "docs" / "tables.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_table_holds_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert TABLES["drawn"](text) == text, "run: python docs/tables.py"


def test_every_table_is_on_a_page() -> None:
    shown = {name for page in PAGES for name in TABLES["names"](page.read_text(encoding="utf-8"))}
    assert shown == TABLES["DRAWN"].keys()


def test_the_diagram_of_the_postures_is_drawn_from_the_ladder() -> None:
    drawn = TABLES["DRAWN"]["postures"]()
    assert "APEX --> STALKER: R < 0.85" in drawn
    assert "STALKER --> APEX: R > 0.92 after the dwell" in drawn
