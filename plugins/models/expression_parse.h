/* models/expression_parse.h: from the text of an expression to postfix code. Only for expression.c.
 *
 *     sum     = product { ("+" | "-") product }
 *     product = unary { ("*" | "/") unary }
 *     unary   = ("-" | "+") unary | power
 *     power   = element [ "^" unary ]                    -x^2 is -(x^2), x^y^z is x^(y^z)
 *     element = primary { "[" integer | "name" "]" }
 *     primary = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
 *
 * ** is ^, and the signs × · ÷ − of books are understood. What names mean and whether shapes fit is
 * not known here (expression_build.h). Texts are not trusted: length and depth are bounded, and the
 * recursion with them. */
#ifndef EXPRESSION_PARSE_H
#define EXPRESSION_PARSE_H

#include <slope/model.h>

#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 100000, DEEPEST = 200 };

typedef enum operation {
    OP_NUMBER, /* in postfix code only: NUMBER, NAME, INDEX, COLUMN_NAME */
    OP_NAME,
    OP_INDEX,
    OP_COLUMN_NAME,
    OP_CONSTANT, /* in the graph only: these, the products and POWER */
    OP_PARAMETER,
    OP_FEATURES,            /* all columns of the data */
    OP_COLUMN,              /* one of them */
    OP_ELEMENT,             /* part of a vector or a matrix */
    OP_SPREAD,              /* a number, as often as a shape has places */
    OP_ROW_TIMES_MATRIX,    /* of numbers that come with the row */
    OP_MATRIX_TIMES_COLUMN, /* the same */
    OP_AFFINE,              /* vector times parameter */
    OP_AFFINE_TURNED,       /* parameter times vector */
    OP_POWER,               /* a whole exponent, known beforehand */
    OP_ADD,                 /* in both */
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_RAISE,
    OP_MIN,
    OP_MAX,
    OP_NEGATE,
    OP_EXP,
    OP_LOG,
    OP_SQRT,
    OP_SIN,
    OP_COS,
    OP_TANH,
    OP_SIGMOID,
    OP_RELU,
    OP_ABS,
    OP_SUM,
    OP_DOT,
} operation;

static const struct function {
    const char *name;
    operation op;
    unsigned least, most; /* arguments */
} functions[] = {
    {"exp", OP_EXP, 1, 1},         {"log", OP_LOG, 1, 1},    {"sqrt", OP_SQRT, 1, 1},
    {"sin", OP_SIN, 1, 1},         {"cos", OP_COS, 1, 1},    {"tanh", OP_TANH, 1, 1},
    {"sigmoid", OP_SIGMOID, 1, 1}, {"relu", OP_RELU, 1, 1},  {"abs", OP_ABS, 1, 1},
    {"min", OP_MIN, 2, 1000},      {"max", OP_MAX, 2, 1000}, {"sum", OP_SUM, 1, 1},
    {"dot", OP_DOT, 2, 2},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* One piece of postfix code. */
typedef struct item {
    operation op;
    size_t at;         /* of the operator or name, for errors */
    size_t begin, end; /* all that it covers; of OP_COLUMN_NAME, the name between the quotes */
    double number;
} item;

typedef struct code {
    const char *name; /* of the expression */
    const char *key;  /* "expressions.f" */
    const char *text;
    item *items;
    size_t count;
} code;

typedef struct parser {
    const slope_host *host;
    code *out;
    size_t capacity;
    size_t at;   /* next byte */
    size_t last; /* end of the last word taken */
    unsigned depth;
} parser;

#define FAIL_AT(p, at_, ...) \
    ((p)->host->fail_at((p)->host, (p)->out->key, (at_), __VA_ARGS__), false)

/* ---- names ----------------------------------------------------------------------------------- */

/* Edits (insert, delete, replace) between two names of at most 63 bytes (Levenshtein 1966). */
static size_t name_distance(const char *one, size_t length, const char *other)
{
    size_t row[64], columns = strlen(other);
    if (length > 63 || columns > 63) return 64;
    for (size_t j = 0; j <= columns; j++) row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            const size_t above = row[j], changed = corner + (one[i - 1] != other[j - 1]);
            const size_t least = above < row[j - 1] ? above : row[j - 1];
            row[j] = changed < least + 1 ? changed : least + 1;
            corner = above;
        }
    }
    return row[columns];
}

/* Keeps the nearest of several names: at most a third of the letters off, or one. */
typedef struct nearest {
    const char *name;
    size_t distance;
} nearest;

static void consider_name(nearest *best, const char *wanted, size_t length, const char *name)
{
    const size_t distance = name_distance(wanted, length, name);
    const size_t most = length / 3 > 1 ? length / 3 : 1;
    if (distance > most || distance >= length || (best->name && distance >= best->distance)) return;
    *best = (nearest){name, distance};
}

