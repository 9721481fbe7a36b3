/* host/description.c: see description.h. Parameter tables are checked in parameters.c. */
#include "host/description.h"

#include "host/registry.h"

#include "slope/loss.h"
#include "slope/model.h"
#include "slope/optimizer.h"
#include "slope/pruner.h"
#include "slope/reader.h"
#include "slope/sampler.h"
#include "slope/schedule.h"

#include <string.h>

static const char *const initialisations[] = {"zeros", "normal", "uniform", "he", "xavier"};

static bool blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == 0;
}

static bool same_text(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* ---- the common head ------------------------------------------------------------------------- */

/* Through the last member that every plugin must have. Structures of later minor versions are
 * longer; what stands behind these members may only be read where the plugin's size says it is. */
static size_t least_size(slope_kind kind)
{
    switch (kind) {
    case SLOPE_KIND_READER:
        return SIZE_THROUGH(slope_reader, read);
    case SLOPE_KIND_MODEL:
        return SIZE_THROUGH(slope_model, backward);
    case SLOPE_KIND_LOSS:
        return SIZE_THROUGH(slope_loss, evaluate);
    case SLOPE_KIND_OPTIMIZER:
        return SIZE_THROUGH(slope_optimizer, select);
    case SLOPE_KIND_SCHEDULE:
        return SIZE_THROUGH(slope_schedule, factor);
    case SLOPE_KIND_SAMPLER:
        return SIZE_THROUGH(slope_sampler, table);
    case SLOPE_KIND_PRUNER:
        return SIZE_THROUGH(slope_pruner, decide);
    }
    return 0;
}

static bool check_id(const slope_plugin *plugin, const char *stem, failure *why)
{
    if (blank(plugin->id)) return failure_set(why, STATUS_ENVIRONMENT, "it has no id");
    const char *const rest = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const bool plain =
        plugin->id[0] >= 'a' && plugin->id[0] <= 'z' && plugin->id[strspn(plugin->id, rest)] == 0;
    if (!plain)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its id '%s' must be lower-case letters, digits and _, a letter first",
                           plugin->id);
    if (strcmp(plugin->id, stem) != 0)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its id is '%s' but its file is '%s.so': rename one of them", plugin->id,
                           stem);
    return true;
}

static bool check_head(const slope_plugin *plugin, const char *stem, slope_kind folder_kind,
                       failure *why)
{
    const size_t least = least_size(plugin->kind);
    if (least == 0)
        return failure_set(why, STATUS_ENVIRONMENT, "its kind %d does not exist (1 to %d)",
                           (int)plugin->kind, KIND_LAST);
    if (plugin->size < least)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its description says that it has %u bytes, one of kind %s has at least "
                           "%zu: fill it with SLOPE_HEAD of that kind's structure",
                           plugin->size, kind_name(plugin->kind), least);
    if (folder_kind != 0 && folder_kind != plugin->kind)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "it is of kind %s but lies in the folder '%s': move it to '%s'",
                           kind_name(plugin->kind), kind_folder(folder_kind),
                           kind_folder(plugin->kind));
    if (!check_id(plugin, stem, why)) return false;
    if (blank(plugin->version)) return failure_set(why, STATUS_ENVIRONMENT, "it has no version");
    if (blank(plugin->summary) || strchr(plugin->summary, '\n') != NULL)
        return failure_set(why, STATUS_ENVIRONMENT, "its summary must be one line of text");
    if (blank(plugin->description))
        return failure_set(why, STATUS_ENVIRONMENT, "it has no description");
    return true;
}

/* ---- what each kind must bring --------------------------------------------------------------- */

static bool missing(failure *why, const char *what)
{
    return failure_set(why, STATUS_ENVIRONMENT, "its description lacks '%s'", what);
}

static bool names_integer(const slope_plugin *plugin, const char *key)
{
    const unsigned char *table = (const unsigned char *)plugin->parameters;
    for (size_t i = 0; i < plugin->parameter_count; ++i) {
        const slope_parameter *p = (const void *)(table + i * plugin->parameter_size);
        if (strcmp(p->key, key) == 0)
            return p->type == SLOPE_INTEGER && (p->flags & SLOPE_OPTIONAL) == 0;
    }
    return false;
}

static const slope_slot *slot_at(const slope_optimizer *rule, size_t i)
{
    return (const void *)((const unsigned char *)rule->slots + i * rule->slot_size);
}

