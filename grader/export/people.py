"""Which row of a gradebook is whose. A doubtful match is no match: it is told, and the row stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from grader.errors import UsageError
from grader.export.base import Reports, Sink, StoredReport
from grader.export.sheet import Sheet
from grader.files import ENDINGS
from grader.model import INTERNAL_ERROR, Report
from grader.render import words
from grader.render.escape import one_line
from grader.spelling import spellings, squeeze, unshared

BROKEN = "the grader itself broke on it, which must cost no points. Grade it again."
_SHOWN = 3
SAY_WHOSE = "Grade with --roster or --identity, which say whose a file is."


@dataclass(frozen=True, slots=True)
class Index:
    """Key → row, for identifiers and for names. A key that two rows share is in neither.

    `platform` is whose the gradebook is; `shown` what its first rows call students, for messages.
    """

    ids: Mapping[str, int]
    names: Mapping[str, int]
    platform: str = ""
    shown: tuple[str, ...] = ()

    def known(self, stored: StoredReport) -> int | None:
        """The row of a submission's student."""
        return self._find(stored.student) if stored.student else None

    def claimed(self, stored: StoredReport) -> int | None:
        """The row that all else fits which is known of the student: the identity in the platform's own download, and
        the names in it and on the class list. Where it is not known who that is, the row of whom the file's path names.
        """
        claims = self._of_student(stored) if stored.student else self._named(stored.report.submission.file)
        rows = set(claims) - {None}
        return rows.pop() if len(rows) == 1 else None

    def _of_student(self, stored: StoredReport) -> Iterator[int | None]:
        if own := stored.known.own(self.platform):
            yield self.ids.get(own.strip().casefold())
        for name in stored.known.names:
            yield self.names.get(squeeze(name))

    def _named(self, file: str) -> Iterator[int | None]:
        """Whom the path names. A number in a file's own name is never an identifier: everybody's may be `4.ipynb`."""
        *folders, name = PurePosixPath(file.replace("!", "/")).parts or ("",)
        stem = _stem(name)
        login = any(map(str.isalpha, stem))
        yield self._find(stem) if login else self.names.get(squeeze(stem))
        for folder in folders:
            yield self._find(_stem(folder))

    def _find(self, claim: str) -> int | None:
        row = self.ids.get(claim.strip().casefold())
        return row if row is not None else self.names.get(squeeze(claim))


def index(
    sheet: Sheet,
    ids: Sequence[int],
    names: Sequence[int],
    rows: Iterable[int],
    also: Iterable[tuple[str, int]] = (),
    platform: str = "",
) -> Index:
    """An index over these columns of these rows; `also` are more identifiers with their rows."""
    numbers = list(rows)
    listed = ((bare(sheet.cell(row, column)), row) for row in numbers for column in ids)
    by_id = unshared((*listed, *also))
    spelled = (
        (key, row) for row in numbers for column in names for key in spellings(sheet.cell(row, column))
    )
    columns = dict.fromkeys((*ids, *names))
    shown = (" / ".join(filter(None, (sheet.cell(row, at).strip() for at in columns))) for row in numbers)
    return Index(by_id, unshared(spelled), platform, tuple(islice(shown, _SHOWN)))


def matched(reports: Reports, people: Index, sink: Sink) -> dict[int, StoredReport]:
    """Row → the submission that counts for it; what fits no row, or is beaten by another, is told."""
    found: dict[int, StoredReport] = {}
    guessed: dict[int, list[StoredReport]] = {}
    for stored in reports:
        if internal_error(stored.report):
            sink.skip(stored.id, BROKEN)
            continue
        if (row := people.known(stored)) is not None:
            found[row] = _better(found[row], stored, sink) if row in found else stored
        elif (row := people.claimed(stored)) is not None:
            guessed.setdefault(row, []).append(stored)
        else:
            sink.skip(stored.id, _no_row(stored))
    sure = ((row, _sure(claims, found.get(row), sink)) for row, claims in guessed.items())
    return found | {row: one for row, one in sure if one is not None}


def _sure(claims: Sequence[StoredReport], known: StoredReport | None, sink: Sink) -> StoredReport | None:
    """Whose a row is that is claimed: the claims' student's, if all are of one and nobody else has it."""
    best: dict[str, StoredReport] = {}
    for one in claims if known is None else (known, *claims):
        key = (one.student or f" {one.id}").casefold()  # of two files of nobody, neither is the other's
        best[key] = _better(best[key], one, sink) if key in best else one
    first, *others = best.values()
    contested = [first, *others] if others and known is None else others
    for one in contested:
        sink.skip(one.id, _contested(one, others[0] if one is first else first))
    return None if contested and known is None else first


