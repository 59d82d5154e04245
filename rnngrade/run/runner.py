"""Grade the submissions of a unit: many at once, one writer, from where it stopped."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from rnngrade.course.course import Course
from rnngrade.course.gradebook import Mark, Marks, UnitGradebook
from rnngrade.course.reader import Unreadable, read
from rnngrade.course.seeds import course_secret
from rnngrade.course.submission import Submission, Submissions, is_name
from rnngrade.course.unit import load_unit
from rnngrade.digests import digest, digest_of_files
from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Outcome
from rnngrade.messages import Message, from_plain, message
from rnngrade.run.converter import Converter
from rnngrade.run.engine import SharedEngine
from rnngrade.run.environment import PACKAGES, environment, loaded_by
from rnngrade.run.journal import Journal, now
from rnngrade.run.progress import Progress
from rnngrade.run.record import HOME, Record, Records, in_plain, tests_of
from rnngrade.run.status import FAILED, GRADED, UNREADABLE, standings
from rnngrade.run.summary import Change, Summary
from rnngrade.run.workers import Execute, Failed, Pool, Refused, fault, work

REFUSALS = 3  # one after the other, that end a run
GRADEBOOK_GONE = (OperationalError, InterfaceError)

MakeJob = Callable[[Submission, str, Mapping[str, bytes]], Job]


@dataclass(frozen=True)
class Task:
    """A submission that is on its way."""

    submission: Submission
    key: str  # what its grade depends on, as one hash
    hashes: dict[str, str]
    environment: dict[str, str]
    job: Job
    repairs: list[Message]
    queued: str


def jobs_of(course: Course, unit: str, sandbox: bool = True) -> MakeJob:
    """How the jobs of a unit are made: (submission, notebook, files) → `Job`."""
    known = load_unit(course.db_url, course.folder("source", unit=unit), unit, unit)
    secret = course_secret(course.root)

    def job(submission: Submission, text: str, files: Mapping[str, bytes]) -> Job:
        return known.job(secret, submission.student, text, files, sandbox, submission.language)

    return job


def grade(
    course: Course,
    unit: str,
    students: Sequence[str] = (),
    *,
    execute: Execute,
    pool: Pool,
    jobs: Callable[[Course, str], MakeJob] = jobs_of,
    again: bool = False,
) -> Summary:
    """Grade what was handed in for a unit and has no up-to-date grade.

    A grade is up to date as long as nothing has changed that it depends on: the submission and
    how late it is, the tests and the data, the code that executes them, versions and settings;
    and as long as the gradebook still has its points. Killed at any moment and called again,
    this ends with the gradebook of a run that was not killed.

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
        with (
            SharedEngine() as engine,
            _only_one(course.root),
            _Run(course, unit, jobs, again, engine) as run,
        ):
            whom = run.whom(students)
            with (
                Progress(len(whom), unit) as progress,
                closing(pool(work, run.tasks(whom, execute, progress))) as results,
            ):
                for task, result in results:
                    run.finish(task, result)
                    progress.step()
            run.summary.see(standings(course, unit), students)
    except GRADEBOOK_GONE as error:
        said = " ".join(str(error.orig).split())
        raise CourseError("run.gradebook-gone", why=said) from error
    except OSError as error:  # the disk is full
        raise CourseError("run.stopped-by", why=f"{error}") from error
    except KeyboardInterrupt:
        raise CourseError("run.stopped") from None
    run.summary.seconds = time.monotonic() - start
    return run.summary


