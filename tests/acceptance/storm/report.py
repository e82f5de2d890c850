"""The table that a storm leaves behind."""

from dataclasses import dataclass, field


@dataclass
class Report:
    """What happened in a storm, and what was found.

    Args:
        title: Which runner, broker and database.
        seed: What it followed from.
        rows: Words and numbers.
        violations: What is not as it must be.
    """

    title: str
    seed: int
    rows: dict[str, object] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def __str__(self):
        rows = {"seed": self.seed, **self.rows, "violations": len(self.violations)}
        width = max(len(word) for word in rows)
        lines = [self.title, "-" * len(self.title)]
        lines += [f"{word:{width}}  {number!s:>10}" for word, number in rows.items()]
        return "\n".join([*lines, *[f"VIOLATION {text}" for text in self.violations]])
