"""`import rnnlib` needs NumPy alone."""

import subprocess
import sys

BLOCKED = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "matplotlib", "nbgrader", "rnngrade"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
import numpy as np
import rnnlib

x, h, c = np.ones(2), np.zeros(3), np.zeros(3)
h, c = rnnlib.lstm_step(x, (h, c), np.ones((12, 2)), np.ones((12, 3)))
print(h.shape, "torch" in sys.modules)
"""


def test_rnnlib_works_where_torch_cannot_be_imported():
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("(3,) False\n", "")
