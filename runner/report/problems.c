/* report/problems.c: see problems.h. */
#include "report/problems.h"

#include "base/text.h"
#include "report/ranking.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- problems -------------------------------------------------------------------------------- */

static bool has_data(const results *r, size_t row)
{
    const char *data = results_named(r, row, "dataset");
    return *data && strcmp(data, "none") != 0;
}

const char *problem_names(const results *r, size_t row)
{
    if (!has_data(r, row)) return r->experiment;
    return arena_printf(r->memory, "%s %s %s", results_named(r, row, "dataset"),
                        results_named(r, row, "model"), results_named(r, row, "loss"));
}

/* The surface of a label is the same in every experiment. */
const char *problem_key(const results *r, size_t row)
{
    const char *label = results_named(r, row, "problem");
    if (!*label) return problem_names(r, row);
    return arena_printf(r->memory, "%s\n%s %s %s", label, results_named(r, row, "dataset"),
                        results_named(r, row, "model"), results_named(r, row, "loss"));
}

/* Items of a list that have no label of their own have numbers: "iris mlp softmax #3". */
const char *problem_name(const results *r, size_t row)
{
    const char *label = results_named(r, row, "problem");
    if (!*label) return problem_names(r, row);
    return *label == '#' ? arena_printf(r->memory, "%s %s", problem_names(r, row), label) : label;
}

/* ---- the same data --------------------------------------------------------------------------- */

static const config_node *item_data(const results *r, size_t item)
{
    return config_get(r->items->items[item], "dataset");
}

/* Number of the item of `trials` that the column `problem` names; SIZE_MAX: none. */
static size_t item_of(const results *r, const char *label)
{
    const size_t count = r->items ? r->items->count : 0;
    int64_t number;
    if (*label == '#' && text_to_integer(label + 1, &number) && number >= 1 &&
        (uint64_t)number <= count)
        return (size_t)number - 1;
    for (size_t i = 0; *label && i < count; i++) {
        const config_node *own = config_get(r->items->items[i], "label");
        if (own && own->kind == CONFIG_SCALAR && strcmp(own->text, label) == 0) return i;
    }
    return SIZE_MAX;
}

/* Data sets of one name may differ in their parameters (rows, classes). Then the items of `trials`
 * that bring them in tell them apart: what stands for the data set of the row's item, or "" where
 * all items have one data set, or where the config does not tell. */
static const char *data_variant(const results *r, size_t row)
{
    const size_t own = item_of(r, results_named(r, row, "problem"));
    if (own == SIZE_MAX) return "";
    size_t first = 0;
    while (!config_same(item_data(r, first), item_data(r, own), false)) first++;
    return first ? arena_printf(r->memory, "\n#%zu", first) : "";
}

/* What trials have in common whose accuracies can be compared, if they have accuracies. */
static const char *data_key(const results *r, size_t row)
{
    if (!has_data(r, row)) return problem_key(r, row);
    return arena_printf(r->memory, "data %s%s", results_named(r, row, "dataset"),
                        data_variant(r, row));
}

/* ---- contests -------------------------------------------------------------------------------- */

/* While rows are sorted into contests: texts that stand for them, numbered as they come up. */
typedef struct numbering {
    arena *memory;
    const char **keys;
    size_t count, room;
    size_t latest; /* neighbours are alike, mostly */
} numbering;

static size_t number_of_key(numbering *n, const char *key)
{
    if (n->count && strcmp(n->keys[n->latest], key) == 0) return n->latest;
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->keys[i], key) == 0) return n->latest = i;
    if (n->count == n->room) {
        const size_t room = 2 * n->room + 16;
        const char **more = arena_alloc(n->memory, room * sizeof *more);
        if (n->count) memcpy(more, n->keys, n->count * sizeof *more);
        n->keys = more;
        n->room = room;
    }
    n->keys[n->count] = key;
    return n->latest = n->count++;
}

/* The rows of one contest as a run of their own. */
static results *only(const results *r, const size_t *of, size_t wanted)
{
    size_t count = 0;
    for (size_t row = 0; row < r->count; row++) count += of[row] == wanted;
    const char *const **cells = arena_alloc(r->memory, (count + 1) * sizeof *cells);
    results *made = arena_copy(r->memory, r, sizeof *r);
    made->cells = cells;
    made->count = 0;
    for (size_t row = 0; row < r->count; row++)
        if (of[row] == wanted) cells[made->count++] = r->cells[row];
    return made;
}

/* Whether values of the metric depend on what the loss is. */
static bool depends_on_loss(const char *metric)
{
    return metric && (strstr(metric, "loss") || strstr(metric, "objective"));
}

static const char *const *keys_by_data(const results *r, numbering *by_data, size_t *of)
{
    const char **keys = arena_alloc(r->memory, (r->count + 1) * sizeof *keys);
    for (size_t row = 0; row < r->count; row++) {
        keys[row] = data_key(r, row);
        of[row] = number_of_key(by_data, keys[row]);
    }
    return keys;
}

