"""Draws docs/img/report.svg: the report of the short run that the tests tell (tests/unit/operator/views/a_run.py), as a terminal shows it.

Run from the root of the repository: python docs/img/draw_report.py
"""

import re
import sys
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "unit" / "operator" / "views")]

from a_run import report  # noqa: E402
from rich.console import Console  # noqa: E402

from dolphin.operator.views.report_text import render  # noqa: E402


def main() -> None:
    """Writes the picture."""
    console = Console(file=StringIO(), width=112, record=True, force_terminal=True, color_system="standard", legacy_windows=False)
    render(report(), console)
    svg = console.export_svg(title="./dolphin demo", unique_id="dolphin-report")
    svg = re.sub(r"\s*@font-face \{[^}]*\}", "", svg)  # the page fetches nothing from anywhere
    (Path(__file__).parent / "report.svg").write_text("".join(line.rstrip() + "\n" for line in svg.splitlines()), encoding="utf-8")


if __name__ == "__main__":
    main()
