"""Draws the tables in the docs from the code: what stands between `<!-- table: NAME -->` and `<!-- end -->`.

Run from the root of the repository: python docs/tables.py (a test checks that the pages hold what the code says now).
"""

import itertools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "src"))

from dolphin.core.contract import schemas  # noqa: E402
from dolphin.core.control import params, posture  # noqa: E402
from dolphin.core.units import ONE  # noqa: E402

DRAWN: Final[dict[str, Callable[[], str]]] = {
    **{name: lambda columns=columns: schemas.markdown(columns) for name, columns in schemas.TABLES.items()},
    **{
        record.__name__: lambda record=record: params.table(record)
        for record in (params.SurvivalParams, params.GovernorParams, params.BreakerParams)
    },
    "postures": lambda: f"```mermaid\n{_postures()}\n```",
}


def _postures() -> str:
    """The ladder as a state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> HIBERNATE"]
    for milder, rung in itertools.pairwise(posture.LADDER):
        lines.append(f"    {milder.posture.name} --> {rung.posture.name}: R < {rung.enter_below_ppm / ONE:g}")
        lines.append(f"    {rung.posture.name} --> {milder.posture.name}: R > {rung.leave_above_ppm / ONE:g} after the dwell")
    return "\n".join(lines)


_BLOCK: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def drawn(page: str) -> str:
    """The page with every table as the code has it now."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{DRAWN[found[2]]()}\n\n{found[3]}", page)


def names(page: str) -> list[str]:
    """The tables of a page."""
    return [found[2] for found in _BLOCK.finditer(page)]


def main() -> None:
    """Draws every page anew."""
    for path in DOCS.glob("*.md"):
        page = path.read_text(encoding="utf-8")
        if (after := drawn(page)) != page:
            path.write_text(after, encoding="utf-8")
            print(f"drawn: {path.name}")


if __name__ == "__main__":
    main()