static bool is_name(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

static const struct function *find_function(const char *text, size_t length)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (is_name(functions[i].name, text, length)) return &functions[i];
    return NULL;
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const char *here(const parser *p)
{
    return p->out->text + p->at;
}

static void skip_space(parser *p)
{
    while (*here(p) == ' ' || *here(p) == '\t' || *here(p) == '\n' || *here(p) == '\r') p->at++;
}

/* The operator that comes next, as its ASCII letter, or the character itself. */
static char look(parser *p, size_t *length)
{
    static const struct {
        const char *written;
        char meant;
    } signs[] = {{"**", '^'},       {"\xC3\x97", '*'},     {"\xC2\xB7", '*'},
                 {"\xC3\xB7", '/'}, {"\xE2\x88\x92", '-'}, {"\xE2\x8B\x85", '*'}};
    skip_space(p);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        *length = strlen(signs[i].written);
        if (strncmp(here(p), signs[i].written, *length) == 0) return signs[i].meant;
    }
    *length = 1;
    return *here(p);
}

static void take(parser *p, size_t length)
{
    p->at += length;
    p->last = p->at;
}

static bool take_if(parser *p, char wanted)
{
    size_t length;
    if (look(p, &length) != wanted) return false;
    take(p, length);
    return true;
}

/* Bytes of the character that comes next. */
static int character_length(const parser *p)
{
    int length = 1;
    while ((here(p)[length] & 0xC0) == 0x80) length++;
    return length;
}

static bool expected(parser *p, const char *what)
{
    skip_space(p);
    if (!*here(p)) return FAIL_AT(p, p->at, "expected %s, but the expression ends", what);
    return FAIL_AT(p, p->at, "expected %s, got '%.*s'", what, character_length(p), here(p));
}

static item *emit(parser *p, operation op, size_t at, size_t begin)
{
    code *out = p->out;
    if (out->count == p->capacity) {
        const size_t capacity = p->capacity ? 2 * p->capacity : 32;
        item *grown = p->host->allocate(p->host, capacity * sizeof *grown);
        if (out->count) memcpy(grown, out->items, out->count * sizeof *grown);
        out->items = grown;
        p->capacity = capacity;
    }
    out->items[out->count] = (item){.op = op, .at = at, .begin = begin, .end = p->last};
    return &out->items[out->count++];
}

/* ---- the grammar ----------------------------------------------------------------------------- */

static bool parse_sum(parser *p);

static bool parse_number(parser *p)
{
    const size_t begin = p->at;
    const char *text = here(p), *c = text;
    while (is_digit(*c)) c++;
    if (*c == '.') c++;
    while (is_digit(*c)) c++;
    if (*c == 'e' || *c == 'E') {
        const char *exponent = c + 1 + (c[1] == '+' || c[1] == '-');
        if (is_digit(*exponent))
            for (c = exponent; is_digit(*c);) c++;
    }
    char copy[64];
    const size_t length = (size_t)(c - text);
    if (length >= sizeof copy) return FAIL_AT(p, begin, "a number of %zu digits", length);
    memcpy(copy, text, length);
    copy[length] = '\0';
    const double value = strtod(copy, NULL); /* digits, one point, an exponent: no other form */
    take(p, length);
    if (!isfinite(value)) return FAIL_AT(p, begin, "%s is too large", copy);
    emit(p, OP_NUMBER, begin, begin)->number = value;
    if (is_letter(*here(p)))
        return FAIL_AT(p, p->at, "expected an operator after %s; a product is written with *",
                       copy);
    return true;
}

/* Past the name and the opening parenthesis. */
static bool parse_call(parser *p, size_t begin, size_t length)
{
    const char *name = p->out->text + begin;
    const struct function *f = find_function(name, length);
    if (!f) {
        nearest best = {NULL, 0};
        for (size_t i = 0; i < FUNCTIONS; i++)
            consider_name(&best, name, length, functions[i].name);
        return FAIL_AT(p, begin, "unknown function '%.*s'%s%s%s", (int)length, name,
                       best.name ? "; did you mean '" : "", best.name ? best.name : "",
                       best.name ? "'?" : "");
    }
    unsigned count = 0;
    if (!take_if(p, ')')) {
        do {
            if (!parse_sum(p)) return false;
            if (++count > 1 && f->least != f->most) emit(p, f->op, begin, begin);
        } while (take_if(p, ','));
        if (!take_if(p, ')')) return expected(p, "',' or ')'");
    }
    if (count < f->least || count > f->most)
        return FAIL_AT(p, begin, "%s takes %s%u argument%s, got %u", f->name,
                       f->least == f->most ? "" : "at least ", f->least, f->least == 1 ? "" : "s",
                       count);
    if (f->least == f->most) emit(p, f->op, begin, begin);
    p->out->items[p->out->count - 1].end = p->last;
    return true;
}

