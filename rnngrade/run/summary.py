"""How a run of `rnngrade grade` went, in lines for a terminal."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """The scores of a submission before and after, part by part."""

    before: dict[str, float]
    after: dict[str, float]

    @property
    def parts(self):
        """The parts that changed: name → (before, after)."""
        names = {**self.before, **self.after}
        pairs = {name: (self.before.get(name, 0), self.after.get(name, 0)) for name in names}
        return {name: (old, new) for name, (old, new) in pairs.items() if old != new}

    def __str__(self):
        parts = ", ".join(
            f"{name} {old:g} → {new:g}" for name, (old, new) in self.parts.items()
        )
        return f"{sum(self.before.values()):g} → {sum(self.after.values()):g} ({parts})"


@dataclass
class Summary:
    """The counts, and by name who is worth a line."""

    graded: int = 0
    up_to_date: int = 0
    lacking: int = 0  # have no grade from this run
    human: dict[str, str] = field(default_factory=dict)  # who needs one, and why
    changed: dict[str, Change] = field(default_factory=dict)  # who had a grade before
    seconds: float = 0.0

    def lacks(self, student, reason):
        """A submission has no outcome."""
        self.lacking += 1
        self.human[student] = reason

    def lines(self):
        """What an instructor reads at the end."""
        rate = 60 * self.graded / max(self.seconds, 0.1)
        yield (
            f"{self.graded} graded, {self.up_to_date} up to date, {len(self.human)} need a "
            f"human: {self.seconds:.0f} s, {rate:.0f} a minute"
        )
        if self.changed:
            yield "Scores that changed:"
            yield from (
                f"  {student}: {self.changed[student]}" for student in sorted(self.changed)
            )
        if self.human:
            yield "Need a human:"
            yield from (f"  {student}: {why}" for student, why in sorted(self.human.items()))
