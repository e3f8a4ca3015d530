/* Loaded before fxbatch (LD_PRELOAD) by kill_at_points.py: numbers what the process does to its store
 * and to the bank, writes each such step down, and kills the process at one of them.
 *
 *   KILL_STORE   path of the database; its write-ahead log is the same name with "-wal"
 *   KILL_CALL    words by which a booking call is known on its way to the bank
 *   KILL_LOG     file to which each step is appended: "kind number offset length"
 *   KILL_AT      "kind number side", side being before or after; nothing is killed without it
 *   KILL_PAGE    file that takes the bytes of a commit's last write, whether it happens or not
 *
 * The kinds: `frame` and `commit` are writes to the log, a commit being the one write with which a
 * transaction begins to count; `sync` is a sync of the log; `store` is any change of the database's own
 * file, or of the log as a whole; `call` is a booking call handed to the network, `answer` the first
 * bytes that come back on its connection. All threads count together.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define FRAME_HEADER_BYTES 24
#define WAL_HEADER_BYTES 32

enum kind { FRAME, COMMIT, SYNC, STORE, CALL, ANSWER, KINDS, NONE };
static const char *const names[KINDS] = {"frame", "commit", "sync", "store", "call", "answer"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counts[KINDS];
static enum kind target = NONE;
static long target_number;
static int kills_before;
static int log_file = -1;
static const char *store, *call_words, *page_path;
/* The connection on which a booking call waits for its answer. */
static int call_connection = -1;
/* Whether the header of a committing frame was the last that the log took. */
static int commit_follows;

__attribute__((constructor)) static void prepare(void) {
  store = getenv("KILL_STORE");
  call_words = getenv("KILL_CALL");
  page_path = getenv("KILL_PAGE");
  const char *log_path = getenv("KILL_LOG"), *at = getenv("KILL_AT");
  char kind[16], side[16];
  if (!store || !call_words || !page_path || !log_path) {
    fprintf(stderr, "kill_at_points: KILL_STORE, KILL_CALL, KILL_PAGE and KILL_LOG are needed\n");
    _exit(99);
  }
  log_file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_file < 0) _exit(99);
  if (!at) return;
  if (sscanf(at, "%15s %ld %15s", kind, &target_number, side) != 3) _exit(99);
  for (int index = 0; index < KINDS; index++)
    if (strcmp(kind, names[index]) == 0) target = index;
  if (target == NONE) _exit(99);
  kills_before = strcmp(side, "before") == 0;
}

/* The real function behind one of ours. */
static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) _exit(99);
  return found;
}

