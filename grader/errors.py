"""What can go wrong on our side, as a tree. What is wrong with a submission is a result, not an error.

GraderError                 message says what happened, where, and what to do
├── UsageError              exit 2: an unknown rubric, function, format, id …
│   └── RubricError         exit 2: a rubric file, with file, line, key
└── CannotGrade             exit 3: the grader could not do its work
    ├── NotIsolated         no sufficient isolation, and no --unsafe
    ├── WorkerError         a worker that cannot start, or a layer that failed after a good probe
    └── CannotWrite         a folder that cannot be written
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of all errors that a person is shown. `exit_code` is the command line's."""

    exit_code = 3


class UsageError(GraderError):
    """The request itself cannot be met as it stands."""

    exit_code = 2


class RubricError(UsageError):
    """A rubric's file is wrong; the message names file, line and key."""


class CannotGrade(GraderError):
    """The grader could not do its work."""


class NotIsolated(CannotGrade):
    """Student code would run without sufficient isolation."""


class WorkerError(CannotGrade):
    """A worker cannot be started, or lost a layer that had probed well."""


class CannotWrite(CannotGrade):
    """A report or folder cannot be written."""
