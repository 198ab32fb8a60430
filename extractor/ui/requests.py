"""What requests to the JSON routes hold: one pydantic model for each kind of request.

JSON types are strict (`true` is no number, `"5"` is no revision), and texts, lists and numbers have limits. FastAPI
validates requests against these models before a route runs; what does not fit is answered with 422 (`errors.py`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from extractor.review import QueueQuery
from extractor.store.review_reasons import ReviewReason
from extractor.ui.errors import RequestError

MAX_TEXT = 100_000
"""Characters of a value."""
MAX_NOTE = 2_000
MAX_PATH_STEPS = 40
MAX_CELLS = 50_000
MAX_BOXES = 1_000
MAX_QUEUE_ROWS = 500
MAX_INTEGER = 2**53
"""The largest integer that JavaScript represents exactly."""
MAX_COORDINATE = 1e7


def _check_characters(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("contains characters that are not valid text")
    return text


def _check_box(sides: list[float]) -> tuple[float, float, float, float]:
    x0, top, x1, bottom = sides
    if x0 > x1 or top > bottom:
        raise ValueError("a box has its left side before its right and its top above its bottom")
    return x0, top, x1, bottom


def _check_cell_count(cells: list[list[str]]) -> list[list[str]]:
    if sum(map(len, cells)) > MAX_CELLS:
        raise ValueError(f"at most {MAX_CELLS:,} cells can be pasted at once")
    return cells


Text = Annotated[StrictStr, Field(max_length=MAX_TEXT), AfterValidator(_check_characters)]
Note = Annotated[StrictStr, Field(max_length=MAX_NOTE), AfterValidator(_check_characters)]
Index = Annotated[StrictInt, Field(ge=0, le=MAX_INTEGER)]
PageNumber = Annotated[StrictInt, Field(ge=1, le=MAX_INTEGER)]
PropertyName = Annotated[StrictStr, Field(max_length=1_000), AfterValidator(_check_characters)]
FieldPath = Annotated[list[Index | PropertyName], Field(max_length=MAX_PATH_STEPS), AfterValidator(tuple)]
"""Where a value stands in a record: property names and row numbers, from the outside in."""
Coordinate = Annotated[StrictFloat, Field(gt=-MAX_COORDINATE, lt=MAX_COORDINATE, allow_inf_nan=False)]
"""Points from the left or the top of a page."""
Box = Annotated[list[Coordinate], Field(min_length=4, max_length=4), AfterValidator(_check_box)]
"""x0, top, x1, bottom."""

_PATH = TypeAdapter(FieldPath)


def parse_path(text: str) -> tuple[str | int, ...]:
    """Return the path that a query string gives as JSON text; raises RequestError (422) for anything else."""
    try:
        return _PATH.validate_json(text)
    except ValidationError:
        raise RequestError.unusable("The path is not a JSON list of property names and row numbers.") from None


# The queue.


class QueueRequest(BaseModel):
    """Which records of the queue are asked for, and in which order."""

    status: Literal["open", "new", "needs_review", "second", "flagged", "approved", "rejected", "all", "bin"] = "open"
    schema_name: Annotated[str | None, Field(alias="schema", max_length=200)] = None
    reason: ReviewReason | None = None
    job: Annotated[str | None, Field(max_length=500)] = None
    search: Annotated[str | None, Field(max_length=200)] = None
    sort: Literal["risk", "new", "old", "name"] = "risk"
    assigned: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _check_texts(self) -> QueueRequest:
        for text in (self.schema_name, self.job, self.search, self.assigned):
            _check_characters(text or "")
        return self

    def query(self) -> QueueQuery:
        """Return what is asked for as the review service takes it; `assigned=-` are the records of nobody."""
        assigned = "" if self.assigned == "-" else self.assigned
        return QueueQuery(self.status, self.schema_name, self.reason, self.job, self.search or "", self.sort, assigned)


class QueuePageRequest(QueueRequest):
    """A page of the queue: `limit` rows, leaving out the first `after`."""

    after: Annotated[int, Field(ge=0, le=MAX_INTEGER)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_QUEUE_ROWS)] = 100


# Hand-ins, and several records at a time.


class TokenRequest(BaseModel):
    """An access token to be made, under a name, for some scopes."""

    name: Annotated[StrictStr, Field(max_length=100), AfterValidator(_check_characters)]
    scopes: Annotated[list[Literal["read", "submit", "review"]], Field(max_length=3)]


class SplitRequest(BaseModel):
    """The pages of a stack on which its documents begin."""

    starts: Annotated[list[PageNumber], Field(max_length=5_000)]


class AgainRequest(BaseModel):
    """Extract again: as another kind of document (a schema's name or id), by another model, or both."""

    schema_name: Annotated[str | None, Field(alias="schema", max_length=200)] = None
    model: Annotated[StrictStr | None, Field(max_length=300)] = None


RecordNumbers = Annotated[list[Annotated[StrictInt, Field(ge=1, le=MAX_INTEGER)]], Field(min_length=1, max_length=500)]


class SelectedRequest(AgainRequest):
    """Do the same with several records."""

    records: RecordNumbers
    action: Literal["approve", "flag", "reject", "assign", "delete", "restore", "extract_again"]
    note: Note = ""
    assignee: Annotated[StrictStr, Field(max_length=200)] = ""


class ExportRequest(BaseModel):
    """Several records as one file."""

    records: RecordNumbers
    format: Literal["xlsx", "csv", "jsonl"] = "xlsx"


class RulesRequest(BaseModel):
    """The rules for the review of a kind of document."""

    thresholds: Annotated[dict[str, Annotated[float, Field(ge=0, le=1)]], Field(max_length=1_000)]
    automatic: StrictBool = False
    sampled_one_in: Annotated[StrictInt, Field(ge=1, le=1_000)] = 20


# Acts on a record.


class ClaimRequest(BaseModel):
    """Reserve a record; with `take`, from somebody else who has it."""

    take: StrictBool = False


class RevisionRequest(BaseModel):
    """A change to the record as it was at a revision."""

    revision: Index


class DecisionRequest(RevisionRequest):
    """A decision about a record, with a note on why."""

    note: Note = ""


class ApproveRequest(DecisionRequest):
    """An approval; with `force`, even though something is left to check."""

    force: StrictBool = False


class PlacedBox(BaseModel):
    """A box on a page, in points from its top left corner."""

    page: PageNumber
    x0: Coordinate
    top: Coordinate
    x1: Coordinate
    bottom: Coordinate

    @model_validator(mode="after")
    def _check_sides(self) -> PlacedBox:
        _check_box([self.x0, self.top, self.x1, self.bottom])
        return self


class EvidenceRequest(BaseModel):
    """Where a value stands in the document: offsets into its text, boxes on its pages, or both."""

    start: Index | None = None
    end: Index | None = None
    boxes: Annotated[list[PlacedBox], Field(max_length=MAX_BOXES)] | None = None

    @model_validator(mode="after")
    def _check_order(self) -> EvidenceRequest:
        if (self.start is None) != (self.end is None) or (self.start or 0) > (self.end or 0):
            raise ValueError("evidence needs both a start and an end, in this order, or neither")
        return self


class _Edit(RevisionRequest):
    path: FieldPath

    def arguments(self) -> dict[str, Any]:
        """Return what this kind of edit brings along, as keyword arguments of `ReviewService.edit`."""
        return self.model_dump(exclude={"revision", "path", "how"})


class TypedEdit(_Edit):
    """A value typed into its field."""

    how: Literal["typed"]
    text: Text


class PointedEdit(_Edit):
    """A value taken from the document: a word, several words, or a region read again by OCR."""

    how: Literal["word", "words", "region"]
    text: Text
    evidence: EvidenceRequest | None = None


class VerdictEdit(_Edit):
    """The value is right as it stands, or the document holds none."""

    how: Literal["accepted", "absent"]


class RowEdit(_Edit):
    """A row added to a list in front of row `at`, or row `at` deleted."""

    how: Literal["row_added", "row_deleted"]
    at: Index


class PasteEdit(_Edit):
    """A block of cells pasted into a list; its top left cell goes to row `at`, column `column`."""

    how: Literal["pasted"]
    at: Index
    column: Index
    cells: Annotated[list[list[Text]], Field(max_length=MAX_CELLS), AfterValidator(_check_cell_count)]


EditRequest = Annotated[TypedEdit | PointedEdit | VerdictEdit | RowEdit | PasteEdit, Field(discriminator="how")]


class ParseRequest(BaseModel):
    """A text to be understood as a value of the field at `path`."""

    path: FieldPath
    text: Text


class ReadRegionRequest(BaseModel):
    """A part of a page to be read again by OCR."""

    page: PageNumber
    box: Box


# Kinds of report.

SampleId = Annotated[StrictStr, Field(pattern="^([0-9a-f]{64})?$")]
"""The SHA-256 of a sample document, empty without one."""
Draft = dict[StrictStr, Any]
"""A draft of a kind of report; what is in it, `extractor.schema_design` checks."""


class DraftSourceRequest(BaseModel):
    """What a draft is made from: a sample, with a list of names or without; names; a header row; or a JSON Schema."""

    source: Literal["sample", "names", "header", "schema"]
    sample: SampleId = ""
    text: Annotated[StrictStr, Field(max_length=1_000_000), AfterValidator(_check_characters)] = ""

    @model_validator(mode="after")
    def _check_source(self) -> DraftSourceRequest:
        if not (self.sample if self.source in ("sample", "header") else self.text):
            raise ValueError("there is nothing to make a draft from")
        return self


class PreviewRequest(BaseModel):
    """A draft, and the sample that is to be read with it."""

    draft: Draft
    sample: SampleId = ""


class SaveKindRequest(PreviewRequest):
    """A draft to be saved: as a new kind, or as the newest version of `name` after version `base`."""

    name: Annotated[StrictStr, Field(max_length=200), AfterValidator(_check_characters)] = ""
    base: Index = 0


class FieldAtRequest(BaseModel):
    """A stretch of a sample's text: a word of a value, or, where it is `exact`, the value."""

    sample: Annotated[StrictStr, Field(pattern="^[0-9a-f]{64}$")]
    start: Index
    end: Index
    exact: StrictBool = False

    @model_validator(mode="after")
    def _check_order(self) -> FieldAtRequest:
        if self.start >= self.end:
            raise ValueError("a stretch begins before it ends")
        return self


# What was learnt.


class LessonsRequest(BaseModel):
    """Which lessons of a schema are meant: one, those of a layout, or all."""

    lesson: Index | None = None
    layout: Index | None = None


class RuleRequest(BaseModel):
    """Which rule for values is to be applied, or no longer."""

    key: Text
    enabled: StrictBool


class EnableLessonsRequest(LessonsRequest):
    """Which lessons are to count, or not."""

    enabled: StrictBool
