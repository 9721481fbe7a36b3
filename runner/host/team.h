/* host/team.h: threads that share loops. The only place that knows OpenMP.
 *
 * Inside team_region() one thread runs the caller's function and the others wait for loops; a loop
 * costs about as much as four cache lines that change hands, half a microsecond, so a training step
 * can have several. Waiting threads spin for some microseconds, then sleep; where there are more
 * threads than processors they give way at once. Outside a region parallel_for opens one for
 * itself.
 *
 * Neighbouring pieces of a loop go to the same thread, and the same share of a loop always to the
 * same one, as long as no thread is late by some microseconds: then others take over what it has
 * not taken yet. So who runs which piece is left to chance in the end. Results must not depend on
 * it, and nothing here adds anything up. */
#ifndef SLOPE_HOST_TEAM_H
#define SLOPE_HOST_TEAM_H

#include <stddef.h>

enum { MOST_THREADS = 1024 };

/* Threads from now on; from 1 to MOST_THREADS. Default: what OpenMP says (OMP_NUM_THREADS, else the
 * processors). Not inside a region. */
void threads_set(int count);
int threads_count(void);
int thread_index(void); /* of the calling thread: 0 … threads_count() - 1 */

/* Runs body(argument) on the calling thread with the others at hand. Regions do not nest: an inner
 * one is the outer one.
 *
 * Within a region every thread takes subnormal numbers for zero, as operands and as results:
 * running means that fade away (Adam's, momentum) end there, and arithmetic on subnormals is a
 * hundred times slower. So a trial's numbers are those of that arithmetic, on one thread and on
 * many. */
void team_region(void (*body)(void *argument), void *argument);

/* body(argument, first, last) for ranges that cover [0, count), each at most `grain` long and
 * beginning at a multiple of grain. Returns when all are done. Inside a loop it runs in the caller.
 */
void parallel_for(size_t count, size_t grain,
                  void (*body)(void *argument, size_t first, size_t last), void *argument);

/* The same for pieces of one, none of which is begun before it can be run: where they take long, or
 * some take longer than others by far. (Of short and even ones parallel_for's threads take several
 * at once.) */
void parallel_for_uneven(size_t count, void (*body)(void *argument, size_t first, size_t last),
                         void *argument);

/* Whether a loop started here would run on this thread alone: then cutting work finely is waste. */
int parallel_is_serial(void);

#endif
