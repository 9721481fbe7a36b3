/* restless_reader: every reading gives other data. `slope test`: "gives the same again". */
#include "simple_reader.h"

static int readings;

static slope_status read_rows(const slope_reader_call *call)
{
    const slope_status status = six_rows(call);
    if (status == SLOPE_OK) ((float *)call->splits[SLOPE_TRAIN]->features)[0] += (float)++readings;
    return status;
}

SLOPE_PLUGIN(slope_reader) = {SIMPLE_READER("restless_reader"), .read = read_rows};
