"""The command line: `rnngrade COMMAND --help` says more. Run it in the root of the course.

Each command imports what it needs when it runs: `--help` should not wait for torch.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnngrade.errors import CourseError
from rnngrade.messages import ENGLISH, language, languages, message, use_language


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 after one sentence on stderr."""
    arguments = _parser().parse_args(argv)
    root = Path.cwd()
    use_language(arguments.language or _language_of(root))
    try:
        return arguments.run(root, arguments) or 0
    except CourseError as error:
        print(f"rnngrade: {error}", file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="rnngrade", description="Grade the exercises of the course."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run, name, text):
        added = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}."
        )
        added.set_defaults(run=run)
        added.add_argument(
            "--language",
            choices=languages(),
            help="in which you are told; by default the course's",
        )
        return added.add_argument

    add = command(_release, "release", "derive exercises/ from solutions/")
    add("units", nargs="*", metavar="UNIT", help="all if none is named")
    add("--check", action="store_true", help="write nothing; fail if exercises/ is out of date")

    add = command(_new, "new", "make a unit from a template, for you to change")
    add("unit", metavar="UNIT")

    add = command(_test, "test", "grade the bank of a unit: right and wrong solutions")
    add("units", nargs="*", metavar="UNIT", help="all if none is named")
    add("--workers", type=_count, metavar="N", help="processes; by default one per core")

    add = command(_translate, "translate", "bring the translation of a unit up to date")
    add("unit", metavar="UNIT")

    add = command(_grade, "grade", "grade what was handed in and has no up-to-date grade")
    add("unit", metavar="UNIT")
    add("--student", action="append", default=[], metavar="NAME", help="may be repeated")
    add("--workers", type=_count, metavar="N", help="processes; by default one per core")
    add("--scheduler", metavar="ADDRESS", help="of a dask scheduler, to use its workers")
    add("--all", action="store_true", help="grade also what is up to date")
    add(
        "--no-sandbox",
        action="store_true",
        help="run students' code in the open: only if you trust every submission",
    )

    add = command(_replay, "replay", "run a grade again from its record, and compare")
    add("unit", metavar="UNIT")
    add("student", metavar="STUDENT")

    add = command(_export, "export", "write the grades to a file")
    for form in ("csv", "canvas", "moodle"):
        add(f"--{form}", dest="form", action="store_const", const=form, default="csv")
    add("--unit", action="append", default=[], dest="units", metavar="UNIT")
    add("--output", type=Path, metavar="FILE")

    add = command(_similar, "similar", "list the pairs of submissions that look alike")
    add("unit", metavar="UNIT")
    add("--threshold", type=float, default=60, metavar="PERCENT", help="60 by default")
    add("--common", type=float, default=30, metavar="PERCENT", help="30 by default")
    add("--output", type=Path, metavar="FILE", help="ends in .html or .csv")

    command(_doctor, "doctor", "say what this machine offers for grading")
    return parser


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number of at least 1 is needed, not {text!r}")
    return int(text)


def _language_of(root):
    from rnngrade.course.language import language_of_course

    return language_of_course(root)


def _release(root, arguments):
    from rnngrade.course.course import load
    from rnngrade.course.save_cells import check_sources
    from rnngrade.exercise import release

    if arguments.check:
        release.check(root, arguments.units)
        return
    course = load(root, arguments.language)
    check_sources(course, arguments.units or course.units())
    for path in release.release(root, arguments.units, language()):
        print(path.relative_to(root))


def _new(root, arguments):
    from rnngrade.exercise.new import new_unit
    from rnngrade.exercise.release import release

    source = new_unit(root, arguments.unit)
    (made,) = release(root, [arguments.unit], language())
    print(
        message(
            "exercise.made",
            unit=arguments.unit,
            source=_below(root, source),
            released=_below(root, made),
        )
    )


def _below(root, path):
    return f"{path.relative_to(root)}"


def _test(root, arguments):
    from rnngrade.exercise.release import known_units
    from rnngrade.run.bank import table, try_bank
    from rnngrade.run.workers import on_dask

    failed = 0
    for unit in known_units(root, arguments.units):
        verdicts = try_bank(root, unit, language(), on_dask(arguments.workers))
        failed += sum(not verdict.is_as_said for verdict in verdicts)
        print("\n".join(table(unit, verdicts)))
    return 1 if failed else 0


def _translate(root, arguments):
    from rnngrade.exercise.translation import update_unit

    if language() == ENGLISH:
        raise CourseError("exercise.no-language", known=", ".join(languages()[1:]))
    print(update_unit(root, arguments.unit, language()).relative_to(root))


def _grade(root, arguments):
    import gc
    from functools import partial

    from rnngrade.course.course import load
    from rnngrade.execution.execute import execute
    from rnngrade.isolation import sandbox
    from rnngrade.run import runner, workers

    gc.freeze()  # what was imported is no garbage: spare every collection, and exit, the look
    closed = not arguments.no_sandbox
    if closed and not arguments.scheduler:
        sandbox.require(sandbox.layers())
    summary = runner.grade(
        load(root, arguments.language),
        arguments.unit,
        arguments.student,
        execute=execute,
        pool=workers.on_dask(arguments.workers, arguments.scheduler),
        jobs=partial(runner.jobs_of, sandbox=closed),
        again=arguments.all,
    )
    print("\n".join(summary.lines()))
    return 1 if summary.lacking else 0


def _replay(root, arguments):
    from rnngrade.course.course import load
    from rnngrade.execution.execute import execute
    from rnngrade.run.replay import replay

    course = load(root, arguments.language)
    made = replay(course, arguments.unit, arguments.student, execute)
    for note in made.notes:
        print(note)
    for part, (was, now) in made.differs.items():
        print(message("run.other-points", part=part, was=_points(was), now=_points(now)))
    same = made.parts - len(made.differs)
    print(message("run.same-points", same=same, n=made.parts))
    return 1 if made.differs else 0


def _points(number):
    return "–" if number is None else f"{number:g}"


def _export(root, arguments):
    from rnngrade.course.course import load
    from rnngrade.reports.export import export

    course = load(root, arguments.language)
    print(export(course, arguments.form, arguments.units, arguments.output))


def _similar(root, arguments):
    from rnngrade.course.course import load
    from rnngrade.reports.similar import similar

    options = (arguments.threshold, arguments.common, arguments.output)
    print(similar(load(root, arguments.language), arguments.unit, *options))


def _doctor(root, arguments):
    from rnngrade.isolation import doctor

    doctor.run()


if __name__ == "__main__":
    sys.exit(main())
