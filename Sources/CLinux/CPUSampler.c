// The CPU sampler: SIGPROF from setitimer(2), and a walk along the frame pointers inside the handler.
//
// What always holds in the handler: it allocates nothing, takes no lock, calls nothing that is not async-signal-safe,
// keeps errno, and never reads memory through a pointer that it found. Stack memory is copied page by page with
// process_vm_readv(2) on this very process, which answers EFAULT where a plain load would end the program: frame
// pointers are only a convention (assembly and C built without them use the register for data).
//
// How it ends without a race: a handler announces itself in `running` before it looks at `enabled`; stop clears
// `enabled` and then waits until `running` is zero, so storage is never taken from under a handler. A signal that is
// still pending is discarded by setting SIG_IGN before the former handler comes back: with the default handler in
// place, that signal would end the process.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include "CLinux.h"

#define PAGE_BYTES ((uintptr_t)4096)
/// No frame lies further than this above the interrupted stack pointer (thread stacks are 8 MiB by default).
#define STACK_SPAN ((uintptr_t)64 << 20)
/// Swift marks the saved frame pointer of an asynchronous frame in bit 60.
#define SWIFT_ASYNC_FRAME ((uintptr_t)1 << 60)

static atomic_bool claimed;
static atomic_bool enabled;
static atomic_int running;
static atomic_size_t taken;
static apus_cpu_sample *samples;
static size_t sample_capacity;
static pid_t sampled_process;
static struct sigaction former_action;

/// One page of stack, copied. `base` is 0 while nothing is held.
typedef struct {
    uintptr_t base;
    unsigned char bytes[4096];
} page_copy;

static bool load(page_copy *page, uintptr_t base) {
    struct iovec into = {page->bytes, PAGE_BYTES};
    struct iovec from = {(void *)base, PAGE_BYTES};
    bool whole = process_vm_readv(sampled_process, &into, 1, &from, 1, 0) == (ssize_t)PAGE_BYTES;
    page->base = whole ? base : 0;
    return whole;
}

static bool read_word(page_copy *page, uintptr_t address, uintptr_t *word) {
    uintptr_t base = address & ~(PAGE_BYTES - 1);
    if (page->base != base && !load(page, base)) return false;
    memcpy(word, page->bytes + (address - base), sizeof *word);  // aligned, so it never crosses the page
    return true;
}

static void registers(const ucontext_t *context, uintptr_t *pc, uintptr_t *fp, uintptr_t *sp) {
#if defined(__x86_64__)
    *pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    *fp = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
    *sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    *pc = (uintptr_t)context->uc_mcontext.pc;
    *fp = (uintptr_t)context->uc_mcontext.regs[29];
    *sp = (uintptr_t)context->uc_mcontext.sp;
#else
#error "the CPU sampler knows x86_64 and aarch64"
#endif
}

/// A frame record is two words: the caller's frame pointer, then the return address. Records only move up the stack.
static uint32_t walk(const ucontext_t *context, uintptr_t *frames) {
    uintptr_t pc, fp, sp;
    registers(context, &pc, &fp, &sp);
    frames[0] = pc;
    uint32_t depth = 1;
    uintptr_t lowest = sp, limit = sp + STACK_SPAN;
    page_copy page;
    page.base = 0;
    while (depth < APUS_SAMPLE_DEPTH) {
        uintptr_t next, return_address;
        fp &= ~SWIFT_ASYNC_FRAME;
        if (fp < lowest || fp >= limit || fp % sizeof(uintptr_t) != 0) break;
        if (!read_word(&page, fp, &next) || !read_word(&page, fp + sizeof next, &return_address)) break;
        if (return_address < PAGE_BYTES) break;
        frames[depth++] = return_address;
        lowest = fp + 2 * sizeof next;
        fp = next;
    }
    return depth;
}

static void take_sample(int signal, siginfo_t *information, void *context) {
    (void)signal;
    (void)information;
    int saved_errno = errno;
    atomic_fetch_add(&running, 1);
    if (atomic_load(&enabled)) {
        size_t index = atomic_fetch_add(&taken, 1);
        if (index < sample_capacity) samples[index].depth = walk(context, samples[index].frames);
    }
    atomic_fetch_sub(&running, 1);
    errno = saved_errno;
}

static int set_timer(unsigned int frequency) {
    struct itimerval timer = {0};
    if (frequency == 1) timer.it_interval.tv_sec = 1;
    else if (frequency > 1) timer.it_interval.tv_usec = 1000000 / frequency;
    timer.it_value = timer.it_interval;
    return setitimer(ITIMER_PROF, &timer, NULL) == 0 ? 0 : errno;
}

int apus_cpu_sampler_start(unsigned int frequency, size_t capacity) {
    if (frequency == 0 || frequency > 1000 || capacity == 0) return EINVAL;
    bool expected = false;
    if (!atomic_compare_exchange_strong(&claimed, &expected, true)) return EBUSY;
    void *storage = mmap(NULL, capacity * sizeof *samples, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (storage == MAP_FAILED) {
        int reason = errno;
        atomic_store(&claimed, false);
        return reason;
    }
    samples = storage;
    sample_capacity = capacity;
    sampled_process = getpid();
    atomic_store(&taken, 0);
    struct sigaction action = {.sa_sigaction = take_sample, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    sigaction(SIGPROF, &action, &former_action);
    atomic_store(&enabled, true);
    int reason = set_timer(frequency);
    if (reason != 0) {
        apus_cpu_sampler_stop();
        apus_cpu_sampler_release();
    }
    return reason;
}

void apus_cpu_sampler_stop(void) {
    if (!atomic_exchange(&enabled, false)) return;
    set_timer(0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPROF, &ignore, NULL);
    sigaction(SIGPROF, &former_action, NULL);
    while (atomic_load(&running) != 0) sched_yield();
}

const apus_cpu_sample *apus_cpu_sampler_samples(size_t *count, size_t *dropped) {
    size_t all = atomic_load(&taken);
    *count = all < sample_capacity ? all : sample_capacity;
    *dropped = all - *count;
    return samples;
}

void apus_cpu_sampler_release(void) {
    if (!samples) return;
    munmap(samples, sample_capacity * sizeof *samples);
    samples = NULL;
    sample_capacity = 0;
    atomic_store(&claimed, false);
}
