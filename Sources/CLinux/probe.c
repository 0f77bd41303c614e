// Questions about file systems that may never be answered, asked in a process of their own.
//
// What always holds in the child: it is a bare fork of a process with many threads, any of which may have held a lock
// (malloc's, the loader's, the Swift runtime's) at that moment, and nobody will open it again. So between _Fork and
// _exit there are only async-signal-safe calls, on the stack and on memory that was there before; no Swift code runs.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "CLinux.h"

/// An answer with the room behind it; it fits into a pipe, so that its writer never waits.
typedef struct {
    apus_probe_answer head;
    char path[PATH_MAX];
} whole_answer;

/// statfs(2) and not statvfs(3), which on some kernels reads the table of mounts with malloc.
int apus_file_system_read(const char *path, apus_file_system *result) {
    struct statfs read;
    if (statfs(path, &read) != 0) return errno;
    result->block_bytes = (uint64_t)(read.f_frsize ? read.f_frsize : read.f_bsize);
    result->blocks = read.f_blocks;
    result->free_blocks = read.f_bfree;
    result->available_blocks = read.f_bavail;
    result->inodes = read.f_files;
    result->free_inodes = read.f_ffree;
    return 0;
}

/// The path without symbolic links, by O_PATH, which opens no device and triggers no automount. Every descriptor but 0
/// is closed, so the one that is opened is 1.
static int read_resolved_path(const char *path, whole_answer *answer) {
    if (open(path, O_PATH | O_CLOEXEC) < 0) return errno;
    ssize_t length = readlink("/proc/self/fd/1", answer->path, sizeof answer->path);
    if (length < 0) return errno;
    answer->head.path_length = (uint32_t)length;
    return 0;
}

static noreturn void answer_in_child(apus_probe_question question, const char *path, int pipe) {
    // A hung child must hold no socket, no lock and no pipe of its parent.
    if (dup2(pipe, 0) != 0) _exit(1);
    closefrom(1);
    // Where the kernel lets a hung child end, it ends with its service, however that ended.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    whole_answer answer = {0};
    apus_probe_answer *head = &answer.head;
    head->error_number = question == APUS_PROBE_RESOLVE ? read_resolved_path(path, &answer)
                                                        : apus_file_system_read(path, &head->file_system);
    size_t length = sizeof *head + head->path_length;
    _exit(write(0, &answer, length) == (ssize_t)length ? 0 : 1);
}

/// Signals are blocked until the child has put the handlers of its parent away. _Fork (glibc 2.34) leaves out the
/// handlers of pthread_atfork(3), which would take locks.
int apus_probe_start(apus_probe_question question, const char *path, pid_t *child, int *answers) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    pid_t started = _Fork();
    if (started == 0) answer_in_child(question, path, ends[1]);
    int reason = started < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    close(ends[1]);
    if (reason != 0) {
        close(ends[0]);
        return reason;
    }
    *child = started;
    *answers = ends[0];
    return 0;
}
