"""Grade the submissions of a unit: many at once, one writer, from where it stopped."""

import fcntl
import os
import shutil
import time
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial

from sqlalchemy.exc import InterfaceError, OperationalError

from rnngrade.course.repair import Unreadable, read
from rnngrade.course.seeds import course_secret
from rnngrade.course.unit import load_unit
from rnngrade.errors import CourseError
from rnngrade.execution.job import Job
from rnngrade.run.batch import Batch
from rnngrade.run.journal import Journal, now
from rnngrade.run.progress import Progress
from rnngrade.run.record import HOME, Records, digest, digest_of_files, environment, tests_of
from rnngrade.run.summary import Change, Summary
from rnngrade.run.workers import Failed, Refused, work

REFUSALS = 3  # one after the other, that end a run
GRADEBOOK_GONE = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class Submission:
    """One that is on its way."""

    student: str
    key: str  # what its grade depends on, as one hash
    hashes: dict[str, str]
    job: Job
    repairs: list[str]
    queued: str


def jobs_of(course, unit, sandbox=True):
    """How the jobs of a unit are made: (student, notebook, files) → `Job`."""
    known = load_unit(course.db_url, course.folder("source", unit=unit), unit, unit)
    return partial(known.job, course_secret(course.root), sandbox=sandbox)


def grade(course, unit, students=(), *, execute, pool, jobs=jobs_of, again=False):
    """Grade what was handed in for a unit and has no up-to-date grade.

    A grade is up to date as long as the submission, the tests and the environment are those
    that it came from, and the gradebook still has its points. Killed at any moment and called
    again, this ends with the gradebook of a run that was not killed.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit.
        students: whom to grade, in this order; nobody means everyone.
        execute: `Job` → `Outcome`; runs on the workers and sees nothing else.
        pool: `rnngrade.run.workers.in_turn`, or what `on_dask` makes.
        jobs: like `jobs_of`.
        again: grade also what is up to date.

    Returns:
        A `Summary`.

    Raises:
        CourseError: what keeps everyone from a grade, never one submission alone.
    """
    start = time.monotonic()
    try:
        with _only_one(course.root), _Run(course, unit, jobs, again) as run:
            students = run.whom(students)
            with (
                Progress(len(students), unit) as progress,
                closing(pool(work, run.tasks(students, execute, progress))) as results,
            ):
                for submission, result in results:
                    run.finish(submission, result)
                    progress.step()
    except GRADEBOOK_GONE as error:
        said = " ".join(str(error.orig).split())
        raise CourseError(
            f"the gradebook does not answer ({said}); run the same command again to go on."
        ) from error
    except OSError as error:  # the disk is full
        raise CourseError(f"stopped: {error}; run the same command again to go on.") from error
    except KeyboardInterrupt:
        raise CourseError("stopped: run the same command again to go on.") from None
    run.summary.seconds = time.monotonic() - start
    return run.summary


