/* base/digests.h: SHA-256 of files that were digested before and have not changed since.
 *
 * A digest is remembered together with the file's path, device, inode, size and times of change
 * (both of them, in nanoseconds). If any of these differs, the file is read anew. A file that was
 * changed less than two seconds before it is looked at is not remembered: it could be changed once
 * more within one tick of the file system's clock. What is remembered lasts as long as the process
 * and, where a folder is given, beyond it. Never fails for want of the folder: then more is read,
 * that is all. One thread at a time. */
#ifndef SLOPE_BASE_DIGESTS_H
#define SLOPE_BASE_DIGESTS_H

#include "base/failure.h"

/* The folder (made when it is needed) in which a file `digests` is kept; NULL, as at the start:
 * none. Forgets what was known before. */
void digests_keep_in(const char *folder);

/* As file_sha256(). */
bool digest_of_file(const char *path, char digest[65], failure *why);

#endif
