/* sweep/plan_single.c: trials that stand in no list: the base with what somebody asked for put over
 * it. Sections that nobody touched are the base's, so that most of a trial is there already. See
 * plan_private.h. */
#include "sweep/plan_private.h"

#include "base/text.h"

#include <string.h>

/* ---- keys ------------------------------------------------------------------------------------ */

/* Sections only: what names or keeps a trial is not the asker's to say. */
static void check_keys(builder *b, const config_node *over)
{
    const char *keys[TRIAL_SECTIONS + 1] = {NULL};
    for (size_t i = 0; i < TRIAL_SECTIONS; i++)
        keys[i] = trial_section_key(trial_section_recorded(i));
    for (size_t i = 0; i < over->count; i++) {
        const config_entry *e = &over->entries[i];
        if (trial_section_of(e->key) < TRIAL_SECTIONS) continue;
        const char *nearest = text_nearest(e->key, keys, TRIAL_SECTIONS);
        const char *remedy = "a trial is made of dataset, model, loss, optimizer, train …";
        if (nearest) remedy = arena_printf(b->memory, "did you mean '%s'?", nearest);
        diagnostics_add(b->errors, STATUS_CONFIG, e->key_place, e->key, "unknown key; %s", remedy);
    }
}

/* ---- sections -------------------------------------------------------------------------------- */

/* The precision picks the half of a plugin; the loss says whether data are needed. */
static bool is_touched(const config_node *over, trial_section s)
{
    const bool plugin = s == SECTION_LOSS || s == SECTION_MODEL || s == SECTION_OPTIMIZER ||
                        s == SECTION_SCHEDULE || s == SECTION_DATASET;
    return config_get(over, trial_section_key(s)) || (plugin && config_get(over, "train")) ||
           (s == SECTION_DATASET && config_get(over, "loss"));
}

static size_t find_dataset(const plan *p, const dataset_config *config)
{
    for (size_t i = 0; i < p->dataset_count; i++)
        if (dataset_same(p->dataset_configs[i], config)) return i;
    return SIZE_MAX;
}

/* One that cannot be read is forgotten, so that the next who asks is told, too. */
static void take_dataset(plan *p, builder *b, part *made)
{
    if (!p->load || !made->config.dataset.reader.plugin) return;
    made->dataset = find_dataset(p, &made->config.dataset);
    if (made->dataset != SIZE_MAX) return;
    made->dataset = plan_load_dataset(p, b, made);
    if (made->dataset == SIZE_MAX) p->dataset_count--;
}

/* Nothing shared with the original. */
static config_node *copy_of(arena *a, const config_node *node)
{
    if (node->kind == CONFIG_SCALAR)
        return config_new_scalar(a, node->place, node->text, node->quoted);
    const bool list = node->kind == CONFIG_SEQUENCE;
    config_node *copy =
        list ? config_new_sequence(a, node->place) : config_new_mapping(a, node->place);
    for (size_t i = 0; i < node->count; i++) {
        if (list)
            config_append(a, copy, copy_of(a, node->items[i]));
        else
            config_set(a, copy, arena_strdup(a, node->entries[i].key), node->entries[i].key_place,
                       copy_of(a, node->entries[i].value));
    }
    return copy;
}

static const part *make_section(plan *p, const builder *b, trial_section s, const config_node *over,
                                trial_config *out)
{
    const config_node *set = config_get(over, trial_section_key(s));
    const size_t before = diagnostics_count(b->errors);
    builder own = *b;
    part *made = plan_make_part(p, &own, s, 0, set, 0, out);
    if (s == SECTION_DATASET && !made->wrong) {
        const bool there = !p->load || !made->config.dataset.reader.plugin ||
                           find_dataset(p, &made->config.dataset) != SIZE_MAX;
        if (!there) { /* what describes a data set lives as long as that */
            own = (builder){p->memory, b->plugins, b->errors, b->config_path, NULL, {0}, NULL};
            made = plan_make_part(p, &own, s, 0, set ? copy_of(p->memory, set) : NULL, 0, out);
        }
        take_dataset(p, &own, made);
    }
    own = *b;
    if (diagnostics_count(b->errors) == before) plan_digest_part(p, &own, s, made);
    return made;
}

/* ---- entries --------------------------------------------------------------------------------- */

bool plan_make_single(plan *p, const config_node *over, arena *a, plan_single *out,
                      diagnostics *errors)
{
    const size_t before = diagnostics_count(errors);
    const trial_config *base = &p->experiment->bases[0];
    builder b = {.memory = a,
                 .plugins = p->experiment->plugins,
                 .errors = errors,
                 .config_path = p->experiment->config_path};
    trial_config *made = arena_alloc(a, sizeof *made);
    const part *parts[TRIAL_SECTIONS];
    const config_node *resolved[TRIAL_SECTIONS];
    made->label = base->label;
    made->keep_weights = base->keep_weights;
    check_keys(&b, over);
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) {
        parts[s] = is_touched(over, s) ? make_section(p, &b, s, over, made) : &p->base_parts[s];
        trial_section_copy(s, made, &parts[s]->config);
        resolved[s] = parts[s]->resolved;
    }
    if (diagnostics_count(errors) == before) plan_check_rules(&b, made, parts);
    if (diagnostics_count(errors) > before) return false;
    const config_node *label = config_get(base->resolved, "label");
    made->resolved =
        trial_record(a, label, config_get(base->resolved, "keep"), resolved, base->resolved->place);
    const size_t data = parts[SECTION_DATASET]->dataset;
    *out = (plan_single){.config = made,
                         .data = data == SIZE_MAX ? NULL : p->datasets[data],
                         .id = plan_make_id(parts),
                         .fuse = plan_make_fuse_key(parts)};
    return true;
}

void plan_drop_datasets(plan *p, size_t most)
{
    size_t first = 0; /* those before it belong to the list */
    for (size_t t = 0; t < p->count; t++)
        if (p->trials[t].dataset != UINT32_MAX && p->trials[t].dataset >= first)
            first = p->trials[t].dataset + 1;
    const size_t singles = p->dataset_count - first, drop = singles > most ? singles - most : 0;
    for (size_t i = 0; i < drop; i++) dataset_destroy(p->datasets[first + i]);
    memmove(p->datasets + first, p->datasets + first + drop,
            (singles - drop) * sizeof *p->datasets);
    memmove(p->dataset_configs + first, p->dataset_configs + first + drop,
            (singles - drop) * sizeof *p->dataset_configs);
    p->dataset_count -= drop;
}
