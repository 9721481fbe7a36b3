/* sweep/ask_tell_record_private.h: what the files of ask_tell_record.h share. For nobody else.
 *
 *     ask_tell_record.c   rows, and when they are safe
 *     ask_tell_reopen.c   a folder from its making, or from what is there, to its end
 */
#ifndef SLOPE_SWEEP_ASK_TELL_RECORD_PRIVATE_H
#define SLOPE_SWEEP_ASK_TELL_RECORD_PRIVATE_H

#include "record/csv.h"
#include "record/run_folder.h"
#include "sweep/ask_tell_record.h"
#include "sweep/crash.h"

#define RECORD_PAUSES "pauses.csv"

/* The note of one process that crashed. */
typedef struct old_note {
    const char *path;
    crash_note note;
} old_note;

struct recorder {
    arena *memory;
    const experiment *experiment;
    plan *plan;
    const config_node *given; /* what config.yaml says, or said when the folder was begun */
    const char *command;
    run_folder folder;
    metric metric; /* what trials are compared by */
    csv_writer *trials, *metrics, *pauses;
    size_t path_count, path_room; /* columns of trials.csv between hash and status */
    const char **paths;
    size_t next; /* number of the next trial */
    recorded_table ended, waited;
    size_t note_count;
    old_note *notes;
    const char *own_note; /* where a crash of this process would be noted */
    size_t met_plugins, met_files, met_room;
    const char **met;  /* digests of data files that the manifest has */
    bool dirty, begun; /* rows are not on the disk yet; config.yaml and the first manifest are */
    double committed_at, flush_seconds; /* when rows were last flushed, how long it took */
    const char *started;
    double started_at, seconds_before;
    int resumes;
};

const char *record_path(arena *a, const recorder *r, const char *name);
bool record_manifest(recorder *r, run_status status, failure *why);
double record_now(void); /* seconds, monotonic */

/* trials.csv with these columns, those that it has first: written anew if they are more. */
bool record_columns(recorder *r, const asked_set *what, failure *why);

#endif
