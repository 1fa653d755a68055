"""Writes `synthetic.txt.gz`, a small recording of our own synthetic market in the format that `dolphin record` writes.

After a change of that market: `PYTHONPATH=src .venv/bin/python tests/recordings/record.py`
"""

import gzip
from pathlib import Path

from dolphin.feeds.synthetic import Synthetic, generate

FILE = Path(__file__).with_name("synthetic.txt.gz")
MARKET = Synthetic(assets=2, seed=7, minutes=0.2)


def lines() -> bytes:
    """The recording, not compressed."""
    return b"".join(b"%d %s\n" % (frame.receive_ns, frame.raw) for frame in generate(MARKET))


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(lines(), mtime=0))
