/* reader_outside: fills one row more than it has reserved. `slope test`: "writes its tables
 * only". */
#include "simple_reader.h"

static slope_status read_rows(const slope_reader_call *call)
{
    const slope_status status = six_rows(call);
    if (status == SLOPE_OK) ((float *)call->splits[SLOPE_TRAIN]->features)[ROWS * COLUMNS] = 1;
    return status;
}

SLOPE_PLUGIN(slope_reader) = {SIMPLE_READER("reader_outside"), .read = read_rows};
