/* readers/text.h: what the readers of text files share: decimal numbers, classes made of labels,
 * and files of class names.
 *
 * No plugin of its own: each reader that includes it gets its own copy. Everything here is a
 * function of its arguments; memory comes from malloc and is freed by the caller of labels_free().
 */
#ifndef SLOPE_READERS_TEXT_H
#define SLOPE_READERS_TEXT_H

#include <slope/reader.h>

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* A piece of a file; not ended by a zero byte. */
typedef struct span {
    const char *text;
    size_t length;
} span;

/* For messages: printf("%.*s", SPAN(s)), cut to a length that keeps the message readable. */
#define SPAN(s) (int)((s).length < 60 ? (s).length : 60), (s).text

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Whether the whole span is a decimal number: [+-] digits [. digits] [e [+-] digits]; infinities,
 * nan and hexadecimal are not. The number may be infinite if it is too large for double.
 *
 * Correctly rounded: up to 19 digits whose value fits 53 bits, times or divided by a power of ten
 * up to 10^22 (both exact in double), take one operation (Clinger 1990: How to read floating point
 * numbers accurately); all others go to strtod. What follows the span must not continue a number.
 */
static inline bool span_number(span s, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { LARGE_EXPONENT = 10000 }; /* written exponents are not told apart from here on */
    const char *at = s.text, *const end = s.text + s.length;
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    uint64_t digits = 0;
    int64_t count = 0, exponent = 0, written = 0;
    bool fraction = false, any = false;
    for (; at < end && (is_digit(*at) || (*at == '.' && !fraction)); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        any = true;
        if (count < 19) digits = digits * 10 + (uint64_t)(*at - '0');
        if (digits || count) count++;
        if (fraction) exponent--;
    }
    if (!any) return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        const bool down = at < end && *at == '-';
        if (at < end && (*at == '-' || *at == '+')) at++;
        if (at == end) return false;
        for (; at < end && is_digit(*at); at++)
            if (written < LARGE_EXPONENT) written = written * 10 + (*at - '0');
        exponent += down ? -written : written;
    }
    if (at != end) return false;
    if (count <= 19 && digits <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22 &&
        written < LARGE_EXPONENT) {
        const double whole = (double)digits;
        const double size = exponent < 0 ? whole / powers[-exponent] : whole * powers[exponent];
        *value = negative ? -size : size;
    } else {
        *value = strtod(s.text, NULL);
    }
    return true;
}

/* Whether a number of the file is finite in the type of the table. */
static inline bool fits_element(slope_element element, double value)
{
    return fabs(value) <= (element == SLOPE_FLOAT32 ? (double)FLT_MAX : DBL_MAX);
}

/* Cell number `cell`, counted row by row, of a table of floating-point numbers. */
static inline void store_number(slope_table *table, size_t cell, double value)
{
    if (table->element == SLOPE_FLOAT64)
        ((double *)table->features)[cell] = value;
    else
        ((float *)table->features)[cell] = (float)value;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* More different labels than this are taken for a mistake: a column of measurements, say. */
enum { MOST_LABELS = 65536 };

/* The different label texts of all splits, numbered as they appear. Points into the files. */
typedef struct label_set {
    span *texts;
    size_t count, capacity;
    uint32_t *slots;   /* hash table with open addressing: number of a text plus 1; 0 is free */
    size_t slot_count; /* a power of two, at least twice the capacity */
} label_set;

static inline void labels_free(label_set *set)
{
    free(set->texts);
    free(set->slots);
    *set = (label_set){0};
}

static inline size_t label_slot(const label_set *set, span s)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < s.length; i++)
        hash = (hash ^ (unsigned char)s.text[i]) * UINT64_C(1099511628211);
    size_t slot = (size_t)(hash ^ hash >> 32) & (set->slot_count - 1);
    while (set->slots[slot]) {
        const span *other = &set->texts[set->slots[slot] - 1];
        if (other->length == s.length && !memcmp(other->text, s.text, s.length)) break;
        slot = (slot + 1) & (set->slot_count - 1);
    }
    return slot;
}

