"""What `import rnnlib` costs beyond NumPy."""

import statistics
import subprocess
import sys

CODE = """
import numpy, time
start = time.perf_counter()
import rnnlib
print(time.perf_counter() - start)
"""


def rows():
    """Yield the median of nine fresh processes."""
    runs = [
        float(subprocess.run([sys.executable, "-c", CODE], capture_output=True).stdout)
        for _ in range(9)
    ]
    yield f"`import rnnlib` takes {statistics.median(runs) * 1e3:.0f} ms beyond NumPy."
