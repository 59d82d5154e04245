"""Execute the chapters that have changed, one on each core; Jupyter Book finds the outputs.

Jupyter Book itself executes one chapter after the other. This fills the same cache, with the
tools of jupyter-cache, and shows how far it is. A cell that fails ends the build.
"""

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors.basic import ExecutionWorkerLocalSerial, ProcessData
from jupyter_cache.executors.utils import single_nb_execution
from tqdm import tqdm

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from exam.contents import pages  # noqa: E402

READER = {"name": "myst_nb_md", "type": "plugin"}  # the one that Jupyter Book reads with


class Execution(ExecutionWorkerLocalSerial):
    """jupyter-cache's own, but with what a cell prints as one text."""

    @staticmethod
    def execute(project_nb, data):
        """Run a chapter in its folder.

        A slow cell prints in pieces, and a piece may end within a line: MyST-NB's own
        `merge_streams` then puts an empty line between the two.
        """
        return single_nb_execution(
            project_nb.nb,
            cwd=str(Path(project_nb.uri).parent),
            timeout=data.timeout,
            allow_errors=data.allow_errors,
            coalesce_streams=True,
        )


def main():
    """Return the exit status: 1 if a chapter failed, after its traceback."""
    seconds = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["execute"]["timeout"]
    cache = get_cache(ROOT / "_build" / ".jupyter_cache")
    for path in chapters():
        cache.add_nb_to_project(str(path), read_data=READER)
    stale = cache.list_unexecuted(filter_uris=[str(path) for path in chapters()])
    run = Execution(logging.getLogger("chapters"))
    jobs = [ProcessData(record.pk, record.uri, cache, seconds, False) for record in stale]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each thread waits for a kernel
        progress = tqdm(pool.map(run, jobs), "chapters", len(jobs), disable=not jobs)
        failed = [uri for status, uri in progress if status]
    for uri in failed:
        print(f"{uri} failed.\n{cache.get_project_record(uri).traceback}", file=sys.stderr)
    return bool(failed)


def chapters():
    """The files of the table of contents that hold cells."""
    paths = [ROOT / f"{page}.md" for page in pages()]
    return [path for path in paths if "{code-cell}" in path.read_text("utf-8")]


if __name__ == "__main__":
    sys.exit(main())
