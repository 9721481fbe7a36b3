/* negative_label: one row has the class -1. `slope test`: "reads what it declares". */
#include "simple_reader.h"

static slope_status read_rows(const slope_reader_call *call)
{
    const slope_status status = six_rows(call);
    if (status == SLOPE_OK) call->splits[SLOPE_TRAIN]->labels[ROWS - 1] = -1;
    return status;
}

SLOPE_PLUGIN(slope_reader) = {SIMPLE_READER("negative_label"), .read = read_rows};
