"""Draws the golden reports again: PYTHONPATH=src:tests/unit/operator/views .venv/bin/python tests/unit/operator/views/redraw.py"""

from io import StringIO
from pathlib import Path

from a_run import report
from rich.console import Console

from dolphin.operator.views.report_text import render

FOLDER = Path(__file__).parent
WIDTHS = (80, 120)


def drawn(width: int) -> str:
    """The report of the run of `a_run` as it is printed into a pipe of this width, without spaces at line ends."""
    said = StringIO()
    render(report(), Console(file=said, width=width, no_color=True))
    return "".join(line.rstrip() + "\n" for line in said.getvalue().splitlines())


def golden(width: int) -> Path:
    """The file that holds it."""
    return FOLDER / f"report_{width}.txt"


if __name__ == "__main__":
    for each in WIDTHS:
        golden(each).write_text(drawn(each), encoding="utf-8")
