/* sweep/ask_tell_words.c: greeting and answers, as ask_tell.h has them. See ask_tell_private.h. */
#include "sweep/ask_tell_private.h"

#include "config/space.h"
#include "record/build_facts.h"
#include "slope/sampler.h"

#include <inttypes.h>

/* ---- the greeting ---------------------------------------------------------------------------- */

static void write_choice(FILE *out, const space *s, const space_choice *choice)
{
    putc('{', out);
    for (size_t i = 0; i < choice->count; i++) {
        if (i) fputs(", ", out);
        json_write_text(out, s->columns[choice->settings[i].column].path);
        fputs(": ", out);
        json_write_config(out, choice->settings[i].value);
    }
    putc('}', out);
}

static void write_dimension(FILE *out, const space *s, const space_dimension *d)
{
    fputs("{\"path\": ", out);
    json_write_text(out, d->path);
    if (d->parent != SLOPE_NO_PARENT)
        fprintf(out, ", \"parent\": {\"dimension\": %zu, \"choice\": %" PRIu64 "}", d->parent,
                d->parent_choice);
    if (d->choice_count) {
        fputs(", \"kind\": \"choice\", \"choices\": [", out);
        for (uint64_t i = 0; i < d->choice_count; i++) {
            if (i) fputs(", ", out);
            write_choice(out, s, &d->choices[i]);
        }
        putc(']', out);
    } else {
        fputs(", \"kind\": \"range\", \"low\": ", out);
        json_write_number(out, d->low);
        fputs(", \"high\": ", out);
        json_write_number(out, d->high);
        fprintf(out, ", \"log\": %s, \"integer\": %s", d->log ? "true" : "false",
                d->integer ? "true" : "false");
    }
    putc('}', out);
}

void ask_tell_greet(const ask_tell *s, FILE *out)
{
    const experiment *e = s->experiment;
    fputs("{\"protocol\": 1, \"slope\": ", out);
    json_write_text(out, build_facts.version);
    fputs(", \"experiment\": ", out);
    json_write_text(out, e->name);
    fputs(", \"metric\": ", out);
    json_write_text(out, metric_name(s->metric));
    fprintf(out, ", \"direction\": \"%s\", \"results\": ",
            metric_is_score(s->metric) ? "maximize" : "minimize");
    json_write_text(out, ask_tell_results(s));
    fputs(", \"space\": [", out);
    const space *swept = e->sweep ? e->sweep->space : NULL;
    for (size_t i = 0; swept && i < swept->count; i++) {
        if (i) fputs(", ", out);
        write_dimension(out, swept, &swept->dimensions[i]);
    }
    fputs("]}\n", out);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void write_field(FILE *out, const char *prefix, const char *name, double value)
{
    fprintf(out, ", \"%s%s\": ", prefix, name);
    json_write_number(out, value);
}

static void write_evaluation(FILE *out, const char *prefix, const evaluation *e)
{
    write_field(out, prefix, "loss", e->loss);
    write_field(out, prefix, "accuracy", e->accuracy);
    write_field(out, prefix, "mse", e->mse);
    write_field(out, prefix, "mae", e->mae);
    write_field(out, prefix, "r2", e->r2);
}

static void write_result(const ask_tell *s, const question *q, FILE *out)
{
    const trial_summary *t = &q->summary;
    fprintf(out, ", \"hash\": \"%016" PRIx64 "\", \"value\": ", q->single.id);
    json_write_number(out, q->value);
    fputs(", \"metric\": ", out);
    json_write_text(out, metric_name(s->metric));
    fprintf(out, ", \"steps\": %" PRIu64, q->step);
    write_field(out, "", "epochs", q->epoch);
    write_evaluation(out, "train_", &t->last.train);
    write_field(out, "", "train_objective", t->last.train_objective);
    write_evaluation(out, "validation_", &t->last.validation);
    write_field(out, "", "best_validation_loss", t->best_validation_loss);
    write_field(out, "", "best_validation_accuracy", t->best_validation_accuracy);
    fprintf(out, ", \"best_step\": %" PRIu64, t->best_step);
    write_evaluation(out, "test_", &t->test);
    write_field(out, "", "train_seconds", t->last.train_seconds);
    write_field(out, "", "evaluate_seconds", t->last.evaluate_seconds);
    write_field(out, "", "seconds", t->last.train_seconds + t->last.evaluate_seconds);
}

void ask_tell_write_answer(const ask_tell *s, const question *q, FILE *out)
{
    fputs("{\"id\": ", out);
    if (q->id)
        json_write_scalar(out, q->id);
    else
        fputs("null", out);
    fputs(", \"trial\": ", out);
    if (q->number == SIZE_MAX)
        fputs("null", out);
    else
        fprintf(out, "%zu", q->number);
    fprintf(out, ", \"status\": \"%s\", \"message\": ",
            q->error ? "error" : trial_status_name(q->summary.status));
    json_write_text(out, q->error ? q->error : q->summary.message);
    if (!q->error) write_result(s, q, out);
    putc('}', out);
}
