"""Inside an LMS's container: read the submission where it was put, write the result where it is wanted."""

from grader.platforms.package import package_platform
from grader.platforms.run import run_platform
from grader.platforms.table import PLATFORMS

__all__ = ["PLATFORMS", "package_platform", "run_platform"]
