"""System calls by number, written down from Linux's own headers and not from the library that builds the filter.

`name=a,b`: the number on x86_64 (`asm/unistd_64.h`) and on aarch64 (`asm-generic/unistd.h`); `-` where an
architecture has none.
"""

from __future__ import annotations

#: What a worker may do.
ALLOWED = """
read=0,63 write=1,64 mmap=9,222 munmap=11,215 mremap=25,216 brk=12,214 madvise=28,233 mprotect=10,226
futex=202,98 clock_gettime=228,113 poll=7,- ppoll=271,73 readv=19,65 writev=20,66 close=3,57 lseek=8,62
fstat=5,80 rt_sigaction=13,134 rt_sigprocmask=14,135 rt_sigreturn=15,139 rt_sigpending=127,136
sigaltstack=131,132 gettimeofday=96,169 time=201,- times=100,153 clock_getres=229,114
clock_nanosleep=230,115 nanosleep=35,101 getrandom=318,278 getrusage=98,165 sched_yield=24,124
sched_getaffinity=204,123 getcpu=309,168 getpid=39,172 getppid=110,173 gettid=186,178 getuid=102,174
geteuid=107,175 getgid=104,176 getegid=108,177 getpgrp=111,- select=23,- pselect6=270,72
restart_syscall=219,128 rseq=334,293 set_robust_list=273,99 get_robust_list=274,100 membarrier=324,283
mincore=27,232 uname=63,160 sysinfo=99,179 getrlimit=97,163 exit=60,93 exit_group=231,94
"""
#: What it dies of.
KILLED = """
ptrace=101,117 process_vm_readv=310,270 process_vm_writev=311,271 process_madvise=440,440 kcmp=312,272
perf_event_open=298,241 bpf=321,280 userfaultfd=323,282 io_uring_setup=425,425 io_uring_enter=426,426
io_uring_register=427,427 io_setup=206,0 io_submit=209,2 keyctl=250,219 add_key=248,217
request_key=249,218 mount=165,40 umount2=166,39 pivot_root=155,41 chroot=161,51 unshare=272,97
setns=308,268 move_mount=429,429 open_tree=428,428 fsopen=430,430 fsmount=432,432 fsconfig=431,431
mount_setattr=442,442 open_by_handle_at=304,265 name_to_handle_at=303,264 pidfd_open=434,434
pidfd_getfd=438,438 pidfd_send_signal=424,424 init_module=175,105 finit_module=313,273
delete_module=176,106 kexec_load=246,104 kexec_file_load=320,294 reboot=169,142 swapon=167,224
swapoff=168,225 acct=163,89 iopl=172,- ioperm=173,- modify_ldt=154,- personality=135,92 seccomp=317,277
quotactl=179,60 syslog=103,116 settimeofday=164,170 clock_settime=227,112 adjtimex=159,171
clock_adjtime=305,266 sethostname=170,161 setdomainname=171,162 vhangup=153,58
"""
#: What depends on arguments, or fails with an error of its own.
SPECIAL = """
fcntl=72,25 prlimit64=302,261 ioctl=16,29 clone3=435,435
"""
#: What fails: files, processes, threads, signals, sockets, rights, and whatever outlives a process.
REFUSED = """
max=450,451 open=2,- openat=257,56 openat2=437,437 creat=85,- execve=59,221 execveat=322,281 fork=57,-
vfork=58,- clone=56,220 socket=41,198 socketpair=53,199 connect=42,203 bind=49,200 listen=50,201
accept=43,202 accept4=288,242 sendto=44,206 sendmsg=46,211 sendmmsg=307,269 recvfrom=45,207
recvmsg=47,212 recvmmsg=299,243 shutdown=48,210 kill=62,129 tkill=200,130 tgkill=234,131
rt_sigqueueinfo=129,138 rt_tgsigqueueinfo=297,240 memfd_create=319,279 memfd_secret=447,447 dup=32,23
dup2=33,- dup3=292,24 pipe=22,- pipe2=293,59 eventfd=284,- eventfd2=290,19 signalfd=282,-
signalfd4=289,74 timerfd_create=283,85 epoll_create=213,- epoll_create1=291,20 inotify_init=253,-
inotify_init1=294,26 fanotify_init=300,262 stat=4,- lstat=6,- newfstatat=262,79 statx=332,291
access=21,- faccessat=269,48 faccessat2=439,439 readlink=89,- readlinkat=267,78 getdents=78,-
getdents64=217,61 getcwd=79,17 chdir=80,49 fchdir=81,50 mkdir=83,- mkdirat=258,34 rmdir=84,- unlink=87,-
unlinkat=263,35 rename=82,- renameat=264,38 renameat2=316,276 link=86,- linkat=265,37 symlink=88,-
symlinkat=266,36 mknod=133,- mknodat=259,33 chmod=90,- fchmod=91,52 fchmodat=268,53 chown=92,-
fchown=93,55 lchown=94,- fchownat=260,54 utime=132,- utimes=235,- utimensat=280,88 futimesat=261,-
truncate=76,45 ftruncate=77,46 fallocate=285,47 statfs=137,43 fstatfs=138,44 setxattr=188,5
fsetxattr=190,7 lsetxattr=189,6 getxattr=191,8 listxattr=194,11 removexattr=197,14 flock=73,32
sync=162,81 syncfs=306,267 fsync=74,82 fdatasync=75,83 sendfile=40,71 splice=275,76 tee=276,77
vmsplice=278,75 copy_file_range=326,285 pread64=17,67 pwrite64=18,68 preadv=295,69 pwritev=296,70
preadv2=327,286 pwritev2=328,287 shmget=29,194 shmat=30,196 shmctl=31,195 shmdt=67,197 semget=64,190
semop=65,193 semctl=66,191 msgget=68,186 msgsnd=69,189 msgrcv=70,188 msgctl=71,187 mq_open=240,180
mq_unlink=241,181 setuid=105,146 setgid=106,144 setreuid=113,145 setregid=114,143 setresuid=117,147
setresgid=119,149 setfsuid=122,151 setfsgid=123,152 setgroups=116,159 capset=126,91 setsid=112,157
setpgid=109,154 setrlimit=160,164 setpriority=141,140 getpriority=140,141 sched_setaffinity=203,122
sched_setscheduler=144,119 sched_setparam=142,118 sched_setattr=314,274 ioprio_set=251,30 prctl=157,167
arch_prctl=158,- landlock_create_ruleset=444,444 landlock_add_rule=445,445
landlock_restrict_self=446,446 wait4=61,260 waitid=247,95 alarm=37,- setitimer=38,103
timer_create=222,107 pkey_alloc=330,289 pkey_mprotect=329,288 pkey_free=331,290 mlock=149,228
mlock2=325,284 mlockall=151,230 munlock=150,229 mbind=237,235 set_mempolicy=238,237
migrate_pages=256,238 move_pages=279,239 remap_file_pages=216,234 msync=26,227 futex_waitv=449,449
process_mrelease=448,448 epoll_pwait2=441,441 close_range=436,436 set_tid_address=218,96 umask=95,166
sysfs=139,- ustat=136,- uselib=134,- lookup_dcookie=212,18 nfsservctl=180,42 tuxcall=184,- vserver=236,-
get_thread_area=211,- set_thread_area=205,- quotactl_fd=443,443
"""
ARCHITECTURES = ("x86_64", "aarch64")


def numbers(text: str, architecture: str) -> dict[str, int]:
    """The numbers of these calls on one architecture, without those that it has not."""
    column = ARCHITECTURES.index(architecture)
    pairs = (entry.split("=") for entry in text.split())
    return {name: int(both.split(",")[column]) for name, both in pairs if both.split(",")[column] != "-"}
