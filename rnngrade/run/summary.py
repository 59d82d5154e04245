"""How a run of `rnngrade grade` went, in lines for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rnngrade.course.submission import is_name
from rnngrade.digests import as_json
from rnngrade.messages import Message, from_plain, message
from rnngrade.run.status import FAILED, UNREADABLE, Standing

ENOUGH = 5  # submissions, before it says something that all lost a part
NEARLY_ALL = 0.9
MOST_NAMES = 10  # in a line


@dataclass(frozen=True)
class Change:
    """The scores of a submission before and after, part by part."""

    before: dict[str, float]
    after: dict[str, float]

    @property
    def parts(self) -> dict[str, tuple[float, float]]:
        """The parts that changed: name → (before, after)."""
        names = {**self.before, **self.after}
        pairs = {name: (self.before.get(name, 0), self.after.get(name, 0)) for name in names}
        return {name: (old, new) for name, (old, new) in pairs.items() if old != new}

    def __str__(self) -> str:
        parts = ", ".join(
            f"{name} {old:g} → {new:g}" for name, (old, new) in self.parts.items()
        )
        return f"{sum(self.before.values()):g} → {sum(self.after.values()):g} ({parts})"


@dataclass
class Summary:
    """The counts, and by name who is worth a line."""

    graded: int = 0
    up_to_date: int = 0
    waiting: dict[str, tuple[Message, ...]] = field(default_factory=dict)  # and why
    lacking: int = 0  # of these, who have no grade because the submission gives none
    remarks: dict[str, tuple[Message, ...]] = field(default_factory=dict)  # on grades
    changed: dict[str, Change] = field(default_factory=dict)  # who had a grade before
    suspects: tuple[Message, ...] = ()  # tests that may be at fault
    seconds: float = 0.0

    def see(self, standings: Iterable[Standing], students: Iterable[str]) -> None:
        """Take in how all of the unit stand once the run is over.

        Args:
            standings: of everybody in the unit.
            students: who is told of; nobody means everyone.
        """
        standings, told = list(standings), set(students)
        waiting = [
            each for each in standings if each.waits and (not told or each.student in told)
        ]
        self.waiting = {_shown(each.student): each.reasons for each in waiting}
        self.lacking = sum(each.status in (UNREADABLE, FAILED) for each in waiting)
        self.suspects = tuple(lost_by_everybody(standings))

    def lines(self) -> Iterator[str]:
        """What an instructor reads at the end."""
        yield str(
            message(
                "run.summary",
                graded=self.graded,
                up_to_date=self.up_to_date,
                waiting=len(self.waiting),
                seconds=f"{self.seconds:.0f}",
                rate=f"{60 * self.graded / max(self.seconds, 0.1):.0f}",
            )
        )
        changed = {student: (change,) for student, change in self.changed.items()}
        for title, about in (
            ("run.scores-changed", changed),
            ("run.waiting", self.waiting),
            ("run.remarks", self.remarks),
        ):
            yield from _listed(message(title), about)
        yield from map(str, self.suspects)


def lost_by_everybody(standings: Iterable[Standing]) -> Iterator[Message]:
    """The parts that (nearly) all submissions lost with one and the same message."""
    records = [each.record for each in standings if each.record and "said" in each.record]
    count = Counter(
        (part, as_json(said)) for record in records for part, said in record["said"].items()
    )
    words = {
        (part, as_json(said)): said
        for record in records
        for part, said in record["said"].items()
    }
    for (part, key), n in sorted(count.items()):
        if len(records) >= ENOUGH and n >= NEARLY_ALL * len(records):
            yield message(
                "run.everybody-lost",
                part=part.removesuffix("-test"),
                n=n,
                total=len(records),
                said=from_plain(words[part, key]),
            )


def _listed(title, about):
    """A line for all of whom the same is to be told."""
    students: dict[str, list[str]] = {}
    for student, told in sorted(about.items()):
        students.setdefault(" ".join(map(str, told)), []).append(student)
    if about:
        yield f"{title}"
    for told, names in students.items():
        more = len(names) - MOST_NAMES
        if more > 0:
            names[MOST_NAMES:] = [f"{message('run.others', n=more)}"]
        yield f"  {', '.join(names)}: {told}"


def _shown(student):
    """A name as it is, unless it would break a line or a terminal."""
    return student if is_name(student) else ascii(student)
