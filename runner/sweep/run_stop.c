/* sweep/run_stop.c: being asked to stop: by Ctrl-C, by a cluster that wants its node back (SIGTERM,
 * SIGUSR1), by a limit. No new trial is begun, those under way finish their step and are saved. See
 * run_private.h. */
#include "sweep/run_private.h"

#include <signal.h>
#include <string.h>

/* Set by the handler, looked at by all threads: lock-free. */
static atomic_bool interrupts, returns;

/* The first signal asks; a second one ends the program at once. */
static void on_signal(int number)
{
    if (number == SIGINT)
        atomic_store(&interrupts, true);
    else
        atomic_store(&returns, true);
    signal(number, SIG_DFL);
}

void run_watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    atomic_store(&interrupts, false);
    atomic_store(&returns, false);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

void run_ask_to_stop(run *r, stop_reason reason)
{
    int none = STOP_NOT;
    atomic_compare_exchange_strong(&r->stop, &none, reason); /* the first reason is told */
}

bool run_asked_to_stop(run *r)
{
    if (interrupts) run_ask_to_stop(r, STOP_INTERRUPT);
    if (returns) run_ask_to_stop(r, STOP_AGAIN);
    if (!isnan(r->sweep->seconds) && run_now() - r->started_at > r->sweep->seconds)
        run_ask_to_stop(r, STOP_LIMIT);
    return atomic_load(&r->stop) != STOP_NOT;
}
