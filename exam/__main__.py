"""`python -m exam paper --seed 7` writes a mock exam; with --solutions its marking scheme."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from exam import markdown
from exam.paper import draw


def main(argv=None):
    """Run the command and return its exit status: 0, or 1 after one sentence on stderr."""
    arguments = _parser().parse_args(argv)
    drawn = draw(arguments.seed)
    text = markdown.solutions(drawn) if arguments.solutions else markdown.paper(drawn)
    if arguments.out is None:
        sys.stdout.write(text)
        return 0
    try:
        write(arguments.out, text)
    except OSError as error:
        print(f"exam: {arguments.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


def write(path, text):
    """Write aside, then rename: whoever reads the file never sees half of it."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder", str(path))
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(aside, 0o666 & ~mask)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise


class _Parser(argparse.ArgumentParser):
    """Bad input gets one sentence, without the usage before it."""

    def error(self, message):
        self.exit(2, f"exam: {message}; see python -m exam --help.\n")


def _parser():
    parser = _Parser(prog="python -m exam", description="Mock exams of the course.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    paper = commands.add_parser("paper", help="write a mock exam in Markdown")
    add = paper.add_argument
    add("--seed", type=_seed, required=True, metavar="N", help="the same seed, the same paper")
    add("--solutions", action="store_true", help="the marking scheme instead, for the marker")
    add("--out", type=Path, metavar="FILE", help="standard output if not given")
    return parser


def _seed(text):
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(
            f"a whole number of at least 0 is needed, not {text!r}"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