class _Run:
    """One run: prepares submissions, and writes what comes of them."""

    def __init__(self, course, unit, jobs, again):
        home = course.root / HOME
        self._course, self._unit, self._again = course, unit, again
        self._work = home / "work" / unit
        # First, because a unit that it knows is no path to somewhere else.
        self._batch = Batch(course, unit, self._work, home / "log" / f"{unit}.log")
        shutil.rmtree(self._work, ignore_errors=True)
        for folder in (self._work, home / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        self._make_job = jobs(course, unit)
        self._records = Records(course.root, unit)
        self._marks = self._batch.marks()
        self._unit_files = digest_of_files(self._batch.unit_files())
        self._journal = Journal(home / "journal" / f"{unit}.jsonl")
        self._refusals = 0
        self.summary = Summary()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._journal.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def whom(self, students):
        """The students asked for, or all, once it is clear that each has handed in."""
        there = self._batch.students()
        for student in students:
            if student not in there:
                raise CourseError(f"{student!r} has handed in no {self._unit}.")
        return list(students) or there

    def tasks(self, students, execute, progress):
        """A task for each submission that must be executed; the others are done with here."""
        for student in students:
            if not _is_name(student):
                self.summary.lacks(ascii(student), "This cannot be the name of a student.")
                progress.skip()
                continue
            try:
                submission = self._prepare(student)
            except Unreadable as error:
                self._ask_a_human(student, "unreadable", str(error))
            except (CourseError, *GRADEBOOK_GONE):
                raise
            except Exception as error:
                self._ask_a_human(student, "failed", f"{type(error).__name__}: {error}")
            else:
                if submission:
                    yield submission, (execute, submission.job, environment())
                    continue
                self.summary.up_to_date += 1
            progress.skip()

    def finish(self, submission, result):
        """Write what came of a submission."""
        try:
            self._save(submission, *result())
            self._refusals = 0
        except Refused as error:
            self._refusals += 1
            # One may be chance. A machine that refuses all takes what others would execute.
            if self._refusals == REFUSALS or not self.summary.graded:
                raise CourseError(str(error)) from error
            self._ask_a_human(submission.student, "failed", str(error))
        except Failed as error:
            self._ask_a_human(submission.student, "failed", str(error))
        except (CourseError, *GRADEBOOK_GONE):
            raise
        except Exception as error:
            reason = f"nbgrader cannot save it: {type(error).__name__}: {error}"
            self._ask_a_human(submission.student, "failed", reason)

    def _prepare(self, student):
        """The submission, ready to be executed, or None if its grade is up to date."""
        handed_in = self._batch.handed_in(student)
        for name, path in handed_in.items():
            if not _is_file(path):
                raise Unreadable(f"{name} is a link or a device and no file.")
        try:
            self._batch.handed_in_at(student)
        except ValueError as error:
            raise Unreadable(str(error)) from None
        blank = self._make_job(student, "", {})
        hashes = {
            "submission": digest_of_files(handed_in),
            "tests": digest({**tests_of(blank), "files": self._unit_files}),
            "environment": digest(environment()),
        }
        key = digest({**hashes, "seed": blank.seed, "sandboxed": blank.sandbox})
        if not self._again and self._up_to_date(student, key):
            return None
        paths = self._batch.files(student)
        own = [path for path in paths.values() if path in handed_in.values()]
        size = sum(path.stat().st_size for path in own)
        if size > blank.limits.disk_mb << 20:
            raise Unreadable(
                f"Its files take {size >> 20} MB, more than {blank.limits.disk_mb}."
            )
        notebook, repairs = read(self._batch.submitted(student))
        text, repairs = self._batch.sanitise(student, notebook, repairs)
        files = {name: path.read_bytes() for name, path in paths.items()}
        job = self._make_job(student, text, files)
        return Submission(student, key, hashes, job, repairs, now())

    def _up_to_date(self, student, key):
        last = self._journal.last(student)
        points = {part: mark.auto for part, mark in self._marks.get(student, {}).items()}
        place = self._course.folder("autograded", student, self._unit)
        return (
            last.get("state") == "saved"
            and last["key"] == key
            and last["points"] == points
            and (place / f"{self._unit}.ipynb").exists()
        )

    def _save(self, submission, outcome, started, finished):
        student, last = submission.student, self._journal.last(submission.student)
        # Half saved: what stood there before that is the last word of the journal.
        before = last["before"] if last.get("state") == "saving" else self._scores(student)
        self._journal.write(student, "saving", key=submission.key, before=before)
        old = self._marks.get(student, {})
        self._batch.save(student, outcome.notebook)
        marks = self._marks[student] = self._batch.marks(student)[student]
        reasons = [*_ended(outcome), *_overruled(old, marks)]
        times = {
            "queued": submission.queued,
            "started": started,
            "finished": finished,
            "saved": now(),
        }
        record = self._record(submission, outcome.record, times, marks, reasons)
        self._records.write(student, record)
        points = {part: mark.auto for part, mark in marks.items()}
        self._journal.write(student, "saved", key=submission.key, points=points)
        self.summary.graded += 1
        if reasons:
            self.summary.human[student] = " ".join(reasons)
        if before:
            self._compare(student, before)

    def _record(self, submission, told, times, marks, reasons):
        """What is known of a grade, by us and, as `told`, by the worker."""
        job = submission.job
        known = {
            "status": "needs a human" if reasons else "graded",
            "reason": " ".join(reasons) or None,
            "scores": {part: asdict(mark) for part, mark in marks.items()},
            "exit_reason": told.get("ended") or "finished",
            "times": {**times, "seconds": told.get("seconds")},
            "repairs": submission.repairs,
            "hashes": submission.hashes,
            "environment": environment(),
            "seed": job.seed,
            "limits": asdict(job.limits),
            "policy": asdict(job.policy),
            "sandboxed": job.sandbox,
            "job": self._records.keep(job),
        }
        said = known.keys() | {"ended", "seconds"}
        return known | {name: value for name, value in told.items() if name not in said}

    def _scores(self, student):
        """What counts now, part by part; a part that never had a grade is left out."""
        marks = self._marks.get(student, {}).items()
        return {p: m.score for p, m in marks if (m.auto, m.manual) != (None, None)}

    def _compare(self, student, before):
        change = Change(before, self._scores(student))
        if change.parts:
            self.summary.changed[student] = change

    def _ask_a_human(self, student, status, reason):
        """There is no outcome: say so, and leave the grade that is there."""
        told = {"reason": reason, "submission": self._fingerprint(student)}
        if self._scores(student):
            reason += " Its earlier grade stays."
        last = self._journal.last(student)
        if last.get("state") == status and told.items() <= last.items():
            self.summary.lacks(student, reason)
            return  # who looked into it since must not be asked again
        try:
            self._batch.ask_a_human(student)
        except GRADEBOOK_GONE:
            raise
        except Exception as error:
            reason += f" The gradebook does not take it: {error}"
        self.summary.lacks(student, reason)
        old = self._records.read(student) or {}
        self._records.write(
            student,
            {
                "status": status,
                "reason": reason,
                "hashes": {"submission": told["submission"]},
                "environment": environment(),
                "times": {"saved": now()},
                "earlier": old if "scores" in old else old.get("earlier"),
            },
        )
        self._journal.write(student, status, **told)

    def _fingerprint(self, student):
        """The hash of what was handed in, or None if it cannot be read."""
        files = self._batch.handed_in(student).items()
        try:
            return digest_of_files({name: path for name, path in files if _is_file(path)})
        except OSError:
            return None


def _is_name(student):
    """Is this fit for a table, a gradebook and the name of a file?"""
    return student.isprintable() and len(os.fsencode(student)) <= 128


def _is_file(path):
    return path.is_file() and not path.is_symlink()


def _ended(outcome):
    """Why the student's process ended before its time, if it did."""
    if outcome.record.get("ended"):
        yield f"Its process has ended: {outcome.record['ended']}."


def _overruled(old, new):
    """Parts with a manual mark, which counts, that the tests now see differently."""
    for part, mark in new.items():
        if mark.manual is not None and part in old and old[part].auto != mark.auto:
            yield (
                f"{part}: the manual mark {mark.manual:g} stays, "
                f"the tests gave {_g(old[part].auto)} and now give {_g(mark.auto)}."
            )


def _g(number):
    return "nothing" if number is None else f"{number:g}"


@contextmanager
def _only_one(root):
    """Let no second run into the course. The lock goes with the process, however it ends."""
    (root / HOME).mkdir(exist_ok=True)
    with open(root / HOME / "lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CourseError(
                f"rnngrade grade is already at work in this course, as process {file.read()}."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}")
        file.flush()
        yield
