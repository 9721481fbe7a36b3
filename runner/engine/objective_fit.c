/* engine/objective_fit.c: whether model, loss and data fit, and what the model prepares for them.
 */
#include "engine/objective_private.h"

#include "config/blame.h"
#include "host/description.h"

static bool targets_fit(const objective *o, failure *why)
{
    const dataset *data = o->data;
    const char *loss = o->loss->plugin.id;
    if (o->loss->target == SLOPE_CLASS && data->target_columns)
        return failure_set(why, STATUS_CONFIG,
                           "loss %s needs class labels, but data set '%s' has numbers as targets",
                           loss, data->label);
    if (o->loss->target == SLOPE_VALUES && !data->target_columns)
        return failure_set(why, STATUS_CONFIG,
                           "loss %s needs numbers as targets, but data set '%s' has class labels",
                           loss, data->label);
    for (int s = 0; s < SLOPE_SPLITS; s++) {
        const slope_table *table = data->splits[s].table;
        if (table && table->layout != SLOPE_DENSE)
            return failure_set(why, STATUS_CONFIG, "data set '%s' is not dense", data->label);
    }
    return true;
}

/* Scores per row that data and loss ask for; 0 if they leave it to the model. */
static size_t outputs_asked(const objective *o)
{
    if (o->loss->target == SLOPE_CLASS) return o->data->classes;
    if (o->loss->target == SLOPE_VALUES) return o->data->target_columns;
    return o->loss->plugin.size >= SIZE_THROUGH(slope_loss, outputs) ? o->loss->outputs : 0;
}

/* A model that fixes its number of outputs must have enough of them. */
static bool outputs_fit(const objective *o, size_t asked, failure *why)
{
    const size_t given = o->shape.outputs;
    const char *model = o->model->plugin.id, *loss = o->loss->plugin.id, *data = o->data->label;
    if (!given) return failure_set(why, STATUS_CONFIG, "model %s: has no outputs", model);
    if (o->loss->target == SLOPE_CLASS && given < asked)
        return failure_set(
            why, STATUS_CONFIG,
            "data set '%s' has %zu classes, but model %s gives %zu output%s: loss %s "
            "needs one for each class",
            data, asked, model, given, given == 1 ? "" : "s", loss);
    if (o->loss->target == SLOPE_VALUES && given != asked)
        return failure_set(
            why, STATUS_CONFIG,
            "data set '%s' has %zu target%s per row, but model %s gives %zu output%s", data, asked,
            asked == 1 ? "" : "s", model, given, given == 1 ? "" : "s");
    if (o->loss->target == SLOPE_NO_TARGET && asked && given != asked)
        return failure_set(why, STATUS_CONFIG, "loss %s takes %zu output%s, but model %s gives %zu",
                           loss, asked, asked == 1 ? "" : "s", model, given);
    return true;
}

bool objective_fit(objective *o, failure *why)
{
    if (!targets_fit(o, why)) return false;
    const size_t asked = outputs_asked(o);
    o->shape = (slope_model_shape){.features = o->data->features, .outputs = asked ? asked : 1};
    slope_status (*prepare)(slope_model_prepare *) = LATER_OPERATION(o->model, prepare);
    if (!prepare) return true;
    call_host call;
    call_host_init(&call, o->config->train.precision, o->config->train.seed);
    call.memory = o->memory;
    slope_model_prepare p = {.size = sizeof p,
                             .host = &call.host,
                             .config = o->config->model.config,
                             .shape = {.features = o->data->features, .outputs = asked},
                             .column_names =
                                 o->data->column_name_count ? o->data->column_names : NULL};
    if (prepare(&p) != SLOPE_OK)
        return config_blame_failure(o->memory, o->config->resolved, "model", &call, why);
    o->program = p.program;
    o->program_workspace = p.workspace_per_row;
    o->shape.outputs = p.outputs;
    return outputs_fit(o, asked, why);
}
