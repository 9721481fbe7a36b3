/* sweep/sampler.c: see sampler.h. */
#include "sweep/sampler.h"

#include "base/files.h"
#include "host/description.h"
#include "host/services.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(arena *a, const slope_sampler *about)
{
    return arena_printf(a, "sampler %s", about->plugin.id);
}

static slope_sampler_call call_of(const sampler *s, const call_host *host)
{
    return (slope_sampler_call){.size = sizeof(slope_sampler_call),
                                .host = &host->host,
                                .config = s->config,
                                .seed = s->seed,
                                .wanted = s->wanted,
                                .dimension_count = s->dimension_count,
                                .dimension_size = sizeof *s->dimensions,
                                .dimensions = s->dimensions,
                                .finished_count = s->finished_count,
                                .finished_points = s->finished_points,
                                .finished_values = s->finished_values};
}

/* ---- how many, and where --------------------------------------------------------------------- */

static bool count_trials(const sampler *s, const call_host *host, uint64_t *count, failure *why)
{
    const slope_sampler_call call = call_of(s, host);
    const char *who = name_of(host->memory, s->about);
    *count = 0;
    if (s->about->needs_count && s->wanted == 0)
        return failure_set(why, STATUS_CONFIG,
                           "%s has no end of its own: say how many with `trials: 100`", who);
    if (s->about->count(&call, count) != SLOPE_OK)
        return call_host_failure(host, STATUS_CONFIG, who, why);
    if (s->wanted > 0 && s->wanted < *count) *count = s->wanted;
    if (*count == UINT64_MAX)
        return failure_set(why, STATUS_CONFIG, "%s finds no end: say how many with `trials: 100`",
                           who);
    return *count > 0 || failure_set(why, STATUS_CONFIG, "%s places no trial", who);
}

bool sampler_count(const sampler *s, uint64_t *count, failure *why)
{
    call_host host;
    call_host_init(&host, FLOAT32, s->seed);
    host.memory = arena_create();
    const bool good = count_trials(s, &host, count, why);
    arena_destroy(host.memory);
    return good;
}

/* Zero for what is not there, and no number that the space does not have. */
static bool tidy(const sampler *s, const slope_sampler_call *call, uint64_t trial, double *point,
                 failure *why)
{
    for (size_t i = 0; i < s->dimension_count; ++i) {
        const slope_dimension *d = &s->dimensions[i];
        if (!slope_dimension_there(call, point, i)) {
            point[i] = 0;
            continue;
        }
        const double end = d->choices > 0 ? (double)d->choices : 1;
        const bool good =
            point[i] >= 0 && point[i] < end && (d->choices == 0 || point[i] == floor(point[i]));
        if (!good)
            return failure_set(why, STATUS_ENVIRONMENT,
                               "sampler %s: trial %llu: %g is no %s of '%s': it is at fault "
                               "(`slope test` it), choose another",
                               s->about->plugin.id, (unsigned long long)trial, point[i],
                               d->choices > 0 ? "choice" : "place in the range", d->path);
    }
    return true;
}

bool sampler_place(const sampler *s, uint64_t first, size_t count, double *points, failure *why)
{
    call_host host;
    call_host_init(&host, FLOAT32, s->seed);
    host.memory = arena_create();
    slope_sampler_call call = call_of(s, &host);
    call.first = first;
    call.count = count;
    call.points = points;
    memset(points, 0, count * s->dimension_count * sizeof *points);
    bool good = s->about->sample(&call) == SLOPE_OK ||
                call_host_failure(&host, STATUS_CONFIG, name_of(host.memory, s->about), why);
    for (size_t i = 0; good && i < count; ++i)
        good = tidy(s, &call, first + i, points + i * s->dimension_count, why);
    arena_destroy(host.memory);
    return good;
}

uint64_t sampler_round(const slope_sampler *about, const void *config)
{
    if (about->round_parameter == NULL) return 0;
    const double round = description_number(&about->plugin, config, about->round_parameter, 0);
    return round >= 1 ? (uint64_t)round : 1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static slope_status load(const slope_sampler_table *call, const char *path,
                         const unsigned char **bytes, size_t *count)
{
    failure why;
    call_host *host = call_host_of(call->host);
    sampler_rows *rows = host->context;
    unsigned char *read;
    if (!file_read(path, &read, count, &why)) return call->host->fail(call->host, "%s", why.text);
    unsigned char *copy = arena_alloc(host->memory, *count + 1); /* zeroed: so ends the text */
    memcpy(copy, read, *count);
    free(read);
    *bytes = copy;
    rows->file = arena_strdup(host->memory, path);
    return SLOPE_OK;
}

static bool check_rows(const sampler_rows *rows, const char *who, failure *why)
{
    if (rows->rows == 0 || rows->columns == 0 || rows->paths == NULL || rows->cells == NULL)
        return failure_set(why, STATUS_CONFIG, "%s: there is no row", who);
    for (size_t i = 0; i < rows->columns; ++i) {
        if (rows->paths[i] == NULL || rows->paths[i][0] == '\0')
            return failure_set(why, STATUS_CONFIG, "%s: column %zu has no path", who, i + 1);
        for (size_t k = 0; k < i; ++k)
            if (strcmp(rows->paths[i], rows->paths[k]) == 0)
                return failure_set(why, STATUS_CONFIG, "%s: two columns are named '%s'", who,
                                   rows->paths[i]);
    }
    return true;
}

bool sampler_has_rows(const slope_sampler *about)
{
    return about->table != NULL;
}

bool sampler_read_rows(arena *a, const slope_sampler *about, const void *config, sampler_rows *rows,
                       failure *why)
{
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    host.memory = a;
    host.context = rows;
    *rows = (sampler_rows){0};
    slope_sampler_table call = {
        .size = sizeof call, .host = &host.host, .config = config, .load = load};
    const char *who = name_of(a, about);
    if (about->table(&call) != SLOPE_OK) return call_host_failure(&host, STATUS_CONFIG, who, why);
    rows->rows = call.rows;
    rows->columns = call.columns;
    rows->paths = call.paths;
    rows->cells = call.cells;
    rows->lines = call.lines;
    return check_rows(rows, who, why);
}
