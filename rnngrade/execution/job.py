"""What one submission needs to be graded, and what comes of it: plain data for any worker."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Limits:
    """How much a submission may use; beyond it, it is stopped and its later parts fail."""

    cell_seconds: float = 60  # one cell of the student's
    call_seconds: float = 20  # one call of a function of the student's by a test
    notebook_seconds: float = 300  # all of it, tests included
    memory_mb: int = 2048  # of the student's process
    disk_mb: int = 64  # the student's own folder
    threads: int = 64  # of the student's process; a second process may not be started
    output_bytes: int = 1 << 20  # what stays of all outputs
    message_bytes: int = 32 << 20  # one message from the student's process
    total_bytes: int = 512 << 20  # all messages from the student's process


@dataclass(frozen=True)
class Policy:
    """What is out of reach for the student's code in one unit.

    `rnnlib` holds the answers: without a word only its modules in `allows` can be imported.
    `recurrences`: whether torch's own RNN, LSTM and GRU may be called.
    """

    allows: tuple[str, ...] = ()
    recurrences: bool = False
    cuda: bool = False


@dataclass(frozen=True)
class TestCell:
    """A cell of the instructor's source that the examiner runs.

    `role` is "test" (it gives points) or "setup" (locked, without points).
    """

    __test__ = False  # not a test of pytest's

    name: str
    role: str
    source: str


@dataclass(frozen=True)
class Job:
    """One notebook of one student, sanitised."""

    student: str
    unit: str
    notebook: str  # nbformat 4, JSON
    tests: tuple[TestCell, ...]  # in the order of the source
    exports: frozenset[str]  # the names that tests may take from the student
    seed: str  # hexadecimal: of this student's random cases
    files: dict[str, bytes] = field(default_factory=dict)  # the unit's data files
    policy: Policy = Policy()
    limits: Limits = Limits()
    sandbox: bool = True
    language: str = "en"  # in which the student is told


@dataclass
class Outcome:
    """The notebook with its outputs, and the record of how they came about.

    In the record, "said" maps each failed test to what it says, and "ended" says why the
    student's process ended before its time, or is None: messages as plain data.
    """

    notebook: str
    record: dict[str, Any]
