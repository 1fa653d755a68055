"""Draws docs/img/scenario-2025-10-10.svg: R, factors, posture and cap over the day, beside a bare 60-minute decay.

Run from the root of the repository: python docs/img/draw_scenario.py (a test checks that the picture is what the code gives now).
"""

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from dolphin.core.control.params import SurvivalParams  # noqa: E402
from dolphin.core.control.posture import LADDER, Posture  # noqa: E402
from dolphin.core.control.survival import SurvivalDecision  # noqa: E402
from dolphin.core.units import ONE  # noqa: E402
from dolphin.simulation.october_2025 import CALM_AGAIN, CASCADE, END, NEWS, START, bare_decay, play  # noqa: E402

PICTURE = ROOT / "docs" / "img" / "scenario-2025-10-10.svg"
WIDTH, LEFT, RIGHT, TOP, PANEL, GAP = 900, 52, 12, 74, 170, 46
SAMPLE_S = 30
COLOURS = {Posture.APEX: "#cfe8cf", Posture.STALKER: "#f5ecc0", Posture.TURTLE: "#f3d3b0", Posture.HIBERNATE: "#e9bcbc"}
WITHOUT_BOOK = SurvivalParams(wired=frozenset({"heartbeat", "jitter", "latency", "taker"}))


@dataclass(frozen=True)
class Line:
    """One curve: a value a second in ppm, from `START` on."""

    label: str
    colour: str
    values_ppm: Sequence[int]
    dash: str = ""


def main() -> None:
    """Writes the picture."""
    PICTURE.write_text(draw())


def draw() -> str:
    """The picture as a complete SVG document."""
    day = [decision for _, decision in play(SurvivalParams())]
    without = [decision.grant.cap_ppm for _, decision in play(WITHOUT_BOOK)]
    bare = [cap_ppm for _, cap_ppm in bare_decay(SurvivalParams())]
    panels = [
        panel(
            "R: what is granted rises at most 1 % a minute, and posture changes at the dotted gates",
            0,
            ONE,
            ("0", "1"),
            [
                Line("product of the factors", "#9a9a9a", [decision.demand.r_raw_ppm for decision in day]),
                Line("R", "#111", [decision.grant.r_ppm for decision in day]),
            ],
            [gate for rung in LADDER[1:] for gate in (rung.enter_below_ppm, rung.leave_above_ppm)],
        ),
        panel("factors (f2 and f5 are not sensed here: 1)", 1, ONE, ("0", "1"), factor_lines(day), []),
        panel(
            "leverage cap",
            2,
            6 * ONE,
            ("0", "6x"),
            [
                Line("bare 60-minute decay", "#c0392b", bare, "5 3"),
                Line("without depth and spread", "#2471a3", without, "2 3"),
                Line("DOLPHIN", "#111", [decision.grant.cap_ppm for decision in day]),
            ],
            [2 * ONE],
        ),
    ]
    height = TOP + 3 * (PANEL + GAP) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        "<title>10 October 2025: R, factors, posture and leverage cap</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        *legend(),
        *postures(day, height),
        *events(height),
        *itertools.chain.from_iterable(panels),
        "</svg>",
        "",
    ]
    return "\n".join(parts)


def factor_lines(day: Sequence[SurvivalDecision]) -> list[Line]:
    """f1, f3 and f4."""
    shown = ((0, "f1 invariants", "#7d3c98"), (2, "f3 microstructure", "#2471a3"), (3, "f4 environment", "#ca6f1e"))
    return [Line(label, colour, [decision.demand.factors_ppm[at] for decision in day]) for at, label, colour in shown]


def x_of(second: int) -> float:
    return LEFT + (second - START) / (END - START) * (WIDTH - LEFT - RIGHT)


def legend() -> Iterator[str]:
    """What the colours behind the panels mean."""
    title = "10 October 2025, generated to its published timeline. Behind the curves: posture"
    yield f'<text x="{LEFT}" y="20" font-weight="bold">{title}</text>'
    x = LEFT
    for posture, colour in COLOURS.items():
        yield f'<rect x="{x}" y="30" width="14" height="12" fill="{colour}"/><text x="{x + 18}" y="41">{posture.name}</text>'
        x += 100


def postures(day: Sequence[SurvivalDecision], height: int) -> Iterator[str]:
    """One band a stretch of one posture, behind everything."""
    second = START
    for posture, stretch in itertools.groupby(decision.grant.posture for decision in day):
        length = len(list(stretch))
        x, width = x_of(second), x_of(second + length) - x_of(second)
        yield f'<rect x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{height - TOP - GAP + 18}" fill="{COLOURS[posture]}"/>'
        second += length


def events(height: int) -> Iterator[str]:
    """The news, the cascade and the hours."""
    bottom = height - GAP + 18
    for second, name, side in ((NEWS, "news 14:57", 1), (CASCADE, "cascade 20:50", -1), (CALM_AGAIN, "21:30", 1)):
        x, anchor = x_of(second), "start" if side > 0 else "end"
        yield f'<path d="M{x:.1f} {TOP - 8} V{bottom}" stroke="#922b21" stroke-width="1.2"/>'
        yield f'<text x="{x + 3 * side:.1f}" y="{TOP - 10}" text-anchor="{anchor}" fill="#922b21">{name}</text>'
    for hour in range(START // 3_600, END // 3_600 + 1):
        anchor = "end" if hour * 3_600 == END else "middle"
        yield f'<text x="{x_of(hour * 3_600):.1f}" y="{bottom + 14}" text-anchor="{anchor}">{hour}:00</text>'


def panel(
    title: str, place: int, full_ppm: int, ends: tuple[str, str], lines: Sequence[Line], thresholds_ppm: Sequence[int]
) -> Iterator[str]:
    """A frame, its gates, its curves and their names."""
    top = TOP + 22 + place * (PANEL + GAP)
    yield f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{PANEL}" fill="none" stroke="#777"/>'
    yield f'<text x="{LEFT}" y="{top - 7}" font-weight="bold">{title}</text>'
    for label, y in zip(ends, (top + PANEL, top + 10), strict=True):
        yield f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{label}</text>'
    for threshold_ppm in thresholds_ppm:
        y = top + PANEL - threshold_ppm / full_ppm * PANEL
        yield f'<path d="M{LEFT} {y:.1f} H{WIDTH - RIGHT}" stroke="#777" stroke-width="0.6" stroke-dasharray="1 4"/>'
    x = WIDTH - RIGHT
    for line in reversed(lines):
        yield f'<text x="{x}" y="{top - 7}" text-anchor="end" fill="{line.colour}">{line.label}</text>'
        x -= 7 * len(line.label) + 18
    for line in lines:
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        path = " ".join(points(line.values_ppm, full_ppm, top))
        yield f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="1.5"{dash}/>'


def points(values_ppm: Sequence[int], full_ppm: int, top: int) -> Iterator[str]:
    """The curve, the lowest value of every `SAMPLE_S` seconds; of a level stretch only its ends."""
    sampled = [min(values_ppm[at : at + SAMPLE_S]) for at in range(0, len(values_ppm), SAMPLE_S)]
    heights = [f"{top + PANEL - value / full_ppm * PANEL:.1f}" for value in sampled]
    for at, y in enumerate(heights):
        if heights[max(0, at - 1)] != y or heights[min(len(heights) - 1, at + 1)] != y or at in (0, len(heights) - 1):
            yield f"{x_of(START + at * SAMPLE_S):.1f},{y}"


if __name__ == "__main__":
    main()
