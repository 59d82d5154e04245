"""The command line: `rnngrade release [--check] [UNIT …]`, run in the root of the course."""

import argparse
import sys
from pathlib import Path

from rnngrade.source import CourseError


def main(argv=None):
    """Run one command and return its exit status: 0, or 1 after one sentence on stderr."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(Path.cwd(), arguments)
    except CourseError as error:
        print(f"rnngrade: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="rnngrade", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    release = commands.add_parser("release", help="derive exercises/ from solutions/")
    release.add_argument("units", nargs="*", metavar="UNIT", help="all if none is named")
    release.add_argument(
        "--check", action="store_true", help="write nothing; fail if exercises/ is out of date"
    )
    release.set_defaults(run=_release)
    return parser


def _release(root, arguments):
    from rnngrade import release  # nbgrader takes a second to import: not for --help

    if arguments.check:
        release.check(root, arguments.units)
    else:
        for path in release.release(root, arguments.units):
            print(path.relative_to(root))


if __name__ == "__main__":
    sys.exit(main())
