"""A newcomer's first stage, written with docs/stage.md and docs/pipelines.md open and nothing else: run on a file, then in a job.

The two files below are all that the newcomer writes, in a folder outside the repository. What the job puts into the map is what the
function gave on the file.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from hazelcast.asyncio import HazelcastClient
from waiting import until

from dolphin.cluster.client import open_client
from dolphin.cluster.wire import Batch
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.packing import unpack
from dolphin.core.contract.schemas import MARKET
from dolphin.host.member import MemberProcess

pytestmark = pytest.mark.integration

REPOSITORY: Final = Path(__file__).resolve().parents[2]
CLUSTER: Final = "newcomer"

STAGE: Final = """
import json

import pyarrow as pa
import pyarrow.compute as pc


class Vwap:
    OUTPUT = pa.schema([("asset", pa.utf8()), ("vwap", pa.float64())])

    def __init__(self):
        self.sums = {}  # asset: [quote volume, base volume]

    def process(self, batch):
        trades = batch.filter(pc.equal(batch.column("kind"), 2)).select(["asset", "price", "qty"]).to_pylist()
        for trade in trades:
            sums = self.sums.setdefault(trade["asset"], [0.0, 0.0])
            sums[0] += trade["price"] * trade["qty"]
            sums[1] += trade["qty"]
        assets = sorted({trade["asset"] for trade in trades})
        return pa.record_batch([assets, [self.sums[a][0] / self.sums[a][1] for a in assets]], schema=self.OUTPUT)

    def snapshot(self):
        return json.dumps(self.sums).encode()

    def restore(self, state):
        self.sums = json.loads(state)
"""

PIPELINE: Final = """
from dolphin.pipeline import BATCH_KEY, Pipeline

pipeline = Pipeline("vwap")
pipeline.read_journal("MARKET_EVENTS").python("vwap", "my_vwap:Vwap", keyed_by=BATCH_KEY).to_map("DOLPHIN_FEATURES", key="vwap/{asset}")
"""

TRADES: Final = [("BTCUSDT", 100.0, 1.0), ("ETHUSDT", 10.0, 2.0), ("BTCUSDT", 200.0, 3.0), ("BTCUSDT", 400.0, 4.0)]


def market(trades: list[tuple[str, float, float]], time_ns: int) -> pa.RecordBatch:
    columns: dict[str, list[Any]] = {name: [None] * len(trades) for name in MARKET.names}
    columns |= {
        "asset": [asset for asset, _, _ in trades],
        "price": [price for _, price, _ in trades],
        "qty": [qty for _, _, qty in trades],
    }
    columns |= {"kind": [int(Kind.TRADE)] * len(trades), "market_time_ns": [time_ns] * len(trades)}
    return pa.record_batch(columns, schema=MARKET)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_vwap.py").write_text(STAGE)
    (tmp_path / "vwap.py").write_text(PIPELINE)
    return tmp_path


def dolphin(folder: Path, *arguments: object) -> dict[str, Any]:
    """What `PYTHONPATH=folder dolphin ... --json` prints."""
    paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src"), str(folder)])
    command = [sys.executable, "-m", "dolphin", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def run_on_file(folder: Path) -> dict[str, float]:
    """The last price that the function gives for each asset, from a Parquet file and without a cluster."""
    pq.write_table(pa.Table.from_batches([market(TRADES, 1)]), folder / "trades.parquet")
    done = dolphin(folder, "stage", "run", "my_vwap:Vwap", folder / "trades.parquet", "--out", folder / "vwap.parquet")
    assert done["rows_in"] == len(TRADES)
    return {row["asset"]: row["vwap"] for row in pq.read_table(folder / "vwap.parquet").to_pylist()}


def test_the_function_runs_on_a_file_without_a_cluster(folder: Path) -> None:
    assert run_on_file(folder) == {"BTCUSDT": 287.5, "ETHUSDT": 10.0}


def test_the_example_of_the_page_runs_on_a_file(folder: Path) -> None:
    page = (REPOSITORY / "docs" / "stage.md").read_text()
    (folder / "widening.py").write_text(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0])
    spreads = pa.table({"asset": ["A", "B", "A", "B"], "spread_bps": [1.0, 1.0, 2.5, 4.0]})
    pq.write_table(spreads, folder / "features.parquet")
    command = ("stage", "run", "widening:Widening", folder / "features.parquet", "--out", folder / "warnings.parquet")
    assert dolphin(folder, *command, "--params", '{"factor": 3}')["rows_out"] == 1
    assert pq.read_table(folder / "warnings.parquet").to_pylist() == [{"asset": "B", "times": 4.0}]


@pytest.fixture
def own_member(jar: Path, folder: Path) -> Iterator[MemberProcess]:
    """A member whose stages find the newcomer's folder."""
    python_path = (REPOSITORY, REPOSITORY / "src", folder)
    with MemberProcess.start(jar=jar, log=folder / "member.log", cluster_name=CLUSTER, python_path=python_path) as started:
        yield started


@pytest_asyncio.fixture
async def client(own_member: MemberProcess) -> AsyncIterator[HazelcastClient]:
    opened = await open_client(own_member.address, CLUSTER)
    yield opened
    await opened.shutdown()


async def test_the_job_gives_what_the_function_gave_on_a_file(folder: Path, own_member: MemberProcess, client: HazelcastClient) -> None:
    where = ("--member", own_member.address, "--cluster-name", CLUSTER)
    # in threads: this loop has to answer for the client's heartbeat
    submitted = await asyncio.to_thread(dolphin, folder, "job", "submit", folder / "vwap.py", *where)
    assert submitted["status"] == "running"

    events = await client.get_map("MARKET_EVENTS")
    for number, trade in enumerate(TRADES, start=1):
        await events.set("0", Batch.of("0", number, market([trade], number)))
    progress = await client.get_map("DOLPHIN_PROGRESS")

    async def is_done() -> bool:
        return await progress.get("vwap") == len(TRADES)

    await until(is_done, "the job has written what came of every trade")
    features = await client.get_map("DOLPHIN_FEATURES")
    written = {row["asset"]: row["vwap"] for row in map(unpack, await features.values())}
    assert written == await asyncio.to_thread(run_on_file, folder)
    cancelled = await asyncio.to_thread(dolphin, folder, "job", "cancel", "vwap", *where)
    assert cancelled["status"] == "cancelled"