#define REAL(name)                                   \
  static __typeof__(&name) next;                     \
  if (!next) next = (__typeof__(&name))real(#name)

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/* What this descriptor is to us: 0 something else, 1 the database, 2 its log. */
static int role(int descriptor) {
  char link[64], path[PATH_BYTES];
  if (!store) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = syscall(SYS_readlink, link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  size_t prefix = strlen(store);
  if (strncmp(path, store, prefix) != 0) return 0;
  if (path[prefix] == 0) return 1;
  return strcmp(path + prefix, "-wal") == 0 ? 2 : 0;
}

/* Counts a step that is about to happen; returns whether the process dies right after it. */
static int begin(enum kind kind, long offset, long length) {
  char line[96];
  long number = ++counts[kind];
  int size = snprintf(line, sizeof line, "%s %ld %ld %ld\n", names[kind], number, offset, length);
  syscall(SYS_write, log_file, line, size);
  if (kind != target || number != target_number) return 0;
  if (kills_before) die();
  return 1;
}

static void keep_page(const void *bytes, size_t length) {
  int file = open(page_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || syscall(SYS_write, file, bytes, length) != (long)length) _exit(99);
  close(file);
}

/* SQLite writes a frame as a header and then a page; the header of a transaction's last frame has the
 * size of the database in its second word. */
static enum kind kind_of_log_write(const void *bytes, size_t length, long offset) {
  const unsigned char *word = (const unsigned char *)bytes + 4;
  if (length == FRAME_HEADER_BYTES && offset >= WAL_HEADER_BYTES) {
    commit_follows = word[0] || word[1] || word[2] || word[3];
    return FRAME;
  }
  if (!commit_follows) return FRAME;
  commit_follows = 0;
  return COMMIT;
}

/* One writes to a store at a time, so that holding the lock over the real call delays nobody. */
#define WRITE_AT(name)                                                             \
  ssize_t name(int file, const void *bytes, size_t length, off_t offset) {         \
    REAL(name);                                                                    \
    int what = role(file);                                                         \
    if (!what) return next(file, bytes, length, offset);                           \
    pthread_mutex_lock(&lock);                                                     \
    enum kind kind = what == 1 ? STORE : kind_of_log_write(bytes, length, offset); \
    if (kind == COMMIT) keep_page(bytes, length);                                  \
    int dies = begin(kind, offset, length);                                        \
    ssize_t done = next(file, bytes, length, offset);                              \
    return end(dies, done);                                                        \
  }

#define SYNC_OF(name)                               \
  int name(int file) {                              \
    REAL(name);                                     \
    int what = role(file);                          \
    if (!what) return next(file);                   \
    pthread_mutex_lock(&lock);                      \
    int dies = begin(what == 1 ? STORE : SYNC, 0, 0); \
    int done = next(file);                          \
    return (int)end(dies, done);                    \
  }

#define TRUNCATE(name)                     \
  int name(int file, off_t length) {       \
    REAL(name);                            \
    if (!role(file)) return next(file, length); \
    pthread_mutex_lock(&lock);             \
    int dies = begin(STORE, 0, length);    \
    int done = next(file, length);         \
    return (int)end(dies, done);           \
  }

/* Ends a step: with the process, or with what the real call said. */
static ssize_t end(int dies, ssize_t done) {
  int reason = errno;
  if (dies) die();
  pthread_mutex_unlock(&lock);
  errno = reason;
  return done;
}

WRITE_AT(pwrite)
WRITE_AT(pwrite64)
SYNC_OF(fsync)
SYNC_OF(fdatasync)
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int unlink(const char *path) {
  REAL(unlink);
  if (!store || strncmp(path, store, strlen(store)) != 0) return next(path);
  pthread_mutex_lock(&lock);
  int dies = begin(STORE, 0, 0);
  int done = next(path);
  return (int)end(dies, done);
}

static int is_call(const void *bytes, size_t length) {
  return call_words && memmem(bytes, length, call_words, strlen(call_words));
}

ssize_t write(int file, const void *bytes, size_t length) {
  REAL(write);
  if (!is_call(bytes, length)) return next(file, bytes, length);
  pthread_mutex_lock(&lock);
  call_connection = file;
  int dies = begin(CALL, 0, (long)length);
  ssize_t done = next(file, bytes, length);
  return end(dies, done);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  REAL(writev);
  long length = 0;
  int found = 0;
  for (int index = 0; index < count; index++) {
    found = found || is_call(parts[index].iov_base, parts[index].iov_len);
    length += (long)parts[index].iov_len;
  }
  if (!found) return next(file, parts, count);
  pthread_mutex_lock(&lock);
  call_connection = file;
  int dies = begin(CALL, 0, length);
  ssize_t done = next(file, parts, count);
  return end(dies, done);
}

ssize_t read(int file, void *bytes, size_t length) {
  REAL(read);
  ssize_t done = next(file, bytes, length);
  int reason = errno;
  if (done > 0) {
    pthread_mutex_lock(&lock);
    if (file == call_connection) {
      call_connection = -1;
      if (begin(ANSWER, 0, done)) die();
    }
    pthread_mutex_unlock(&lock);
  }
  errno = reason;
  return done;
}
