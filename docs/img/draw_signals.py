"""Draws docs/img/signals.svg: a generated market tightens and breaks, as the scanner sees it.

Forty assets, a scan every 5 s for two hours. The common factor's share of each variance is 0.3, rises to 0.9 within a minute at 80 min,
and falls to nothing at 100 min. Run from the root of the repository: python docs/img/draw_signals.py
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from dolphin.core.signals.scanner import Scanner, Structure  # noqa: E402

INTERVAL_NS = 5_000_000_000
MINUTES = 120
ASSETS = 40
WIDTH, PANEL, GAP, LEFT = 860, 150, 44, 56


@dataclass(frozen=True)
class Line:
    label: str
    colour: str
    values: Sequence[float]


def structures() -> list[Structure]:
    rng = np.random.default_rng(20210519)
    scans = MINUTES * 12
    share = np.interp(np.arange(scans) / 12, [0, 80, 81, 100, 100.1, MINUTES], [0.3, 0.3, 0.9, 0.9, 0.05, 0.05])[:, None]
    returns = np.sqrt(share) * rng.normal(size=(scans, 1)) + np.sqrt(1 - share) * rng.normal(size=(scans, ASSETS))
    mids = 100 * np.exp(np.cumsum(returns * 5e-4, axis=0))
    scanner = Scanner(INTERVAL_NS)
    for i in range(ASSETS):
        scanner.add_asset(f"A{i:02d}")
    is_fresh = np.ones(ASSETS, bool)
    return [scanner.scan(i * INTERVAL_NS, row, is_fresh).structure for i, row in enumerate(mids)]


def panel(top: int, title: str, lines: Sequence[Line], shaded: Sequence[bool] | None = None) -> list[str]:
    known = np.concatenate([np.array(line.values)[np.isfinite(line.values)] for line in lines])
    low, high = float(min(known.min(), 0)), float(known.max())
    count = len(lines[0].values)

    def x(i: int) -> float:
        return LEFT + i / count * (WIDTH - LEFT - 10)

    def y(value: float) -> float:
        return top + PANEL - (value - low) / (high - low) * PANEL

    out = [f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - 10}" height="{PANEL}" fill="none" stroke="#bbb"/>']
    out.append(f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{title}</text>')
    out += [f'<text x="{LEFT - 6}" y="{y(value) + 4:.0f}" text-anchor="end">{value:.1f}</text>' for value in (low, high)]
    for i, is_shaded in enumerate(shaded or ()):
        if is_shaded:
            out.append(f'<rect x="{x(i):.1f}" y="{top}" width="{x(1) - x(0):.2f}" height="{PANEL}" fill="#d62728" opacity="0.25"/>')
    for k, line in enumerate(lines):
        points = " ".join(f"{x(i):.1f},{y(v):.1f}" for i, v in enumerate(line.values) if np.isfinite(v))
        out.append(f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="1.2"/>')
        out.append(f'<text x="{WIDTH - 14}" y="{top - 8}" dx="{-150 * k}" text-anchor="end" fill="{line.colour}">{line.label}</text>')
    return out


def main() -> None:
    scans = structures()
    height = 3 * (PANEL + GAP) + 30
    mode = [
        Line("50 scans", "#d62728", [s.lambda1_rel_50 for s in scans]),
        Line("750 scans", "#1f77b4", [s.lambda1_rel_750 for s in scans]),
    ]
    entropy = [Line("50 scans", "#d62728", [s.entropy_rel for s in scans])]
    divergence = [Line("vel_div z", "#333", [s.vel_div_z for s in scans])]
    body = [
        *panel(GAP, "market mode λ1 over its value for independent assets", mode),
        *panel(GAP + PANEL + GAP, "spectral entropy over its value for independent assets", entropy),
        *panel(
            GAP + 2 * (PANEL + GAP), "velocity divergence, robust z; shaded: a plunge is in force", divergence, [s.is_plunge for s in scans]
        ),
        *(
            f'<text x="{LEFT + m / MINUTES * (WIDTH - LEFT - 10):.0f}" y="{height - 8}" text-anchor="middle">{m} min</text>'
            for m in range(0, MINUTES + 1, 20)
        ),
    ]
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        *body,
        "</svg>",
    ]
    (ROOT / "docs" / "img" / "signals.svg").write_text("\n".join(svg) + "\n")


if __name__ == "__main__":
    main()