def require_some(
    filled: Mapping[int, StoredReport], reports: Reports, people: Index, path: Path | None
) -> None:
    """UsageError where no row of the gradebook fits any report: nothing is written then that would change nothing."""
    theirs = [_called(one) for one in reports if not internal_error(one.report)]
    if filled or not theirs:
        return
    rows = "; ".join(people.shown) or "nobody"
    raise UsageError(
        f"no report fits a single row of {path}, so nothing was written. The {words.count(len(theirs), 'report')} "
        f"{'is' if len(theirs) == 1 else 'are'} of {words.some(theirs, _SHOWN)}. The file's first rows are of {one_line(rows, 300)}. "
        "Give the LMS's export of the same course, or grade again with --roster FILE, a class list that has both."
    )


def _called(stored: StoredReport) -> str:
    names = (stored.student, stored.known.identity, *stored.known.names)
    known = " / ".join(dict.fromkeys(filter(None, names)))
    return one_line(known or stored.report.submission.file, 100)


def of_known(reports: Reports, sink: Sink, how: str) -> list[StoredReport]:
    """One submission of each student, where no gradebook tells who there is; `how` says what to do about the others."""
    found: dict[str, StoredReport] = {}
    for stored in reports:
        if internal_error(stored.report):
            sink.skip(stored.id, BROKEN)
        elif not stored.student:
            sink.skip(stored.id, f"it is not known whose it is. {how}")
        else:
            key = stored.student.casefold()
            found[key] = _better(found[key], stored, sink) if key in found else stored
    return list(found.values())


def tell_broken(reports: Reports, sink: Sink) -> None:
    """Name the submissions that the grader itself broke on: they get no grade."""
    for stored in reports:
        if internal_error(stored.report):
            sink.skip(stored.id, BROKEN)


def internal_error(report: Report) -> bool:
    """Whether the result is the grader's own fault."""
    return any(problem.code == INTERNAL_ERROR for problem in report.problems)


def tell_zeros(chosen: Iterable[StoredReport], sink: Sink) -> None:
    """Say which submissions count as zero because they could not be read."""
    names = [stored.id for stored in chosen if is_zero(stored.report)]
    if names:
        sink.note(zeros(names))


def is_zero(report: Report) -> bool:
    """Whether it gets 0 because it could not be read."""
    return report.status == "ungradable" and not internal_error(report)


def zeros(names: Sequence[str]) -> str:
    """Which submissions got 0 because they could not be read, in words."""
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return f"{words.count(len(names), 'submission')} could not be graded and got 0 points: {shown}."


def tell_rest(rows: Sequence[int], filled: Mapping[int, StoredReport], sink: Sink) -> None:
    """Say how many rows got a grade and how many stay as they were."""
    rest = sum(row not in filled for row in rows)
    sink.note(
        f"{words.count(len(filled), 'row')} filled in, {rest} left as {'it was' if rest == 1 else 'they were'}."
    )


def bare(text: str) -> str:
    """A gradebook's identifier without case, spaces and ornament: `#123` and `123.0` are `123`."""
    text = text.strip().lstrip("#'").casefold()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def find_column(header: Sequence[str], *wanted: str) -> int | None:
    """The first column with one of these names, whatever the case."""
    folded = [name.strip().casefold() for name in header]
    return next((folded.index(name.casefold()) for name in wanted if name.casefold() in folded), None)


def find_columns(header: Sequence[str], *wanted: str) -> list[int]:
    """All columns with one of these names."""
    names = {name.casefold() for name in wanted}
    return [at for at, name in enumerate(header) if name.strip().casefold() in names]


def _stem(part: str) -> str:
    return next((part[: -len(end)] for end in ENDINGS if part.lower().endswith(end)), part)


def _no_row(stored: StoredReport) -> str:
    if stored.student:
        return f"no row of the gradebook fits its student {stored.student}, or two do."
    return f"no row of the gradebook fits its file {stored.report.submission.file}, or two do. {SAY_WHOSE}"


def _contested(one: StoredReport, other: StoredReport) -> str:
    told = "is known to be of" if other.student else "claims"
    who = f"what is known of its student {one.student} fits" if one.student else "its path names"
    return f"{who} a student whose row {other.id} {told}, too, so it counts for nobody. {SAY_WHOSE}"


def _better(first: StoredReport, second: StoredReport, sink: Sink) -> StoredReport:
    best, other = (first, second) if first.report.score >= second.report.score else (second, first)
    why = (
        "has the higher score"
        if best.report.score > other.report.score
        else "comes first; both scores are equal"
    )
    sink.skip(other.id, f"{best.id} is of the same student and {why}.")
    return best
