/* kernels/jobs.h: what a product does, as a loop that has not been run yet; and several that do not
 * depend on each other, run as one. A loop of its own for each would cost a meeting of all threads,
 * half a microsecond and whatever one of them waits for another.
 *
 * Only for kernels/core.c. */
#ifndef SLOPE_KERNELS_JOBS_H
#define SLOPE_KERNELS_JOBS_H

#include "kernels/cut.h"
#include "slope/host.h"

/* body(argument, first, last) for ranges of [0, count), as parallel_for's: at most `grain` each. */
typedef struct job {
    size_t count, grain;
    void (*body)(void *argument, size_t first, size_t last);
    void *argument;
} job;

enum { MOST_JOBS = 3 };

typedef struct jobs {
    size_t count, shares;
    job list[MOST_JOBS];
} jobs;

static inline size_t job_pieces(const job *j)
{
    return j->count ? ceil_divide(j->count, j->grain) : 0;
}

static inline void job_piece(const job *j, size_t piece)
{
    const size_t first = piece * j->grain;
    j->body(j->argument, first, j->count - first < j->grain ? j->count : first + j->grain);
}

/* Neighbouring pieces go to the same thread: a share of every job, then the next share of each. */
static inline void jobs_piece(const jobs *all, size_t number)
{
    for (size_t share = 0; share < all->shares; share++)
        for (size_t i = 0; i < all->count; i++) {
            const size_t pieces = job_pieces(&all->list[i]);
            const size_t begin = piece_begin(pieces, all->shares, share);
            const size_t here = piece_begin(pieces, all->shares, share + 1) - begin;
            if (number < here) {
                job_piece(&all->list[i], begin + number);
                return;
            }
            number -= here;
        }
}

static inline void jobs_pieces(void *argument, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) jobs_piece(argument, i);
}

static inline void run_job(const slope_host *host, job j)
{
    host->parallel_for(host, j.count, j.grain, j.body, j.argument);
}

/* At the same time if the last one, the largest, is worth several threads. (The largest comes last
 * because threads take what comes first in large portions: host/team.c.) */
static inline void run_jobs(const slope_host *host, size_t count, const job *list)
{
    jobs all = {.count = count, .shares = (size_t)threads_count()};
    size_t pieces = 0;
    for (size_t i = 0; i < count; i++) {
        all.list[i] = list[i];
        pieces += job_pieces(&list[i]);
    }
    if (job_pieces(&list[count - 1]) > 1)
        host->parallel_for(host, pieces, 1, jobs_pieces, &all);
    else
        jobs_pieces(&all, 0, pieces);
}

#endif
