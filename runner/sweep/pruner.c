/* sweep/pruner.c: see pruner.h. */
#include "sweep/pruner.h"

#include "base/arena.h"
#include "host/description.h"
#include "host/services.h"

uint64_t pruner_cohort(const pruner *p)
{
    if (p->about->cohort_parameter == NULL) return 0;
    const double cohort =
        description_number(&p->about->plugin, p->config, p->about->cohort_parameter, 0);
    return cohort >= 1 ? (uint64_t)cohort : 1;
}

uint64_t pruner_rung(const pruner *p, size_t rung, uint64_t before, uint64_t total_steps,
                     uint64_t steps_per_epoch)
{
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    host.memory = arena_create();
    const slope_pruner_call call = {.size = sizeof call,
                                    .host = &host.host,
                                    .config = p->config,
                                    .rung = rung,
                                    .total_steps = total_steps,
                                    .steps_per_epoch = steps_per_epoch};
    const uint64_t step = p->about->rung(&call);
    arena_destroy(host.memory);
    const bool reached = step > before && (total_steps == 0 || step < total_steps);
    return reached ? step : 0;
}

static bool decide(const pruner *p, const slope_pruner_call *call, const call_host *host,
                   failure *why)
{
    const char *who = arena_printf(host->memory, "pruner %s", p->about->plugin.id);
    if (p->about->decide(call) != SLOPE_OK) return call_host_failure(host, STATUS_CONFIG, who, why);
    bool kept = call->count == 0 || call->earlier_count > 0;
    for (size_t i = 0; i < call->count; ++i) kept = kept || call->keep[i];
    return kept || failure_set(why, STATUS_ENVIRONMENT,
                               "%s ends all %zu trials at rung %zu: it is at fault (`slope test` "
                               "it), choose another",
                               who, call->count, call->rung);
}

bool pruner_decide(const pruner *p, size_t rung, size_t count, const double *values,
                   size_t earlier_count, const double *earlier, bool *keep, failure *why)
{
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    host.memory = arena_create();
    const slope_pruner_call call = {.size = sizeof call,
                                    .host = &host.host,
                                    .config = p->config,
                                    .rung = rung,
                                    .count = count,
                                    .values = values,
                                    .earlier_count = earlier_count,
                                    .earlier = earlier,
                                    .keep = keep};
    for (size_t i = 0; i < count; ++i) keep[i] = true;
    const bool good = decide(p, &call, &host, why);
    arena_destroy(host.memory);
    return good;
}
