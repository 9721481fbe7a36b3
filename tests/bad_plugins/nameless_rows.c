/* nameless_rows: brings rows of two columns, one of which sets nothing. `slope test`: "brings whole
 * rows". */
#include "simple_sampler.h"

static slope_status table(slope_sampler_table *call)
{
    static const char *const paths[] = {"train.epochs", ""}, *const cells[] = {"1", "2", "3", "4"};
    call->rows = call->columns = 2;
    call->paths = paths;
    call->cells = cells;
    return SLOPE_OK;
}

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    *result = slope_dimension_at(call, 0)->choices;
    return SLOPE_OK;
}

static slope_status sample(const slope_sampler_call *call)
{
    for (size_t i = 0; i < call->count; ++i) call->points[i] = (double)(call->first + i);
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_sampler) = {
    .plugin = {SIMPLE_HEAD("nameless_rows")}, .count = count, .sample = sample, .table = table};