static inline bool labels_grow(label_set *set)
{
    const size_t capacity = set->capacity ? 2 * set->capacity : 64;
    span *texts = realloc(set->texts, capacity * sizeof *texts);
    if (!texts) return false;
    set->texts = texts;
    uint32_t *slots = calloc(2 * capacity, sizeof *slots);
    if (!slots) return false;
    free(set->slots);
    set->slots = slots;
    set->slot_count = 2 * capacity;
    set->capacity = capacity;
    for (size_t i = 0; i < set->count; i++) slots[label_slot(set, texts[i])] = (uint32_t)i + 1;
    return true;
}

/* Number of the label; a new one gets the next number. -1 if out of memory, or if the label would
 * be number MOST_LABELS. */
static inline int32_t labels_add(label_set *set, span s)
{
    if (set->count == set->capacity && !labels_grow(set)) return -1;
    const size_t slot = label_slot(set, s);
    if (!set->slots[slot]) {
        if (set->count == MOST_LABELS) return -1;
        set->texts[set->count++] = s;
        set->slots[slot] = (uint32_t)set->count;
    }
    return (int32_t)set->slots[slot] - 1;
}

typedef struct label_rank {
    span text;
    double value; /* 0 for texts */
    size_t number;
} label_rank;

static inline int label_compare_numbers(const void *a_, const void *b_)
{
    const label_rank *a = a_, *b = b_;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static inline int label_compare_texts(const void *a_, const void *b_)
{
    const label_rank *a = a_, *b = b_;
    const size_t shorter = a->text.length < b->text.length ? a->text.length : b->text.length;
    const int order = memcmp(a->text.text, b->text.text, shorter);
    if (order) return order;
    return a->text.length < b->text.length ? -1 : a->text.length > b->text.length;
}

/* Classes in sorted order: by value if all labels are numbers (then 1, 1.0 and +1 are one class),
 * otherwise by their bytes. classes[number of a label] = its class; names[class] = the text that
 * appeared first. Both have room for set->count. Returns how many classes there are; 0 if out of
 * memory or if there are no labels. */
static inline size_t labels_sort(const label_set *set, int32_t *classes, span *names)
{
    label_rank *ranks = calloc(set->count ? set->count : 1, sizeof *ranks);
    if (!ranks) return 0;
    bool numbers = true;
    for (size_t i = 0; i < set->count; i++) {
        ranks[i] = (label_rank){.text = set->texts[i], .number = i};
        numbers = numbers && span_number(set->texts[i], &ranks[i].value);
    }
    qsort(ranks, set->count, sizeof *ranks, numbers ? label_compare_numbers : label_compare_texts);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const bool same = numbers && i > 0 && ranks[i].value == ranks[i - 1].value;
        if (!same) names[count++] = ranks[i].text;
        classes[ranks[i].number] = (int32_t)count - 1;
    }
    free(ranks);
    return count;
}

/* Turns the label numbers in the tables of all splits into classes, and names the classes through
 * `name`, which gets the raw text. */
static inline slope_status labels_finish(const slope_reader_call *call, const label_set *set,
                                         slope_status (*name)(const slope_reader_call *call,
                                                              size_t index, span text))
{
    int32_t *classes = calloc(set->count ? set->count : 1, sizeof *classes);
    span *names = calloc(set->count ? set->count : 1, sizeof *names);
    const size_t count = classes && names ? labels_sort(set, classes, names) : 0;
    slope_status status = count ? SLOPE_OK : SLOPE_ERROR;
    if (status) call->host->fail(call->host, "out of memory while sorting labels");
    for (size_t i = 0; i < count && !status; i++) status = name(call, i, names[i]);
    for (size_t split = 0; split < SLOPE_SPLITS && !status; split++) {
        slope_table *const table = call->splits[split];
        for (size_t row = 0; row < table->rows; row++)
            table->labels[row] = classes[table->labels[row]];
    }
    free(classes);
    free(names);
    return status;
}

#endif
