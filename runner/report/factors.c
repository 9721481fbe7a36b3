/* report/factors.c: what differs between the trials of a run (results.h): the columns whose values
 * were chosen, and which trials differ in their seeds only. */
#include "report/results.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- factors --------------------------------------------------------------------------------- */

static bool differs(const results *r, size_t column)
{
    for (size_t row = 1; row < r->count; row++)
        if (strcmp(r->cells[row][column], r->cells[0][column]) != 0) return true;
    return false;
}

static bool is_numeric(const results *r, size_t column)
{
    bool numbers = false;
    for (size_t row = 0; row < r->count; row++) {
        const char *text = r->cells[row][column];
        if (*text && isnan(number_of(text))) return false;
        numbers = numbers || *text;
    }
    return numbers;
}

static bool is_seed(const char *name)
{
    return strcmp(name, "train.seed") == 0 || strcmp(name, "seed") == 0;
}

/* Whether a swept path is `section` or its name: what the column of that section says, too. */
static bool is_swept(const results *r, const char *section)
{
    const size_t length = strlen(section);
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++) {
        const char *path = r->columns[c];
        if (strncmp(path, section, length) == 0 &&
            (!path[length] || strcmp(path + length, ".name") == 0))
            return true;
    }
    return false;
}

static void add(const results *r, factor *list, size_t *count, size_t column, bool swept)
{
    list[(*count)++] = (factor){.name = r->columns[column],
                                .column = column,
                                .numeric = is_numeric(r, column),
                                .seed = swept && is_seed(r->columns[column])};
}

size_t results_factors(const results *r, const factor **factors)
{
    static const char *const named[] = {"dataset", "model", "loss", "optimizer", "learning_rate"};
    enum { NAMED = sizeof named / sizeof *named };
    factor *list = arena_alloc(r->memory, (r->swept_count + NAMED) * sizeof *list);
    size_t count = 0;
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        add(r, list, &count, c, true);
    for (size_t i = 0; i < (r->swept_count ? NAMED - 1 : NAMED); i++) {
        const size_t column = results_column(r, named[i]);
        if (column != SIZE_MAX && differs(r, column) && !is_swept(r, named[i]))
            add(r, list, &count, column, false);
    }
    *factors = list;
    return count;
}

/* ---- for people ------------------------------------------------------------------------------ */

static const char *last_word(const results *r, const char *path)
{
    static const char name[] = ".name";
    const size_t length = strlen(path), tail = sizeof name - 1;
    const bool named = length > tail && strcmp(path + length - tail, name) == 0;
    const char *whole = named ? arena_strndup(r->memory, path, length - tail) : path;
    const char *dot = strrchr(whole, '.');
    return dot ? dot + 1 : whole;
}

const char *results_title(const results *r, size_t column)
{
    const char *word = last_word(r, r->columns[column]);
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        if (c != column && strcmp(last_word(r, r->columns[c]), word) == 0)
            return r->columns[column];
    return word;
}

const char *results_shown(const results *r, size_t row, size_t column)
{
    const char *text = r->cells[row][column];
    if (!*text) return "-";
    const double number = number_of(text);
    if (isnan(number) || !text[strcspn(text, ".eE")]) return text; /* whole numbers, seeds */
    return arena_printf(r->memory, "%.6g", number);
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* Whether the word is the value with fewer digits, as labels have it: 3.162 of 3.16227766017. */
static bool is_rounded(const char *word, size_t length, const char *value)
{
    char text[32];
    const double number = number_of(value);
    if (isnan(number) || length >= sizeof text) return false;
    snprintf(text, sizeof text, "%.4g", number);
    return strlen(text) == length && memcmp(word, text, length) == 0;
}

/* Length of "learning_rate=0.1" for the path optimizer.learning_rate and its value 0.1, or of the
 * bare value of a name ("adam"; never a number, which needs its key), if the text begins so; else
 * 0. */
static size_t said_length(const char *text, const char *path, const char *value)
{
    const size_t value_length = strlen(value), key_length = strcspn(text, "= ");
    const size_t path_length = strlen(path);
    size_t skipped = 0;
    if (text[key_length] == '=' && key_length <= path_length) {
        const char *end = path + path_length - key_length;
        if (memcmp(end, text, key_length) == 0 && (end == path || end[-1] == '.'))
            skipped = key_length + 1;
    }
    const char *rest = text + skipped;
    if (!value_length || (!skipped && !isnan(number_of(value)))) return 0;
    const size_t word = strcspn(rest, " ");
    if (skipped && is_rounded(rest, word, value)) return skipped + word;
    if (strncmp(rest, value, value_length) != 0) return 0;
    const char after = rest[value_length];
    return after == ' ' || !after ? skipped + value_length : 0;
}

/* Length of what a swept value says already at the beginning of the text; 0: nothing. */
static size_t is_said(const results *r, size_t row, const char *text)
{
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++) {
        const size_t length = said_length(text, r->columns[c], r->cells[row][c]);
        if (length) return length;
    }
    return 0;
}

