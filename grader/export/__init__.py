"""Reports → the files that an LMS imports. One small file a format; `registry` has the table."""

from grader.export.base import Exporter, MemorySink, Options, Reports, Sink, Skipped, StoredReport
from grader.export.folder import ExportSummary, ReportFolder, export_folder
from grader.export.registry import exporter, exporters, format_names

__all__ = [
    "ExportSummary",
    "Exporter",
    "MemorySink",
    "Options",
    "ReportFolder",
    "Reports",
    "Sink",
    "Skipped",
    "StoredReport",
    "export_folder",
    "exporter",
    "exporters",
    "format_names",
]
