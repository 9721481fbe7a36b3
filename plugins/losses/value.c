/* value: the output itself, to be minimised or maximised. Needs no labels and no data.
 *
 *     loss = s,  d loss / d s = 1          direction: maximize   loss = -s,  d loss / d s = -1
 *
 * The mean over rows is the host's business, as everywhere: with data, the mean output is the
 * objective. */
#include <slope/loss.h>

typedef struct config {
    int64_t direction;
} config;

enum { MINIMIZE, MAXIMIZE };
static const char *const directions[] = {"minimize", "maximize", NULL};

static const slope_parameter parameters[] = {
    SLOPE_PARAM_CHOICE(config, direction, "minimize", directions,
                       "whether the output is to become small or large"),
};

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    const real sign = c->direction == MAXIMIZE ? -1 : 1;
    for (size_t r = 0; r < call->rows; r++) {
        call->losses[r] = (double)(sign * call->scores[r]);
        if (call->gradient) call->gradient[r] = sign;
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "value", .version = "1.0",
               .summary = "the output itself, minimised or maximised; needs no labels",
               .description = "loss = s, or -s with direction: maximize\n"
                              "Takes one output. Without a data set there is one row, and the "
                              "objective is the function itself.",
               SLOPE_PARAMETERS(parameters, config)},
    .target = SLOPE_NO_TARGET,
    .outputs = 1,
    .evaluate = evaluate,
};
