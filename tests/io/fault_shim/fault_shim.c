/* Preloaded into a process (LD_PRELOAD), it makes the n-th system call on files under one path fail, as a full disk, a
 * broken one, a signal or a kill would. By environment:
 *
 *   FAULT_UNDER   the beginning of the absolute paths that are meant
 *   FAULT_CALLS   which calls count, with commas: open,close,write,fsync,rename,unlink,truncate,mkdir (default: all)
 *   FAULT_AT      the n-th of them, from 1
 *   FAULT_HOW     ENOSPC | EIO | EINTR | EACCES: it fails so; short: a write takes half; kill: SIGKILL before it
 *   FAULT_UNTIL   the last one that fails (default: FAULT_AT; 0: all that follow)
 *   FAULT_REPORT  a file that gets a line for every call that failed; when it is not there, nothing did
 *
 * stdio's own calls inside libc are not seen (log.txt).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kMostDescriptors = 1024 };
static atomic_long calls;
static atomic_bool ours[kMostDescriptors]; /* descriptors of files under FAULT_UNDER */

static int under(const char* path) {
  const char* prefix = getenv("FAULT_UNDER");
  return prefix && path && strncmp(path, prefix, strlen(prefix)) == 0;
}

static int counts(const char* call) {
  const char* list = getenv("FAULT_CALLS");
  if (!list || !*list) return 1;
  const char* found = strstr(list, call);
  return found != NULL && (found == list || found[-1] == ',');
}

static long number(const char* name, long fallback) {
  const char* text = getenv(name);
  return text && *text ? atol(text) : fallback;
}

static void report(const char* call, const char* what) {
  const char* path = getenv("FAULT_REPORT");
  if (!path) return;
  char line[512];
  const int length = snprintf(line, sizeof line, "%s %s\n", call, what);
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  syscall(SYS_write, file, line, (size_t)length);
  syscall(SYS_close, file);
}

/* 0: go on; -1: a short write; else the errno to fail with. */
static int fault(const char* call, const char* what) {
  if (!counts(call)) return 0;
  const long at = number("FAULT_AT", 0), until = number("FAULT_UNTIL", at), now = ++calls;
  if (at == 0 || now < at || (until != 0 && now > until)) return 0;
  const char* how = getenv("FAULT_HOW");
  if (!how) return 0;
  report(call, what);
  if (strcmp(how, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "short") == 0) return -1;
  if (strcmp(how, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(how, "EINTR") == 0) return EINTR;
  if (strcmp(how, "EACCES") == 0) return EACCES;
  return EIO;
}

static int descriptor_fault(const char* call, int descriptor) {
  if (descriptor < 0 || descriptor >= kMostDescriptors || !ours[descriptor]) return 0;
  char name[64], path[256];
  snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(name, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  return fault(call, path);
}

static int failed(int error) {
  errno = error;
  return -1;
}


static int open_at(int directory, const char* path, int flags, mode_t mode) {
  const int is_ours = under(path);
  if (is_ours) {
    const int error = fault("open", path);
    if (error > 0) return failed(error);
  }
  const int descriptor = (int)syscall(SYS_openat, directory, path, flags, mode);
  if (descriptor >= 0 && descriptor < kMostDescriptors) ours[descriptor] = is_ours;
  return descriptor;
}

static mode_t mode_of(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, int) : 0;
}

#define OPEN(NAME)                                        \
  int NAME(const char* path, int flags, ...) {            \
    va_list arguments;                                    \
    va_start(arguments, flags);                           \
    const mode_t mode = mode_of(flags, arguments);        \
    va_end(arguments);                                    \
    return open_at(AT_FDCWD, path, flags, mode);          \
  }
OPEN(open)
OPEN(open64)
int __open_2(const char* path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }

/* Linux closes the descriptor even when it reports an error. */
int close(int descriptor) {
  const int error = descriptor_fault("close", descriptor);
  if (descriptor >= 0 && descriptor < kMostDescriptors) ours[descriptor] = 0;
  const int result = (int)syscall(SYS_close, descriptor);
  return error > 0 ? failed(error) : result;
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  const int error = descriptor_fault("write", descriptor);
  if (error > 0) return failed(error);
  return syscall(SYS_write, descriptor, bytes, error < 0 && count > 1 ? count / 2 : count);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  const int error = descriptor_fault("write", descriptor);
  if (error > 0) return failed(error);
  return syscall(SYS_pwrite64, descriptor, bytes, error < 0 && count > 1 ? count / 2 : count, offset);
}

int fsync(int descriptor) {
  const int error = descriptor_fault("fsync", descriptor);
  return error > 0 ? failed(error) : (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
  const int error = descriptor_fault("fsync", descriptor);
  return error > 0 ? failed(error) : (int)syscall(SYS_fdatasync, descriptor);
}

int ftruncate(int descriptor, off_t length) {
  const int error = descriptor_fault("truncate", descriptor);
  return error > 0 ? failed(error) : (int)syscall(SYS_ftruncate, descriptor, length);
}

int rename(const char* from, const char* to) {
  const int error = under(to) ? fault("rename", to) : 0;
  return error > 0 ? failed(error) : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char* path) {
  const int error = under(path) ? fault("unlink", path) : 0;
  return error > 0 ? failed(error) : (int)syscall(SYS_unlink, path);
}

int mkdir(const char* path, mode_t mode) {
  const int error = under(path) ? fault("mkdir", path) : 0;
  return error > 0 ? failed(error) : (int)syscall(SYS_mkdir, path, mode);
}