/* Contests by their data, parted once more where the metric of one is a loss. */
static size_t number_rows(const results *r, size_t *of)
{
    numbering by_data = {.memory = r->memory}, by_loss = {.memory = r->memory};
    const char *const *keys = keys_by_data(r, &by_data, of);
    bool *parted = arena_alloc(r->memory, by_data.count + 1);
    for (size_t p = 0; p < by_data.count; p++)
        parted[p] = depends_on_loss(ranking_metric(by_data.count > 1 ? only(r, of, p) : r));
    for (size_t row = 0; row < r->count; row++) {
        const char *loss = parted[of[row]] ? results_named(r, row, "loss") : "";
        of[row] = number_of_key(&by_loss, arena_printf(r->memory, "%s\n%s", keys[row], loss));
    }
    return by_loss.count;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* What the column says in every row; "" where rows differ. */
static const char *common(const results *r, const char *column)
{
    const char *text = results_named(r, 0, column);
    for (size_t row = 1; row < r->count; row++)
        if (strcmp(results_named(r, row, column), text) != 0) return "";
    return text;
}

/* The label of its item, or the data set; more of it (`whole`) where another contest is called so.
 */
static const char *name_of(const results *r, bool whole)
{
    const char *label = common(r, "problem"), *loss = common(r, "loss");
    const char *data = has_data(r, 0) ? common(r, "dataset") : "";
    if (*label && !whole) return problem_name(r, 0);
    if (!*data)
        return *label ? arena_printf(r->memory, "%s (%s)", label, r->experiment) : r->experiment;
    const char *name = whole && *loss ? arena_printf(r->memory, "%s %s", data, loss) : data;
    return *label ? arena_printf(r->memory, "%s (%s)", label, name) : name;
}

static bool is_taken(const contest *list, size_t count, size_t p)
{
    for (size_t q = 0; q < count; q++)
        if (q != p && strcmp(list[p].name, list[q].name) == 0) return true;
    return false;
}

/* Those that nothing else tells apart are numbered. */
static void name_parts(contest *list, size_t count, arena *a)
{
    bool *taken = arena_alloc(a, count + 1);
    for (size_t p = 0; p < count; p++) list[p].name = name_of(list[p].rows, false);
    for (size_t p = 0; p < count; p++) taken[p] = is_taken(list, count, p);
    for (size_t p = 0; p < count; p++)
        if (taken[p]) list[p].name = name_of(list[p].rows, true);
    for (size_t p = 0; p < count; p++)
        if (is_taken(list, count, p)) list[p].name = arena_printf(a, "%s %zu", list[p].name, p + 1);
}

/* ---- entries --------------------------------------------------------------------------------- */

/* Labels need not repeat what the contest is called by. */
static const results *rows_of_contest(const results *r, const size_t *of, size_t p)
{
    results *rows = only(r, of, p);
    const char *label = common(rows, "problem");
    if (*label && *label != '#') rows->said = label;
    return rows;
}

const contests *contests_of(const results *r)
{
    size_t *of = arena_alloc(r->memory, (r->count + 1) * sizeof *of);
    contests *all = arena_alloc(r->memory, sizeof *all);
    *all = (contests){.run = r, .count = number_rows(r, of), .of = of};
    contest *list = arena_alloc(r->memory, (all->count + 1) * sizeof *list);
    for (size_t p = 0; p < all->count; p++) {
        list[p].rows = rows_of_contest(r, of, p);
        list[p].metric = ranking_metric(list[p].rows);
    }
    name_parts(list, all->count, r->memory);
    all->list = list;
    if (all->count == 1) all->run = list[0].rows;
    return all;
}

static bool no_such_contest(const contests *all, const char *name, failure *why)
{
    arena *a = all->run->memory;
    const char *names = "", **list = arena_alloc(a, (all->count + 1) * sizeof *list);
    enum { MOST = 20 };
    for (size_t p = 0; p < all->count; p++) {
        list[p] = all->list[p].name;
        if (p < MOST) names = arena_printf(a, "%s%s'%s'", names, p ? ", " : "", list[p]);
    }
    const char *nearest = text_nearest(name, list, all->count);
    if (nearest)
        return failure_set(why, STATUS_CONFIG, "'%s' has no problem '%s'; did you mean '%s'?",
                           all->run->folder, name, nearest);
    return failure_set(why, STATUS_CONFIG, "'%s' has no problem '%s'; it has %s%s",
                       all->run->folder, name, names, all->count > MOST ? " …" : "");
}

const contests *contest_named(const contests *all, const char *name, failure *why)
{
    for (size_t p = 0; p < all->count; p++) {
        if (strcmp(all->list[p].name, name) != 0) continue;
        const contest *own = &all->list[p];
        const size_t *of = arena_alloc(own->rows->memory, (own->rows->count + 1) * sizeof *of);
        return arena_copy(own->rows->memory, &(contests){own->rows, 1, own, of}, sizeof(contests));
    }
    no_such_contest(all, name, why);
    return NULL;
}