class _Run:
    """One run: prepares submissions, and writes what comes of them."""

    def __init__(self, course, unit, jobs, again, engine):
        home = course.root / HOME
        self._course, self._unit, self._again = course, unit, again
        # First, because a unit that it knows is no path to somewhere else.
        self._gradebook = UnitGradebook(course, unit)
        self._work, self._engine = home / "work" / unit, engine
        self._converter = Converter(course, unit, self._work, home / "log" / f"{unit}.log")
        shutil.rmtree(self._work, ignore_errors=True)
        for folder in (self._work, home / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        self._make_job = jobs(course, unit)
        self._submissions = Submissions(course, unit)
        self._records = Records(course.root, unit)
        self._marks = self._gradebook.marks()
        self._dates = self._gradebook.dates()
        self._settings = digest(self._converter.settings())
        self._unit_files = digest_of_files(self._submissions.of_the_unit())
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
        there = self._submissions.students()
        for student in students:
            if student not in there:
                raise CourseError("run.not-handed-in", student=student, unit=self._unit)
        return list(students) or there

    def tasks(self, students, execute, progress):
        """A task for each submission that must be executed; the others are done with here."""
        for student in students:
            if not is_name(student):
                progress.skip()
                continue
            submission = self._submissions.of(student)
            try:
                task = self._prepare(submission)
            except Unreadable as error:
                self._ask_a_human(submission, UNREADABLE, error.message)
            except (CourseError, *GRADEBOOK_GONE):
                raise
            except Exception as error:
                self._ask_a_human(submission, FAILED, fault(error))
            else:
                if task:
                    wanted = environment(loaded_by(task.job))
                    yield task, (execute, task.job, wanted)
                    continue
                self.summary.up_to_date += 1
            progress.skip()

    def finish(self, task, result):
        """Write what came of a submission."""
        try:
            self._save(task, *result())
            self._refusals = 0
        except Refused as error:
            self._refusals += 1
            # One may be chance. A machine that refuses all takes what others would execute.
            if self._refusals == REFUSALS or not self.summary.graded:
                raise CourseError(error.message) from error
            self._ask_a_human(task.submission, FAILED, error.message)
        except Failed as error:
            self._ask_a_human(task.submission, FAILED, error.message)
        except (CourseError, *GRADEBOOK_GONE):
            raise
        except Exception as error:
            reason = message("run.not-saved", why=fault(error))
            self._ask_a_human(task.submission, FAILED, reason)

    def _prepare(self, submission):
        """The submission, ready to be executed, or None if its grade is up to date."""
        if submission.fault:
            raise Unreadable(submission.fault)
        blank = self._make_job(submission, "", {})
        known = self._environment(blank)
        hashes = {
            "submission": submission.hash,
            "tests": digest({**tests_of(blank), "files": self._unit_files}),
            "environment": digest(known),
            "settings": self._settings,
        }
        late = self._dates.seconds_late(submission)
        more = {"seed": blank.seed, "sandboxed": blank.sandbox, "late": late}
        key = digest({**hashes, **more})
        if not self._again and self._up_to_date(submission, key):
            return None
        most = blank.limits.disk_mb
        if submission.own_bytes > most << 20:
            raise Unreadable("run.too-large", mb=submission.own_bytes >> 20, most=most)
        notebook, repairs = read(submission.notebook)
        text, repairs = self._converter.sanitise(submission, notebook, repairs)
        files = {name: path.read_bytes() for name, path in submission.data.items()}
        job = self._make_job(submission, text, files)
        return Task(submission, key, hashes, known, job, repairs, now())

    def _environment(self, job):
        """What executes a job, and what reads it and saves its points."""
        loaded = (*loaded_by(job), *self._converter.loaded)
        return environment(loaded, (*PACKAGES, "nbgrader"))

    def _up_to_date(self, submission, key):
        last = self._journal.last(submission.student)
        marks = self._marks.get(submission.student, {})
        points = {part: mark.auto for part, mark in marks.items()}
        place = self._course.folder("autograded", submission.student, self._unit)
        return (
            last.get("state") == "saved"
            and last["key"] == key
            and last["points"] == points
            and (place / f"{self._unit}.ipynb").exists()
        )

    def _save(self, task, outcome, started, finished):
        student = task.submission.student
        last = self._journal.last(student)
        # Half saved: what stood there before that is the last word of the journal.
        before = last["before"] if last.get("state") == "saving" else self._scores(student)
        self._journal.write(student, "saving", key=task.key, before=before)
        old = self._marks.get(student, {})
        self._converter.save(task.submission, outcome.notebook, self._engine)
        marks = self._gradebook.marks(student)[student]
        if self._was_graded(task):
            done = [part for part, mark in marks.items() if _is_settled(old.get(part), mark)]
            self._gradebook.settle(student, done)
            marks = self._gradebook.marks(student)[student]
        self._marks[student] = marks
        remarks = (*_ended(outcome), *_overruled(old, marks))
        times = {
            "queued": task.queued,
            "started": started,
            "finished": finished,
            "saved": now(),
        }
        record = self._record(task, outcome.record, times, marks, remarks)
        self._records.write(student, record)
        points = {part: mark.auto for part, mark in marks.items()}
        self._journal.write(student, "saved", key=task.key, points=points)
        self.summary.graded += 1
        if remarks:
            self.summary.remarks[student] = remarks
        if before:
            self._compare(student, before)

    def _was_graded(self, task):
        """Whether what was handed in is what was graded before: marks by hand are for it."""
        before = self._records.read(task.submission.student) or {}
        return before.get("hashes", {}).get("submission") == task.hashes["submission"]

    def _record(self, task, told, times, marks, remarks) -> Record:
        """What is known of a grade, by us and, as `told`, by the worker."""
        job = task.job
        known = {
            "status": GRADED,
            "reasons": in_plain(remarks),
            "scores": {part: asdict(mark) for part, mark in marks.items()},
            "times": {**times, "seconds": told.get("seconds")},
            "repairs": in_plain(task.repairs),
            "hashes": task.hashes,
            "environment": task.environment,
            "seed": job.seed,
            "limits": asdict(job.limits),
            "policy": asdict(job.policy),
            "language": job.language,
            "sandboxed": job.sandbox,
            "job": self._records.keep(job),
        }
        said = known.keys() | {"seconds"}
        return known | {name: value for name, value in told.items() if name not in said}

    def _scores(self, student):
        """What counts now, part by part; a part that never had a grade is left out."""
        marks = self._marks.get(student, {}).items()
        return {part: mark.score for part, mark in marks if mark.given}

    def _compare(self, student, before):
        change = Change(before, self._scores(student))
        if change.parts:
            self.summary.changed[student] = change

    def _ask_a_human(self, submission, status, reason):
        """There is no outcome: say so, and leave the grade that is there."""
        student = submission.student
        told = {"reason": reason.plain(), "submission": submission.hash}
        last = self._journal.last(student)
        if last.get("state") == status and all(last[key] == told[key] for key in told):
            return  # who looked into it since must not be asked again
        reasons = [reason]
        if self._scores(student):
            reasons.append(message("run.earlier-grade-stays"))
        try:
            self._gradebook.ask_a_human(submission)
        except GRADEBOOK_GONE:
            raise
        except Exception as error:
            reasons.append(message("run.not-entered", why=f"{error}"))
        old = self._records.read(student) or {}
        self._records.write(
            student,
            {
                "status": status,
                "reasons": in_plain(reasons),
                "hashes": {"submission": submission.hash},
                "times": {"saved": now()},
                "earlier": old if "scores" in old else old.get("earlier"),
            },
        )
        self._journal.write(student, status, **told)


def _ended(outcome: Outcome) -> Iterator[Message]:
    """Why the student's process ended before its time, if it did."""
    why = outcome.record.get("ended")
    if why:
        yield message("run.ended", why=from_plain(why) if isinstance(why, dict) else why)


def _is_settled(old: Mark | None, new: Mark) -> bool:
    """Whether a human has marked a part, and the tests see it as they did then."""
    return (
        old is not None
        and old.manual is not None
        and not old.waits
        and (old.auto, old.manual) == (new.auto, new.manual)
    )


def _overruled(old: Marks, new: Marks) -> Iterator[Message]:
    """Parts with a manual mark, which counts, that the tests now see differently."""
    for part, mark in new.items():
        if mark.manual is not None and part in old and old[part].auto != mark.auto:
            yield _overruling(part, old[part].auto, mark)


def _overruling(part: str, before: float | None, mark: Mark) -> Message:
    fields: dict[str, Any] = {"part": part.removesuffix("-test"), "mark": f"{mark.manual:g}"}
    if mark.auto is None:
        return message("run.overrules-new-answer", **fields)
    if before is None:
        return message("run.overrules-first", **fields, now=f"{mark.auto:g}")
    return message("run.overrules", **fields, before=f"{before:g}", now=f"{mark.auto:g}")


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Let no second run into the course. The lock goes with the process, however it ends."""
    (root / HOME).mkdir(exist_ok=True)
    with open(root / HOME / "lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CourseError("run.already-at-work", process=file.read()) from None
        file.truncate(0)
        file.write(f"{os.getpid()}")
        file.flush()
        yield
