/* config/surface_section.c: the section `surface`: what is known about a function that is
 * minimised.
 *
 * Names are judged against the model's tensors when a run starts (sweep/run_records.c); here only
 * what the section says of itself. */
#include "config/builder.h"

#include <math.h>

typedef struct surface_fields {
    surface_config config;
    const char *source;
} surface_fields;

static const slope_parameter surface_parameters[] = {
    {.key = "domain",
     .type = SLOPE_ARRAYS,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(surface_fields, config.domain),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "least and greatest value of each parameter, for pictures"},
    {.key = "minimum",
     .type = SLOPE_ARRAYS,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(surface_fields, config.minimum),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "value of each parameter at the minimum; lists of one length for several minima"},
    {.key = "value",
     .type = SLOPE_NUMBER,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(surface_fields, config.value),
     .min = -INFINITY,
     .max = INFINITY,
     .doc = "the function at its minima; checked when a run starts"},
    {.key = "tolerance",
     .type = SLOPE_NUMBER,
     .flags = SLOPE_MIN_OPEN,
     .fallback = "0.01",
     .offset = offsetof(surface_fields, config.tolerance),
     .min = 0,
     .max = INFINITY,
     .doc = "distance from a minimum that counts as having reached it"},
    {.key = "source",
     .type = SLOPE_STRING,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(surface_fields, source),
     .doc = "who gave this function; for people"},
};
static const bind_table surface_table = RUNNER_TABLE(surface_parameters, surface_fields, "surface");

static void check_domain(builder *b, const config_node *section, const slope_array *range)
{
    const char *key = arena_printf(b->memory, "domain.%s", range->name);
    if (range->rank == 1 && range->count == 2 && range->values &&
        range->values[0] < range->values[1])
        return;
    diagnostics_add(b->errors, STATUS_CONFIG, builder_place(section, key),
                    arena_printf(b->memory, "surface.%s", key),
                    "expected the least and the greatest value, such as [-5, 5]");
}

static void check_minimum(builder *b, const config_node *section, const slope_arrays *minima)
{
    for (size_t i = 0; i < minima->count; i++) {
        const slope_array *at = &minima->items[i];
        const char *key = arena_printf(b->memory, "minimum.%s", at->name);
        if (at->rank <= 1 && at->values && at->count == minima->items[0].count) continue;
        diagnostics_add(b->errors, STATUS_CONFIG, builder_place(section, key),
                        arena_printf(b->memory, "surface.%s", key),
                        "expected a number, or lists of one length for several minima");
    }
}

void build_surface(builder *b, const config_node *trial, config_node *resolved, surface_config *out)
{
    const config_node *section = builder_section(b, section_find("surface"), trial, "surface");
    out->value = NAN;
    if (!section) return;
    config_node *record = config_new_mapping(b->memory, section->place);
    const surface_fields *f =
        bind_section(b->memory, &surface_table, section, "surface", NULL, record, b->errors);
    *out = f->config;
    for (size_t i = 0; i < out->domain.count; i++) check_domain(b, section, &out->domain.items[i]);
    check_minimum(b, section, &out->minimum);
    config_set(b->memory, resolved, "surface", section->place, record);
}
