"""What every test of the grader needs."""

import os
import sys
from pathlib import Path

# nbgrader makes its database with the alembic that it finds on the path.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
