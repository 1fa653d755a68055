"""What every test may rely on: processes that it starts find the project as the test does, and no example has to be quick."""

import os
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]

os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