static bool parse_primary(parser *p)
{
    size_t unused;
    const char c = look(p, &unused);
    const size_t begin = p->at;
    if (is_digit(c) || (c == '.' && is_digit(here(p)[1]))) return parse_number(p);
    if (c == '(') {
        take(p, 1);
        if (!parse_sum(p)) return false;
        if (take_if(p, ')')) return true;
        skip_space(p);
        if (!*here(p)) return FAIL_AT(p, begin, "'(' is never closed");
        return expected(p, "an operator or ')'");
    }
    if (!is_letter(c)) return expected(p, "a number, a name or '('");
    size_t length = 1;
    while (is_letter(here(p)[length]) || is_digit(here(p)[length])) length++;
    take(p, length);
    if (take_if(p, '(')) return parse_call(p, begin, length);
    p->last = begin + length;
    emit(p, OP_NAME, begin, begin);
    return true;
}

/* Past the opening bracket. */
static bool parse_index(parser *p, size_t begin)
{
    skip_space(p);
    const char quote = *here(p);
    const size_t at = p->at;
    item found = {.op = OP_INDEX, .at = at};
    if (quote == '"' || quote == '\'') {
        const char *end = strchr(here(p) + 1, quote);
        if (!end) return FAIL_AT(p, at, "the name of the column is never closed with %c", quote);
        found = (item){
            .op = OP_COLUMN_NAME, .at = at, .begin = at + 1, .end = (size_t)(end - p->out->text)};
        take(p, found.end + 1 - at);
    } else {
        size_t length = 0;
        while (is_digit(here(p)[length])) length++;
        if (!length || length > 9)
            return expected(p, "the number of an element (from 0) or the name of a column in "
                               "quotes");
        for (size_t i = 0; i < length; i++) found.number = 10 * found.number + (here(p)[i] - '0');
        found.begin = begin;
        take(p, length);
    }
    if (!take_if(p, ']')) return expected(p, "']'");
    if (found.op == OP_INDEX) found.end = p->last;
    *emit(p, found.op, at, begin) = found;
    return true;
}

static bool parse_element(parser *p)
{
    skip_space(p);
    const size_t begin = p->at;
    if (!parse_primary(p)) return false;
    while (take_if(p, '['))
        if (!parse_index(p, begin)) return false;
    return true;
}

static bool parse_unary(parser *p)
{
    size_t length;
    const char sign = look(p, &length);
    const size_t begin = p->at;
    if (++p->depth > DEEPEST) return FAIL_AT(p, begin, "nested deeper than %d levels", DEEPEST);
    bool good;
    if (sign == '-' || sign == '+') {
        take(p, length);
        good = parse_unary(p);
        if (good && sign == '-') emit(p, OP_NEGATE, begin, begin);
    } else {
        good = parse_element(p);
        if (good && look(p, &length) == '^') {
            const size_t at = p->at;
            take(p, length);
            good = parse_unary(p);
            if (good) emit(p, OP_RAISE, at, begin);
        }
    }
    p->depth--;
    return good;
}

static bool parse_product(parser *p)
{
    size_t length;
    skip_space(p);
    const size_t begin = p->at;
    if (!parse_unary(p)) return false;
    for (char sign; sign = look(p, &length), sign == '*' || sign == '/';) {
        const size_t at = p->at;
        take(p, length);
        if (!parse_unary(p)) return false;
        emit(p, sign == '*' ? OP_MULTIPLY : OP_DIVIDE, at, begin);
    }
    return true;
}

static bool parse_sum(parser *p)
{
    size_t length;
    skip_space(p);
    const size_t begin = p->at;
    if (!parse_product(p)) return false;
    for (char sign; sign = look(p, &length), sign == '+' || sign == '-';) {
        const size_t at = p->at;
        take(p, length);
        if (!parse_product(p)) return false;
        emit(p, sign == '+' ? OP_ADD : OP_SUBTRACT, at, begin);
    }
    return true;
}

/* Fills out->items from out->text. False after host->fail_at. */
static bool parse_expression(const slope_host *host, code *out)
{
    parser p = {.host = host, .out = out};
    const size_t length = strlen(out->text);
    if (length > LONGEST_TEXT)
        return FAIL_AT(&p, 0, "the expression has %zu characters; at most %d are allowed", length,
                       LONGEST_TEXT);
    if (!parse_sum(&p)) return false;
    skip_space(&p);
    if (*here(&p) == ')') return FAIL_AT(&p, p.at, "')' closes nothing");
    return !*here(&p) || expected(&p, "an operator");
}

#endif
