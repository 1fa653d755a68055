"""One market at several speeds, each in a system of its own: the same cuts, postures and hash of them, on a machine of any speed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("DOLPHIN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
BTC_2024 = SHARED / "binance_ws_2024-08-08" / "usdm_btcusdt_20240808.gz"
SPEEDS = tuple(os.environ.get("DOLPHIN_SPEEDS", "8,16,max").split(","))
"""The last in lockstep; `DOLPHIN_SPEEDS=1,8,16,max` takes as long as the market did."""
RUN_LIMIT_S = 300 if "1" not in SPEEDS else 3600

pytestmark = [pytest.mark.integration, pytest.mark.timeout(3 * RUN_LIMIT_S)]


def report_of(home: Path, speed: str, *options: str) -> dict[str, Any]:
    """The report of a demo in a new home: every gate starts anew; the account's equity reaches none of them (`docs/control-law.md`)."""
    command = [sys.executable, "-m", "dolphin", "demo", "--json", "--home", str(home), "--speed", speed, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def reports_at_each_speed(path: Path, *options: str) -> list[dict[str, Any]]:
    return [report_of(path / f"at-{speed}", speed, *options) for speed in SPEEDS]


def assert_the_same_was_decided(reports: list[dict[str, Any]]) -> None:
    *paced, lockstep = reports
    for report in paced:
        assert report["events_in"] == lockstep["events_in"]
        assert report["cuts"] == lockstep["cuts"]
        assert report["postures"] == lockstep["postures"]
        assert report["decided_sha256"] == lockstep["decided_sha256"]
        assert report["rankings"] == lockstep["rankings"]
        assert report["last_ranking"] == lockstep["last_ranking"]
        assert report["orders_late_ms"]["p50"] > 0
        assert report["leases"]["ended"] == report["leases"]["too_slow"], "this market has no silence that ends a lease"
    assert lockstep["leases"] == {"ended": 0, "too_slow": 0, "late_commands": 0}
    assert lockstep["orders_late_ms"] == {}


def test_a_generated_market_is_decided_on_alike_at_8x_at_16x_and_in_lockstep(tmp_path: Path) -> None:
    config = tmp_path / "market.toml"
    config.write_text("[synthetic]\nminutes = 3.0\nseed = 7\nassets = 4\n")
    reports = reports_at_each_speed(tmp_path, "--config", str(config))
    assert_the_same_was_decided(reports)
    assert {cut["asset"] for cut in reports[-1]["cuts"]} > {""}, "an asset was cut, and the account"
    assert "APEX" in {each["posture"] for each in reports[-1]["postures"]}


@pytest.mark.skipif(not BTC_2024.exists(), reason=f"no recordings in {SHARED}")
def test_a_recording_is_decided_on_alike_at_8x_at_16x_and_in_lockstep(tmp_path: Path) -> None:
    reports = reports_at_each_speed(tmp_path, "--recording", str(BTC_2024))
    assert_the_same_was_decided(reports)
    assert reports[-1]["cuts"]
