"""What is uploaded to each platform besides the grader itself: small scripts and settings, as text."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: Name → (text, whether it is executable).
Files = Mapping[str, tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """`files` makes the files for (rubric, wheel's name); a zip's root or a folder holds them and the wheel."""

    default_out: str
    files: Callable[[str, str], Files]


_FIND_PYTHON = """\
python=""
for candidate in python3.13 python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null &&
     "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
"""


def gradescope(rubric: str, wheel: str) -> Files:
    setup = f"""\
#!/usr/bin/env bash
# Runs once, while Gradescope builds the image.
set -euo pipefail
base=${{AUTOGRADER:-/autograder}}
cd "$base/source"
{_FIND_PYTHON}if [ -z "$python" ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y python3.11 python3.11-venv
  python=python3.11
fi
"$python" -m venv "$base/venv"
"$base/venv/bin/pip" install --no-cache-dir ./{shlex.quote(wheel)}
"$base/venv/bin/grader" --version
# The answers are nobody's business but the grader's.
chmod -R go-rwx "$base/source"
"""
    run = f"""\
#!/usr/bin/env bash
# Runs for each submission. A valid results.json is there whatever happens, so this never fails.
base=${{AUTOGRADER:-/autograder}}
cd "$base"
"$base/venv/bin/grader" run gradescope --rubric {shlex.quote(rubric)} || true
"""
    return {"setup.sh": (setup, True), "run_autograder": (run, True)}


def prairielearn(rubric: str, wheel: str) -> Files:
    info = {
        "uuid": "REPLACE-WITH-A-NEW-UUID",
        "title": rubric,
        "topic": "Neural networks",
        "type": "v3",
        "gradingMethod": "External",
        "externalGradingOptions": {
            "image": f"YOUR-REGISTRY/whywrong-{rubric}",
            "entrypoint": "/grader/run.sh",
            "timeout": 60,
            "enableNetworking": False,
        },
    }
    question = """\
<pl-question-panel>
  <p>Upload your notebook.</p>
  <pl-file-upload file-names="notebook.ipynb"></pl-file-upload>
</pl-question-panel>
<pl-submission-panel>
  <pl-external-grader-results></pl-external-grader-results>
</pl-submission-panel>
"""
    return {
        "Dockerfile": (_dockerfile(wheel), False),
        "run.sh": (_run_sh("prairielearn", rubric), True),
        "question/info.json": (json.dumps(info, indent=2) + "\n", False),
        "question/question.html": (question, False),
    }


def coursera(rubric: str, wheel: str) -> Files:
    dockerfile = _dockerfile(wheel) + 'COPY parts.json /grader/parts.json\nENTRYPOINT ["/grader/run.sh"]\n'
    return {
        "Dockerfile": (dockerfile, False),
        "run.sh": (_run_sh("coursera", rubric), True),
        # Part's id → names of its functions. A part that is not listed is graded on all.
        "parts.json": ("{}\n", False),
    }


def vpl(rubric: str, wheel: str) -> Files:
    evaluate = f"""\
#!/bin/bash
# VPL runs this and then what it makes: vpl_execution. The jail server needs the grader:
#   pip install {wheel}
cat > vpl_execution <<'END'
#!/bin/bash
grader run vpl --rubric {shlex.quote(rubric)}
END
chmod +x vpl_execution
"""
    return {"vpl_evaluate.sh": (evaluate, True)}


def edx(rubric: str, wheel: str) -> Files:
    run = f"""\
#!/bin/sh
# Settings: GRADER_XQUEUE_URL, GRADER_XQUEUE_QUEUE, GRADER_XQUEUE_USER and, with the password in it,
# the file that GRADER_XQUEUE_PASSWORD_FILE names.
exec python -m grader.platforms.xqueue --rubric {shlex.quote(rubric)}
"""
    dockerfile = _dockerfile(wheel) + 'ENTRYPOINT ["/grader/run.sh"]\n'
    return {"Dockerfile": (dockerfile, False), "run.sh": (run, True)}


def inginious(rubric: str, wheel: str) -> Files:
    dockerfile = (
        f"FROM ingi/inginious-c-python3\nCOPY {wheel} /tmp/\nRUN pip install --no-cache-dir /tmp/{wheel}\n"
    )
    run = f"#!/bin/bash\ngrader run inginious --rubric {shlex.quote(rubric)}\nexit 0\n"
    return {"Dockerfile": (dockerfile, False), "task/run": (run, True)}


def classroom50(rubric: str, wheel: str) -> Files:
    program = f"""\
# Installs the grader that lies beside this file, and grades the checkout, which is the current folder.
import subprocess
import sys
from pathlib import Path

# -P: no file in a student's checkout may stand in for pip or for the grader.
python = [sys.executable, "-P", "-m"]
wheel = Path(__file__).resolve().with_name({wheel!r})
subprocess.run([*python, "pip", "install", "--quiet", str(wheel)], check=True)
sys.exit(subprocess.call([*python, "grader", "run", "classroom50", "--rubric", {rubric!r}]))
"""
    return {"autograder.py": (program, False)}


def _dockerfile(wheel: str) -> str:
    return f"""\
FROM python:3.12-slim
COPY {wheel} /tmp/
RUN pip install --no-cache-dir /tmp/{wheel} && rm /tmp/{wheel}
COPY run.sh /grader/run.sh
RUN chmod 755 /grader/run.sh
"""


def _run_sh(platform: str, rubric: str) -> str:
    return f"#!/bin/sh\nexec grader run {platform} --rubric {shlex.quote(rubric)}\n"


RECIPES: Mapping[str, Recipe] = {
    "gradescope": Recipe("autograder.zip", gradescope),
    "prairielearn": Recipe("prairielearn", prairielearn),
    "coursera": Recipe("coursera", coursera),
    "vpl": Recipe("vpl", vpl),
    "edx": Recipe("edx", edx),
    "inginious": Recipe("inginious", inginious),
    "classroom50": Recipe("classroom50", classroom50),
}
