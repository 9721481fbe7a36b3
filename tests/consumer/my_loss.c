/* my_loss: a loss as somebody outside this project would write it: the squared hinge, one class
 * against all others:
 *
 *     loss = Σ_o max(0, margin - y_o s_o)²,    y_o = 1 for the label, -1 for the others */
#include <slope/loss.h>

typedef struct config {
    double margin;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, margin, "1", SLOPE_POSITIVE, "how far scores are to be from 0"),
};

static void evaluate(const slope_loss_call *call)
{
    const config *c = call->config;
    const real margin = (real)c->margin;

    for (size_t r = 0; r < call->rows; r++) {
        double sum = 0;
        for (size_t o = 0; o < call->outputs; o++) {
            const size_t i = r * call->outputs + o;
            const real y = o == (size_t)call->labels[r] ? 1 : -1;
            const real lacking = margin - y * call->scores[i];
            const real hinge = lacking > 0 ? lacking : 0;
            if (call->gradient) call->gradient[i] = -2 * y * hinge;
            sum += (double)hinge * (double)hinge;
        }
        call->losses[r] = sum;
    }
}

SLOPE_PLUGIN(slope_loss) = {
    .plugin = {SLOPE_HEAD(slope_loss, SLOPE_KIND_LOSS), .id = "my_loss", .version = "0.1",
               .summary = "squared hinge, one class against all others",
               .description = "loss = sum_o max(0, margin - y_o s_o)^2, y_o = 1 for the label, "
                              "-1 for the others",
               SLOPE_PARAMETERS(parameters, config)},
    .target = SLOPE_CLASS,
    .evaluate = evaluate,
};
