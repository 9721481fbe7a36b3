/* readers/none.c: no data: rows without features, labels all of class 0.
 *
 * For experiments in which a function of the parameters alone is minimised (loss `value`). The data
 * set of files that name none, where the loss needs no labels. More than one row makes sense only
 * for measuring. */
#include <slope/reader.h>

typedef struct none_config {
    int64_t rows;
} none_config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(none_config, rows, "1", SLOPE_BETWEEN(1, 4294967295.0),
                        "training rows, all of them empty"),
};

static slope_status read(const slope_reader_call *call)
{
    const none_config *config = call->config;
    return call->reserve(call, call->splits[SLOPE_TRAIN], SLOPE_FLOAT32, (size_t)config->rows, 0,
                         0);
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin = {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "none", .version = "1.0",
               .summary = "no data: one row without features",
               .description = "For functions of the parameters alone, with loss value. A file that "
                              "names no data set gets this\none where its loss needs no labels.",
               SLOPE_PARAMETERS(parameters, none_config)},
    .read = read,
};
