"""The recorded results of level A: `dolphin test --level-a --save` keeps them, and writes the page that shows them. Never by hand.

A row stands until its module is checked again, and says at which commit that was; so the long checks can be recorded in parts.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from dolphin.assurance.level_a.checks import Result, Row
from dolphin.host.home import REPOSITORY

KEPT: Final = REPOSITORY / "tests" / "level_a" / "results.json"
PAGE: Final = REPOSITORY / "docs" / "level-a.md"
BEGIN: Final = "<!-- result: written by ./dolphin test --level-a --save -->"
END: Final = "<!-- end -->"
TITLES: Final = {"mcdc": "MC/DC, Python", "mutmut": "Mutation, Python", "pit": "Mutation, Java", "formal": "Deep formal tests"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row as it was found: at which commit and when (UTC, to the minute)."""

    unit: str
    row: Row
    commit: str
    at: str


Kept = dict[str, dict[str, Recorded]]
"""Recorded rows by check and module."""


def save(results: Sequence[Result], *, is_whole: bool) -> None:
    """Keeps `results` and writes the page anew. A whole result replaces all that was kept of its checks."""
    kept = msgspec.json.decode(KEPT.read_bytes(), type=Kept) if KEPT.is_file() else {}
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    if is_whole:  # a module that is gone takes its row with it
        kept = {check: rows for check, rows in kept.items() if check not in {result.check for result in results}}
    kept = merged(kept, results, commit(), now)
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    PAGE.write_text(page(PAGE.read_text(), kept))


def merged(kept: Mapping[str, Mapping[str, Recorded]], results: Sequence[Result], commit: str, at: str) -> Kept:
    """`kept` with the rows of `results` in place of older ones of the same modules."""
    after: Kept = {check: dict(rows) for check, rows in kept.items()}
    for result in results:
        rows = after.setdefault(result.check, {})
        rows.update({row.module: Recorded(result.unit, row, commit, at) for row in result.rows})
    return after


def page(text: str, kept: Mapping[str, Mapping[str, Recorded]]) -> str:
    """The page with what is kept in place of what it showed."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{_summary(kept)}\n\n{_tables(kept)}\n\n{END}{tail}"


def commit() -> str:
    """The commit that is checked out, with a note if the files differ from it (but for what `save` itself writes)."""

    def git(*arguments: str) -> str:
        return subprocess.run(("git", *arguments), cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout

    own = tuple(str(path.relative_to(REPOSITORY)) for path in (KEPT, PAGE))
    is_changed = any(not line.endswith(own) for line in git("status", "--porcelain").splitlines())
    return git("rev-parse", "--short=12", "HEAD").strip() + (" with changes" if is_changed else "")


def _summary(kept: Mapping[str, Mapping[str, Recorded]]) -> str:
    lines = ["| check | of | shown | justified | open |", "|---|---|---|---|---|"]
    for check, title in TITLES.items():
        found = list(kept.get(check, {}).values())
        if found:
            total, shown, justified = (
                sum(count) for count in zip(*((each.row.total, each.row.shown, each.row.justified) for each in found), strict=True)
            )
            is_open = sum(len(each.row.open) for each in found)
            lines.append(f"| {title} | {total:,} {found[0].unit} | {shown:,} | {justified} | {is_open} |")
        else:
            lines.append(f"| {title} | not recorded | | | |")
    return "\n".join(lines)


def _tables(kept: Mapping[str, Mapping[str, Recorded]]) -> str:
    blocks: list[str] = []
    for check, title in TITLES.items():
        rows = kept.get(check, {})
        if not rows:
            continue
        lines = [f"**{title}**", "", "| module | of | shown | justified | open | at commit | on (UTC) |", "|---|---|---|---|---|---|---|"]
        for module, each in sorted(rows.items()):
            row = each.row
            lines.append(f"| `{module}` | {row.total:,} | {row.shown:,} | {row.justified} | {len(row.open)} | {each.commit} | {each.at} |")
        lines += [f"\n`{module}`, {what}" for module, each in sorted(rows.items()) for what in each.row.open]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
