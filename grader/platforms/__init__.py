"""Inside an LMS's container: read the submission where it was put, write the result where it is wanted.

And what surrounds that: the packages that are uploaded, and pushing results through an LMS's API.
"""

from grader.platforms.package import package_platform
from grader.platforms.push import push_folder
from grader.platforms.run import run_platform
from grader.platforms.table import PLATFORMS

__all__ = ["PLATFORMS", "package_platform", "push_folder", "run_platform"]
