/*
 * Cuts the power of a file system, as its disk would notice it: nothing that is not on disk gets there any more, and every further
 * operation fails (EXT4_IOC_SHUTDOWN without flushing the log, fs/ext4/ioctl.c; XFS has the same number). Needs root.
 *
 *   shut-down FOLDER
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int count, char **words) {
  uint32_t without_flushing_the_log = 2;
  int folder = count == 2 ? open(words[1], O_RDONLY) : -1;
  if (folder < 0 || ioctl(folder, 0x8004587D, &without_flushing_the_log) < 0) return perror("shut-down"), 1;
  return 0;
}
