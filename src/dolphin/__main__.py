"""`python -m dolphin`: what `./dolphin` hands over to. Ctrl-C while it still reads its modules is no fault, and nothing runs yet."""

import sys


def _run() -> int:
    try:
        from dolphin.cli import main

        return main(sys.argv[1:])
    except KeyboardInterrupt:
        print("dolphin: interrupted; nothing had been started.", file=sys.stderr)
        return 130


sys.exit(_run())
