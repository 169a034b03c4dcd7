"""The seccomp filter of a worker: what student code may ask of the kernel.

Everything is loaded before the filter is, so nothing needs a file, a process, a thread or a socket.
What is not listed fails with EPERM, which Python shows as PermissionError; what no student ever needs
kills the worker. Names that an architecture does not have are skipped.
"""

from __future__ import annotations

import errno

import seccompy
from seccompy import Action, ArgCmp, CmpOp, Filter

#: The most used ones first: the filter is read from the top.
_ALLOWED = (
    "read write mmap munmap mremap brk madvise mprotect futex clock_gettime poll ppoll "
    "readv writev close lseek fstat rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending sigaltstack "
    "gettimeofday time times clock_getres clock_nanosleep nanosleep getrandom getrusage sched_yield "
    "sched_getaffinity getcpu getpid getppid gettid getuid geteuid getgid getegid getpgrp "
    "select pselect6 restart_syscall rseq set_robust_list get_robust_list membarrier mincore "
    "uname sysinfo getrlimit exit exit_group"
)
ALLOWED = tuple(_ALLOWED.split())

_KILLED = (
    "ptrace process_vm_readv process_vm_writev process_madvise kcmp perf_event_open bpf userfaultfd "
    "io_uring_setup io_uring_enter io_uring_register io_setup io_submit keyctl add_key request_key "
    "mount umount2 pivot_root chroot unshare setns move_mount open_tree fsopen fsmount fsconfig "
    "mount_setattr open_by_handle_at name_to_handle_at pidfd_open pidfd_getfd pidfd_send_signal "
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct "
    "iopl ioperm modify_ldt personality seccomp quotactl syslog settimeofday clock_settime adjtimex "
    "clock_adjtime sethostname setdomainname vhangup"
)
KILLED = tuple(_KILLED.split())

_F_GETFD, _F_GETFL = 1, 3


def worker_filter() -> Filter:
    """The filter, not yet loaded. Raises seccompy.UnsupportedError on other architectures."""
    rules = Filter(default=int(Action.ERRNO) | errno.EPERM)
    for name in _known(ALLOWED):
        rules.allow(name)
    for name in _known(KILLED):
        rules.kill(name)
    for command in (_F_GETFD, _F_GETFL):
        rules.allow("fcntl", args={1: command})
    rules.allow("prlimit64", args=[ArgCmp(0, CmpOp.EQ, 0), ArgCmp(2, CmpOp.EQ, 0)])  # own limits, read only
    rules.errno("ioctl", errno.ENOTTY)
    rules.errno("clone3", errno.ENOSYS)  # libc then tries clone, whose failure it understands
    return rules


def _known(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if has(name)]


def has(name: str) -> bool:
    """Whether this architecture has a system call of that name."""
    try:
        seccompy.syscall_nr(name)
    except (KeyError, ValueError):
        return False
    return True
