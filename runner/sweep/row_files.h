/* sweep/row_files.h: the CSV files of a run, filtered and put in order.
 *
 * While trials run, rows are appended as they come, those of trials that train together mixed. A
 * file is put in order (by trial, and for each trial as they came) when a run ends, goes on, is
 * extended or merged; so the files of a run do not depend on how it was cut, stopped or shared.
 * The first column holds the number of the trial, a column `step`, where there is one, the second.
 *
 * Only for files that this program wrote (record/csv.h). What a crash left behind the last whole
 * row is dropped. */
#ifndef SLOPE_SWEEP_ROW_FILES_H
#define SLOPE_SWEEP_ROW_FILES_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

/* What becomes of a row: its trial's new number, or ROW_DROPPED. `step` is 0 in files without it.
 */
#define ROW_DROPPED SIZE_MAX
typedef size_t (*row_fate)(void *argument, size_t source, size_t trial, uint64_t step);

/* Writes the rows of all sources to `target` (which may be one of them), aside and renamed. Sources
 * that are not there count as empty; all headers must be the same. If none is there, nothing is
 * written. *bytes: length of the file, -1 where there is none. Not flushed to the disk. */
bool row_files_gather(const char *target, const char *const *sources, size_t source_count,
                      row_fate fate, void *argument, int64_t *bytes, failure *why);

#endif
