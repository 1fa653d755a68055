"""A second process with the ledger in its hands: appends fees until it is stopped, saying which entry is on disk after each."""

import sys
from pathlib import Path

from dolphin.core.ledger.events import Fee
from dolphin.errors import DolphinError
from dolphin.storage.ledger import SqliteLedger


def main(path: Path, owner: str, *, wait: bool) -> None:
    ledger = SqliteLedger.open(path, account="paper", owner=owner)
    ledger.ensure_opening(10_000_000_000, 1)
    at = 0
    while True:
        if wait:
            print(f"ready {ledger.epoch}", flush=True)
            sys.stdin.readline()
        at += 1
        try:
            with ledger.batch():
                ledger.record(Fee(1, owner), at)
                ledger.record(Fee(-1, owner), at)
        except DolphinError as error:
            print(f"refused {type(error).__name__}", flush=True)
            return
        print(f"stored {at}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], wait=sys.argv[3] == "wait")