static bool check_slot(const slope_optimizer *rule, size_t index, failure *why)
{
    const slope_slot *slot = slot_at(rule, index);
    if (blank(slot->name))
        return failure_set(why, STATUS_ENVIRONMENT, "slot %zu has no name", index);
    const bool whole = rule->scope == SLOPE_SCOPE_MODEL || rule->scope == SLOPE_SCOPE_POPULATION ||
                       LATER_OPERATION(rule, begin) != NULL;
    const bool fits = slot->extent == SLOPE_PER_ELEMENT ||
                      (slot->extent == SLOPE_PER_TENSOR && rule->scope == SLOPE_SCOPE_TENSOR) ||
                      (slot->extent == SLOPE_PER_MODEL && whole);
    if (!fits)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "slot '%s' has an extent (%d) that its scope (%d) cannot have",
                           slot->name, (int)slot->extent, (int)rule->scope);
    if (slot->copies == 0)
        return failure_set(why, STATUS_ENVIRONMENT, "slot '%s' must have at least 1 copy",
                           slot->name);
    if (slot->copies_parameter != NULL && !names_integer(&rule->plugin, slot->copies_parameter))
        return failure_set(why, STATUS_ENVIRONMENT,
                           "slot '%s' takes its copies from '%s', which is no integer parameter",
                           slot->name, slot->copies_parameter);
    for (size_t i = 0; i < index; ++i)
        if (strcmp(slot_at(rule, i)->name, slot->name) == 0)
            return failure_set(why, STATUS_ENVIRONMENT, "two slots are named '%s'", slot->name);
    return true;
}

static bool check_optimizer(const slope_optimizer *rule, failure *why)
{
    if (rule->scope < SLOPE_SCOPE_ELEMENT || rule->scope > SLOPE_SCOPE_POPULATION)
        return failure_set(why, STATUS_ENVIRONMENT, "its scope %d does not exist (1 to %d)",
                           (int)rule->scope, SLOPE_SCOPE_POPULATION);
    if (rule->scope == SLOPE_SCOPE_POPULATION) {
        if (rule->propose == NULL) return missing(why, "propose");
        if (rule->select == NULL) return missing(why, "select");
        if (rule->count_parameter == NULL) return missing(why, "count_parameter");
        if (!names_integer(&rule->plugin, rule->count_parameter))
            return failure_set(why, STATUS_ENVIRONMENT,
                               "its count_parameter '%s' is no integer parameter",
                               rule->count_parameter);
        if (LATER_OPERATION(rule, solution) != NULL)
            return failure_set(why, STATUS_ENVIRONMENT,
                               "it has 'solution', which its scope (%d) cannot have",
                               (int)rule->scope);
    } else if (rule->update == NULL) {
        return missing(why, "update");
    }
    if (LATER_OPERATION(rule, begin) != NULL && rule->scope > SLOPE_SCOPE_TENSOR)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "it has 'begin', which its scope (%d) cannot have", (int)rule->scope);
    if ((rule->slots == NULL) != (rule->slot_count == 0))
        return failure_set(why, STATUS_ENVIRONMENT,
                           "it declares %u slots but %s table of slots: use SLOPE_SLOTS",
                           rule->slot_count, rule->slots == NULL ? "no" : "a");
    if (rule->slot_count > 0 && rule->slot_size < SIZE_THROUGH(slope_slot, copies_parameter))
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its slot_size %u is less than %zu: use "
                           "SLOPE_SLOTS",
                           rule->slot_size, SIZE_THROUGH(slope_slot, copies_parameter));
    for (size_t i = 0; i < rule->slot_count; ++i)
        if (!check_slot(rule, i, why)) return false;
    return true;
}

static bool check_model(const slope_model *model, failure *why)
{
    if (model->tensors == NULL) return missing(why, "tensors");
    if (model->forward == NULL) return missing(why, "forward");
    if (model->backward == NULL) return missing(why, "backward");
    if (model->initialisation == NULL) return missing(why, "initialisation");
    for (size_t i = 0; i < sizeof initialisations / sizeof *initialisations; ++i)
        if (strcmp(model->initialisation, initialisations[i]) == 0) return true;
    return failure_set(why, STATUS_ENVIRONMENT,
                       "its initialisation '%s' is none of zeros, normal, uniform, he, xavier",
                       model->initialisation);
}

static bool check_loss(const slope_loss *loss, failure *why)
{
    if (loss->target < SLOPE_CLASS || loss->target > SLOPE_NO_TARGET)
        return failure_set(why, STATUS_ENVIRONMENT, "its target %d does not exist (1 to %d)",
                           (int)loss->target, SLOPE_NO_TARGET);
    return loss->evaluate != NULL || missing(why, "evaluate");
}

static bool check_integer_key(const slope_plugin *plugin, const char *field, const char *key,
                              failure *why)
{
    return key == NULL || names_integer(plugin, key) ||
           failure_set(why, STATUS_ENVIRONMENT, "its %s '%s' is no integer parameter", field, key);
}

static bool check_sampler(const slope_sampler *sampler, failure *why)
{
    if (sampler->count == NULL) return missing(why, "count");
    if (sampler->sample == NULL) return missing(why, "sample");
    return check_integer_key(&sampler->plugin, "round_parameter", sampler->round_parameter, why);
}

