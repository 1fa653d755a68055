"""`python -m dolphin`: what `./dolphin` hands over to."""

import sys

from dolphin.cli import main

sys.exit(main(sys.argv[1:]))
