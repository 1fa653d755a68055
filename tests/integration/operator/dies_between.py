"""`dolphin ...` that stops for ever after the governor took the word and before the account's cap follows; says so on standard output."""

import asyncio
import sys

from dolphin.cli import main
from dolphin.cluster import signals


async def _stop(*_: object) -> None:
    print("between", flush=True)
    await asyncio.Event().wait()


signals.to_leverage = _stop  # type: ignore[assignment]
sys.exit(main(sys.argv[1:]))
