"""Attacks on the file system: reading what is hidden (A), and leaving or damaging what stays (C)."""

from __future__ import annotations

from pathlib import Path

import attack_canaries as canaries
import pytest
from attack_arena import Arena
from attack_case import BREACHED, ON_SOME_KERNELS, Case, per_tier

pytestmark = pytest.mark.filterwarnings("ignore")

READING = (
    Case(1, "read-a-hidden-test", "print(open(PATH).read())", canaries.hidden_file, BREACHED),
    Case(
        2,
        "read-by-raw-openat2",
        """
        how = (ctypes.c_uint64 * 3)(0, 0, 0)
        print(os.read(raw(NR_openat2, ctypes.c_long(-100), PATH.encode(), how, ctypes.c_long(24)), 100))
        """,
        canaries.hidden_file,
        BREACHED,
    ),
    Case(3, "list-the-submissions", "print(os.listdir(FOLDER))", canaries.hidden_name, BREACHED),
    Case(4, "stat-as-an-oracle", "print('size', os.stat(PATH).st_size)", canaries.hidden_file, BREACHED),
    Case(14, "open-the-reference", "print(open(PATH).read())", canaries.reference, BREACHED),
    Case(
        14,
        "import-the-reference",
        "import inspect; print(inspect.getsource(importlib.import_module('grader.references.dnn')))",
        canaries.reference,
        BREACHED,
    ),
    Case(
        14,
        "find-the-reference-in-the-import-cache",
        """
        for finder in list(sys.path_importer_cache.values()):
            spec = finder and finder.find_spec("grader")
            if spec:
                print(spec.loader.get_data(PATH))
        """,
        canaries.reference,
        BREACHED,
    ),
    Case(15, "read-the-tree", "if os.listdir(sys.prefix): print('THROUGH')", canaries.claim, BREACHED),
    Case(15, "read-os-release", "open('/proc/version').read(); print('THROUGH')", canaries.claim, BREACHED),
    Case(16, "read-passwd", "open('/etc/passwd').read(); print('THROUGH')", canaries.claim, BREACHED),
    Case(
        18,
        "open-by-handle",
        """
        handle, mount = ctypes.create_string_buffer(256), ctypes.c_int()
        ctypes.c_uint32.from_buffer(handle).value = 128
        raw(NR_name_to_handle_at, ctypes.c_long(-100), PATH.encode(), handle, ctypes.byref(mount), ctypes.c_long(0))
        folder = os.open(FOLDER, os.O_RDONLY)
        print(os.read(raw(NR_open_by_handle_at, ctypes.c_long(folder), handle, ctypes.c_long(0)), 100))
        """,
        canaries.hidden_file,
        ON_SOME_KERNELS,
        walled="error",
    ),
    Case(
        19,
        "import-the-grader",
        "importlib.import_module('grader.judge.compare'); print('THROUGH')",
        canaries.claim,
        BREACHED,
    ),
    Case(
        19,
        "import-the-grader-by-statement",
        "import grader.judge.compare as judge; judge.compare; judge.compare(1, 1, 1); print('THROUGH')",
        canaries.claim,
        "the import statement of a notebook serves listed modules only",
    ),
)

WRITING = (
    Case(
        45,
        "write-beside-the-reports",
        "open(FOLDER + '/report.json', 'w').close()",
        canaries.graded_folder,
        BREACHED,
    ),
    Case(46, "overwrite-the-gradebook", "open(PATH, 'w').close()", canaries.graded_folder, BREACHED),
    Case(47, "symlink", "os.symlink('/etc/passwd', FOLDER + '/link')", canaries.graded_folder, BREACHED),
    Case(47, "hard-link", "os.link(PATH, FOLDER + '/link')", canaries.graded_folder, BREACHED),
    Case(48, "unlink", "os.unlink(PATH)", canaries.graded_folder, BREACHED),
    Case(48, "rename", "os.rename(PATH, PATH + '.old')", canaries.graded_folder, BREACHED),
    Case(49, "truncate", "os.truncate(PATH, 0)", canaries.graded_folder, BREACHED),
    Case(50, "chmod", "os.chmod(PATH, 0o777)", canaries.graded_folder, BREACHED),
    Case(51, "utime", "os.utime(PATH, (1, 1))", canaries.graded_folder, BREACHED),
    Case(52, "drop-in-dev-shm", "open(PATH, 'x').close()", canaries.shared_memory, BREACHED),
    Case(
        53,
        "system-v-shared-memory",
        "raw(NR_shmget, ctypes.c_long(KEY), ctypes.c_long(4096), ctypes.c_long(0o1600))",
        canaries.sysv_memory,
        ON_SOME_KERNELS,
    ),
    Case(54, "memory-file", "os.memfd_create('x'); print('THROUGH')", canaries.claim, BREACHED),
    Case(
        55,
        "fill-the-disk-with-folders",
        "for i in range(200): os.mkdir(f'{FOLDER}/{i}')",
        canaries.graded_folder,
        BREACHED,
    ),
    Case(
        55,
        "fill-the-disk-with-bytes",
        "open(PATH, 'ab', 0).write(b'x' * 4096)",
        canaries.graded_folder,
        "limits on resources hold in every tier",
        free="error|passed",
    ),
    Case(
        56,
        "signal-by-a-file-lock",
        "load('fcntl').flock(open(PATH), LOCK); print('THROUGH')",
        canaries.locked_file,
        BREACHED,
    ),
    Case(
        57,
        "leave-a-key",
        "raw(NR_add_key, b'user', NAME.encode(), b'x', ctypes.c_long(1), ctypes.c_long(-4))",
        canaries.keyring,
        ON_SOME_KERNELS,
        walled="error",
    ),
    Case(
        58,
        "map-a-shared-file-for-writing",
        "file = os.open(PATH, os.O_RDWR); load('mmap').mmap(file, 0)[:3] = b'eve'",
        canaries.graded_folder,
        BREACHED,
    ),
    Case(
        59,
        "leave-a-core",
        """
        resource = load("resource")
        os.chdir(FOLDER)
        resource.setrlimit(resource.RLIMIT_CORE, (10**9, 10**9))
        os.abort()
        """,
        canaries.graded_folder,
        "no process of ours may leave a core, in every tier",
        free="error|passed",
    ),
)
CASES = (*READING, *WRITING)


@per_tier(CASES)
def test_file_attack(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)
