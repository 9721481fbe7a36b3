/* record/run_folder.h: the folder of a run, its lock and its manifest.
 *
 *     results/<experiment>/<run>/   config.yaml trials.csv metrics.csv manifest.yaml weights/
 * checkpoint/
 *
 * manifest.yaml says `status: running` until the end, when it is replaced as the last thing
 * written: a folder without a final status is not finished. */
#ifndef SLOPE_RECORD_RUN_FOLDER_H
#define SLOPE_RECORD_RUN_FOLDER_H

#include "config/experiment.h"
#include "data/dataset.h"

typedef struct run_folder {
    const char *path;
    const char *lock_path; /* private */
    int lock;              /* private: file descriptor of the lock, -1 if none */
} run_folder;

/* Makes the folder: `output` if not NULL (must be empty or not there), otherwise
 * results/<experiment>/<YYYY-MM-DDTHHMMSS> with -2, -3 … where taken, and points the symbolic link
 * results/<experiment>/latest at it. Locks it. Everything is made so that a folder that cannot be
 * written is found here. On failure no folder of a run is left behind. */
bool run_folder_create(arena *a, const char *experiment_name, const char *output,
                       run_folder *folder, failure *why);

/* Opens an existing one for resume. A folder that another process works on is refused, with the
 * number of that process. A path that is a symbolic link (latest) is followed once and for all. */
bool run_folder_open(arena *a, const char *path, run_folder *folder, failure *why);

/* Unlocks, and removes weights/ and checkpoint/ where nothing was put into them. */
void run_folder_close(run_folder *folder);

typedef enum run_status { RUN_RUNNING, RUN_FINISHED, RUN_INTERRUPTED, RUN_FAILED } run_status;

/* Code and data that a run's numbers rest on. */
typedef struct ingredients {
    size_t plugin_count;
    const host_plugin *const *plugins;
    size_t dataset_count;
    const dataset *const *datasets;
} ingredients;

typedef struct provenance {
    run_status status;
    const char *experiment; /* its name */
    const char *command;    /* the command line */
    bool asked;             /* by another program, which asks for its trials (slope ask-tell): what
                               the manifest has of plugins and data that are not among the
                               ingredients stays there */
    int threads;
    const char *isa; /* kernels in use */
    size_t trial_count;
    size_t shard_index, shard_count; /* count 0: the run is no shard */
    ingredients ingredients;
    const config_node *config; /* what is in config.yaml, where it may be edited; or NULL */
    double seconds;
    const char *started; /* ISO 8601, UTC */
    int resumes;
} provenance;

/* Writes manifest.yaml (aside, then renamed; that of a run that only begins is left to
 * file_flush()): status, slope's version and git state, compiler and flags, plugins used (id,
 * version, path, SHA-256), data files (path, SHA-256), CPU, threads, host, times, configuration. */
bool manifest_write(const run_folder *folder, const provenance *p, failure *why);

/* What a manifest that is there says, as far as a run that goes on must know it. */
typedef struct manifest_summary {
    run_status status;
    char started[40];
    double seconds;
    int resumes;
    size_t shard_index, shard_count;
    bool asked; /* the folder is one of slope ask-tell */
} manifest_summary;

bool manifest_read(const char *folder, manifest_summary *summary, failure *why);
/* What of the code and data in a manifest is not what it is now: a line each, "" for nothing. Those
 * that only one side knows do not count. */
const char *manifest_changes(arena *a, const char *folder, const ingredients *now);
/* The configuration with which the run began; NULL where the manifest has none. */
const config_node *manifest_config(arena *a, const char *folder);
bool manifest_read_status(const char *folder, run_status *status, failure *why);

#endif
