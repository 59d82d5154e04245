"""`python -m exam paper --seed 7` writes a mock exam; with --solutions its marking scheme."""

import argparse
import sys
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
    aside = path.with_name(f"{path.name}.part")
    try:
        aside.write_text(text, "utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


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
