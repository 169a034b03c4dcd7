"""The values of discovery: where a submission lies, whose it is, and what was passed over and why."""

from __future__ import annotations

from dataclasses import dataclass


def as_text(name: str) -> str:
    """A file's name as real text: bytes of it that are none are written out."""
    return name.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Source:
    """A file on disk, or a member of a zip on disk (of a zip in a zip: one name more)."""

    path: str
    members: tuple[str, ...] = ()

    def __str__(self) -> str:
        return as_text("!".join((self.path, *self.members)))


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose file it is, as the download's own naming says.

    `order` sorts a student's files from old to new by the platform's rule, which `rule` names;
    `scope` parts files that do not compete with each other (an nbgrader student's several notebooks).
    """

    student: str
    platform: str
    order: tuple[float, str] = (0.0, "")
    rule: str = "it was changed later"
    name: str | None = None
    late: bool = False
    scope: str = ""
    partners: tuple[str, ...] = ()
    at: int = -1
    """The part of the path that says so; negative: one above the given folder, or a user's own pattern."""
    own: str = ""
    """What the platform calls the student, where `student` is the class list's word."""
    listed: str = ""
    """The student's name on the class list."""


#: A given path and the parts that lead from there to a folder or zip.
Folder = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A notebook-like file before it has a name: `parts` is its path below the given folder."""

    source: Source
    parts: tuple[str, ...]
    size: int
    modified: float
    root: str = ""

    @property
    def display(self) -> str:
        return as_text("/".join(self.parts))

    def folder(self, at: int) -> Folder:
        """The folder, or zip, that part `at` of the path stands in."""
        return self.root, self.parts[:at]


@dataclass(frozen=True, slots=True)
class SubmissionFile:
    """One submission to grade. `id` names its folder in the output; `file` is what people see."""

    id: str
    student: str | None
    file: str
    source: Source
    size: int
    name: str | None = None
    late: bool = False
    platform: str = ""
    own: str = ""
    """What the platform calls the student: `student` may be the class list's word."""
    listed: str = ""
    """The student's name on the class list."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is not graded, and the reason in words."""

    path: str
    reason: str
    source: str = ""
    """Its `str(Source)`, where an earlier run may have graded it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Who is on the class list and has no submission. `files` are theirs all the same, but of kinds not graded."""

    student: str
    name: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that lies under the given paths: each file is in one of the first two."""

    submissions: tuple[SubmissionFile, ...]
    skipped: tuple[Skipped, ...]
    unknown_students: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    unbelieved: tuple[str, ...] = ()
    """Folders and zips whose names look like a platform's, but lie among submissions that have none."""

    @property
    def missing_students(self) -> tuple[str, ...]:
        return tuple(one.student for one in self.missing)


class Unreadable(Exception):
    """A submission whose bytes cannot be had; `code` and `message` go into its report."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
