"""The numbers by which a job decides how often to try a document and how much work to hold at a time."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class JobSettings(Settings):
    """Settings of a job that are no option of the command line."""

    recycle_after: int = threshold(50, unit="calls", meaning="a reading process is replaced after so many calls")
    reader_niceness: int = threshold(
        10,
        unit="nice value",
        meaning="how far readers give way to a model that answers: a pass of the model waits for its slowest thread",
    )
    max_deaths: int = threshold(3, unit="deaths", meaning="a file that ends its process so often is set aside")
    max_attempts: int = threshold(
        3, unit="attempts", meaning="attempts at a file that changes while it is read, or that the model fails at"
    )
    max_leases: int = threshold(
        50,
        unit="leases",
        meaning="a file that was begun so often without ever ending, not even by a dead process, is set aside",
    )
    max_model_failures: int = threshold(
        10,
        unit="failures",
        meaning="the job stops after so many failures of the model in a row: it is not the documents",
    )
    batch: int = threshold(16, unit="documents", meaning="results stored in one transaction; documents held per reader")
