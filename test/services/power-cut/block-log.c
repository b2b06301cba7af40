/*
 * A block device that remembers: serves one image file through FUSE (kernel protocol 7.31, <linux/fuse.h>; no library needed) and
 * appends every write and every flush to a log, in the order in which they happened. A loop device on top of it makes a
 * disk whose power can be cut at any moment afterwards, by replaying the log.
 *
 *   block-log IMAGE LOG MOUNTPOINT
 *
 * Record: u32 kind ('W' or 'F'), u32 length, u64 offset, then `length` bytes. Ends when it is unmounted. Needs root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_NODE 2
#define WRITE_MAX 131072

static int device, image, record_log;
static uint64_t size;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void answer(uint64_t unique, int error, const void *body, size_t length) {
  struct fuse_out_header head = {.len = sizeof head + (error ? 0 : length), .error = -error, .unique = unique};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)body, error ? 0 : length}};
  if (writev(device, parts, 2) < 0 && errno != ENOENT) fail("answer");
}

static void record(uint32_t kind, uint64_t offset, const void *data, uint32_t length) {
  struct { uint32_t kind, length; uint64_t offset; } head = {kind, length, offset};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, length}};
  if (writev(record_log, parts, 2) != (ssize_t)(sizeof head + length)) fail("log");
}

static struct fuse_attr attributes(uint64_t node) {
  struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = 4096};
  attr.mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700;
  if (node == FILE_NODE) attr.size = size, attr.blocks = size / 512;
  return attr;
}

static void serve(struct fuse_in_header *in, char *body) {
  static char data[WRITE_MAX];
  switch (in->opcode) {
    case FUSE_INIT: {
      struct fuse_init_out out = {.major = 7, .minor = 31, .max_readahead = 0, .flags = FUSE_BIG_WRITES, .max_write = WRITE_MAX};
      return answer(in->unique, 0, &out, sizeof out);
    }
    case FUSE_LOOKUP: {
      if (strcmp(body, "disk")) return answer(in->unique, ENOENT, 0, 0);
      struct fuse_entry_out out = {.nodeid = FILE_NODE, .attr_valid = 3600, .entry_valid = 3600, .attr = attributes(FILE_NODE)};
      return answer(in->unique, 0, &out, sizeof out);
    }
    case FUSE_GETATTR:
    case FUSE_SETATTR: {
      struct fuse_attr_out out = {.attr_valid = 3600, .attr = attributes(in->nodeid)};
      return answer(in->unique, 0, &out, sizeof out);
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR: {
      /* Without the page cache in between, the order seen here is the order in which the file system wrote. */
      struct fuse_open_out out = {.fh = 1, .open_flags = in->opcode == FUSE_OPEN ? FOPEN_DIRECT_IO : 0};
      return answer(in->unique, 0, &out, sizeof out);
    }
    case FUSE_READ: {
      struct fuse_read_in *read = (void *)body;
      ssize_t got = pread(image, data, read->size > WRITE_MAX ? WRITE_MAX : read->size, read->offset);
      return got < 0 ? answer(in->unique, EIO, 0, 0) : answer(in->unique, 0, data, got);
    }
    case FUSE_WRITE: {
      struct fuse_write_in *write = (void *)body;
      char *bytes = body + sizeof *write;
      if (pwrite(image, bytes, write->size, write->offset) != (ssize_t)write->size) return answer(in->unique, EIO, 0, 0);
      record('W', write->offset, bytes, write->size);
      struct fuse_write_out out = {.size = write->size};
      return answer(in->unique, 0, &out, sizeof out);
    }
    case FUSE_FSYNC:
      record('F', 0, 0, 0);
      return answer(in->unique, 0, 0, 0);
    case FUSE_STATFS: {
      struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255, .frsize = 4096}};
      return answer(in->unique, 0, &out, sizeof out);
    }
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_ACCESS:
      return answer(in->unique, 0, 0, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;
    default:
      return answer(in->unique, ENOSYS, 0, 0);
  }
}

int main(int count, char **words) {
  if (count != 4) return fprintf(stderr, "usage: block-log IMAGE LOG MOUNTPOINT\n"), 2;
  if ((image = open(words[1], O_RDWR)) < 0) fail(words[1]);
  if ((record_log = open(words[2], O_WRONLY | O_CREAT | O_APPEND, 0600)) < 0) fail(words[2]);
  if ((device = open("/dev/fuse", O_RDWR)) < 0) fail("/dev/fuse");
  struct stat found;
  if (fstat(image, &found) < 0) fail("stat");
  size = found.st_size;
  char options[100];
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (mount("block-log", words[3], "fuse", MS_NOSUID | MS_NODEV, options) < 0) fail("mount");
  puts("ready");
  fflush(stdout);
  static char request[WRITE_MAX + 8192];
  for (;;) {
    ssize_t length = read(device, request, sizeof request);
    if (length < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
    if (length < 0) return errno == ENODEV ? 0 : 1;
    struct fuse_in_header *in = (void *)request;
    serve(in, request + sizeof *in);
  }
}