const char *results_short_label(const results *r, size_t row)
{
    const char *label = results_named(r, row, "label");
    const size_t said = r->said ? strlen(r->said) : 0;
    if (said && strncmp(label, r->said, said) == 0 && (label[said] == ' ' || !label[said]))
        label += said + (label[said] == ' ');
    if (!r->swept_count) return label;
    char *kept = arena_alloc(r->memory, strlen(label) + 1), *end = kept;
    for (const char *word = label; *word;) {
        const size_t again = is_said(r, row, word), length = again ? again : strcspn(word, " ");
        if (length && !again) {
            if (end > kept) *end++ = ' ';
            memcpy(end, word, length);
            end += length;
        }
        word += length;
        word += strspn(word, " ");
    }
    *end = '\0';
    return kept;
}

/* ---- configurations -------------------------------------------------------------------------- */

/* A row, and all that was chosen for it but the seed, in one text. */
typedef struct chosen {
    const char *text;
    size_t row;
} chosen;

static int by_text(const void *one, const void *other)
{
    const chosen *a = one, *b = other;
    const int order = strcmp(a->text, b->text);
    return order ? order : a->row < b->row ? -1 : 1;
}

static const char *all_but_seed(const results *r, size_t row)
{
    static const char *const named[] = {"dataset", "model", "loss", "optimizer", "learning_rate"};
    size_t length = 1;
    const char *label = results_short_label(r, row);
    for (size_t c = 0; c < r->swept_count; c++)
        length += strlen(r->cells[row][r->first_swept + c]) + 1;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        length += strlen(results_named(r, row, named[i])) + 1;
    char *text = arena_alloc(r->memory, length + strlen(label)), *end = text;
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++) {
        if (!is_seed(r->columns[c])) end = stpcpy(end, r->cells[row][c]);
        *end++ = '\n';
    }
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        end = stpcpy(end, results_named(r, row, named[i]));
        *end++ = '\n';
    }
    strcpy(end, label);
    return text;
}

static bool has_seeds(const results *r)
{
    for (size_t c = r->first_swept; c < r->first_swept + r->swept_count; c++)
        if (is_seed(r->columns[c])) return true;
    return false;
}

const size_t *results_configurations(const results *r, size_t *count)
{
    size_t *numbers = arena_alloc(r->memory, r->count * sizeof *numbers);
    *count = r->count;
    for (size_t row = 0; row < r->count; row++) numbers[row] = row;
    if (!has_seeds(r)) return numbers; /* each its own */
    chosen *all = arena_alloc(r->memory, r->count * sizeof *all);
    for (size_t row = 0; row < r->count; row++) all[row] = (chosen){all_but_seed(r, row), row};
    qsort(all, r->count, sizeof *all, by_text);
    for (size_t i = 0; i < r->count; i++) { /* first the least row of those that are alike */
        const bool alike = i && strcmp(all[i].text, all[i - 1].text) == 0;
        numbers[all[i].row] = alike ? numbers[all[i - 1].row] : all[i].row;
    }
    *count = 0;
    for (size_t row = 0; row < r->count; row++) /* then counted in order of appearance */
        numbers[row] = numbers[row] == row ? (*count)++ : numbers[numbers[row]];
    return numbers;
}