static bool check_pruner(const slope_pruner *pruner, failure *why)
{
    if (pruner->rung == NULL) return missing(why, "rung");
    if (pruner->decide == NULL) return missing(why, "decide");
    return check_integer_key(&pruner->plugin, "cohort_parameter", pruner->cohort_parameter, why);
}

bool operations_check(const slope_plugin *plugin, failure *why)
{
    switch (plugin->kind) {
    case SLOPE_KIND_OPTIMIZER:
        return check_optimizer((const slope_optimizer *)plugin, why);
    case SLOPE_KIND_MODEL:
        return check_model((const slope_model *)plugin, why);
    case SLOPE_KIND_LOSS:
        return check_loss((const slope_loss *)plugin, why);
    case SLOPE_KIND_READER:
        return ((const slope_reader *)plugin)->read != NULL || missing(why, "read");
    case SLOPE_KIND_SCHEDULE:
        return ((const slope_schedule *)plugin)->factor != NULL || missing(why, "factor");
    case SLOPE_KIND_SAMPLER:
        return check_sampler((const slope_sampler *)plugin, why);
    case SLOPE_KIND_PRUNER:
        return check_pruner((const slope_pruner *)plugin, why);
    }
    return failure_set(why, STATUS_ENVIRONMENT, "its kind does not exist");
}

/* ---- the two halves -------------------------------------------------------------------------- */

static bool same_parameter(const slope_parameter *one, const slope_parameter *other)
{
    if (one->type != other->type || one->flags != other->flags || one->offset != other->offset ||
        one->min != other->min || one->max != other->max || !same_text(one->key, other->key) ||
        !same_text(one->fallback, other->fallback) || !same_text(one->doc, other->doc))
        return false;
    for (size_t i = 0; one->choices != NULL; ++i) { /* both have choices: parameters_check */
        if (!same_text(one->choices[i], other->choices[i])) return false;
        if (one->choices[i] == NULL) break;
    }
    return true;
}

static bool differ(failure *why, const char *what)
{
    return failure_set(
        why, STATUS_ENVIRONMENT,
        "its float32 and float64 halves differ in %s: both must be compiled from one "
        "source (slope_add_plugin)",
        what);
}

/* Configuration is bound once and used with either half, so the tables must be the same. */
static bool halves_agree(const slope_plugin *one, const slope_plugin *other, failure *why)
{
    if (one->kind != other->kind) return differ(why, "kind");
    if (!same_text(one->version, other->version)) return differ(why, "version");
    if (!same_text(one->summary, other->summary)) return differ(why, "summary");
    if (one->config_size != other->config_size) return differ(why, "config_size");
    if (one->parameter_count != other->parameter_count) return differ(why, "parameter_count");
    for (size_t i = 0; i < one->parameter_count; ++i) {
        const slope_parameter *first =
            (const void *)((const char *)one->parameters + i * one->parameter_size);
        const slope_parameter *second =
            (const void *)((const char *)other->parameters + i * other->parameter_size);
        if (!same_parameter(first, second)) return differ(why, first->key);
    }
    if (one->kind == SLOPE_KIND_LOSS &&
        ((const slope_loss *)one)->target != ((const slope_loss *)other)->target)
        return differ(why, "target");
    if (one->kind == SLOPE_KIND_OPTIMIZER) {
        const slope_optimizer *first = (const slope_optimizer *)one;
        const slope_optimizer *second = (const slope_optimizer *)other;
        if (first->scope != second->scope) return differ(why, "scope");
        if (first->slot_count != second->slot_count) return differ(why, "slot_count");
    }
    return true;
}

bool descriptions_check(const slope_plugin *const halves[2], const char *stem,
                        slope_kind folder_kind, failure *why)
{
    if (halves[0] == NULL)
        return failure_set(why, STATUS_ENVIRONMENT, "its entry has no float32 description");
    for (int i = 0; i < 2; ++i) {
        if (halves[i] == NULL) continue;
        if (!check_head(halves[i], stem, folder_kind, why) || !parameters_check(halves[i], why) ||
            !operations_check(halves[i], why))
            return i == 0 ? false : failure_context(why, "in its float64 half");
    }
    return halves[1] == NULL || halves_agree(halves[0], halves[1], why);
}

double description_number(const slope_plugin *plugin, const void *config, const char *key,
                          double otherwise)
{
    const unsigned char *table = (const unsigned char *)plugin->parameters;
    for (size_t i = 0; key != NULL && i < plugin->parameter_count; ++i) {
        const slope_parameter *p = (const void *)(table + i * plugin->parameter_size);
        if (strcmp(p->key, key) != 0) continue;
        const void *field = (const unsigned char *)config + p->offset;
        if (p->type == SLOPE_NUMBER) return *(const double *)field;
        if (p->type == SLOPE_INTEGER) return (double)*(const int64_t *)field;
    }
    return otherwise;
}
