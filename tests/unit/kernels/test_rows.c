/* Rows that are packed by the products that read them: they end where packing them first puts them,
 * and the products give the bits that they give on packed rows. For every instruction set of this
 * processor, both precisions, all elements and preparations, rows in order and shuffled, and pieces
 * of the rows in any order; on one thread and on several. What is fetched ahead changes nothing. */
#include "kernels/kernels.h"

#include "host/services.h"
#include "host/team.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const isas[] = {"baseline", "avx2", "avx512", "vnni", "amx"};
enum {
    ISAS = sizeof isas / sizeof isas[0],
    OUTS = 21,  /* so many that two threads share them, not the rows */
    STORED = 2, /* times the rows of a chunk */
    THREADS = 2,
};

static const size_t shapes[][2] = {{1, 1},    {3, 2},    {7, 15},  {5, 16},    {6, 17},  {12, 33},
                                   {31, 784}, {131, 40}, {9, 831}, {11, 1700}, {64, 300}};

/* What is given, the same for both ways. */
typedef struct given {
    precision p;
    size_t rows, columns, ld, real_size;
    void *stored, *shift, *factor, *w, *d;
    uint32_t *index;
    pack_call pack; /* without out */
} given;

/* What comes out. */
typedef struct outcome {
    void *x, *y, *g;
} outcome;

static uint64_t state;

static double number(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int32_t)(state >> 32) * 0x1p-31;
}

static void *numbers(size_t count, size_t real_size)
{
    void *out = allocate(count + 1, real_size);
    for (size_t i = 0; i < count; i++)
        if (real_size == 8)
            ((double *)out)[i] = number();
        else
            ((float *)out)[i] = (float)number();
    return out;
}

static void *stored_rows(slope_element element, size_t count)
{
    if (element != SLOPE_UINT8) return numbers(count, element == SLOPE_FLOAT32 ? 4 : 8);
    unsigned char *out = allocate(count + 1, 1);
    for (size_t i = 0; i < count; i++) out[i] = (unsigned char)(number() * 128 + 128);
    return out;
}

/* `way` counts through preparations, and whether there is an index. */
static given make(precision p, const size_t shape[2], slope_element element, unsigned way)
{
    given g = {.p = p,
               .rows = shape[0],
               .columns = shape[1],
               .ld = shape[1] + 5,
               .real_size = p == FLOAT64 ? 8 : 4};
    state = shape[0] * 1000 + shape[1];
    g.stored = stored_rows(element, STORED * g.rows * g.columns);
    g.shift = way % 3 == 2 ? numbers(g.columns, g.real_size) : NULL;
    g.factor = way % 3 != 0 ? numbers(g.columns, g.real_size) : NULL;
    g.index = way / 3 ? allocate(STORED * g.rows, sizeof *g.index) : NULL;
    for (size_t i = 0; g.index && i < STORED * g.rows; i++)
        g.index[i] = (uint32_t)((i * 7 + 3) % (STORED * g.rows));
    g.w = numbers(OUTS * g.columns, g.real_size);
    g.d = numbers(g.rows * OUTS, g.real_size);
    g.pack = (pack_call){.element = element,
                         .features = g.stored,
                         .columns = g.columns,
                         .index = g.index,
                         .rows = g.rows,
                         .shift = g.shift,
                         .factor = g.factor,
                         .ld = g.ld,
                         .ahead = g.rows};
    return g;
}

static outcome outcome_make(const given *g)
{
    return (outcome){numbers(g->rows * g->ld, g->real_size), numbers(g->rows * OUTS, g->real_size),
                     numbers(OUTS * g->columns, g->real_size)};
}

static void release(given *g, outcome *one, outcome *other)
{
    void *all[] = {g->stored, g->shift, g->factor, g->w,     g->d,     g->index,
                   one->x,    one->y,   one->g,    other->x, other->y, other->g};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Scores of `rows` rows from `first` on, of their columns from the first to `in`. */
static void forward(const given *g, const slope_host *host, outcome *o, size_t first, size_t rows,
                    size_t in)
{
    const real *x = (const real *)(void *)((char *)o->x + first * g->ld * g->real_size);
    real *y = (real *)(void *)((char *)o->y + first * OUTS * g->real_size);
    host->kernels->affine(host, rows, in, OUTS, x, g->ld, g->w, g->columns, NULL, SLOPE_IDENTITY, y,
                          OUTS);
}

static void backward(const given *g, const slope_host *host, outcome *o)
{
    memset(o->g, 0, OUTS * g->columns * g->real_size);
    host->kernels->affine_weights(host, g->rows, g->columns, OUTS, o->x, g->ld, g->d, OUTS, o->g,
                                  g->columns);
}

typedef enum order { WHOLE, PIECES, LAST_FIRST, FEWER_COLUMNS, BACKWARD_ONLY, ORDERS } order;

static void go_through(const given *g, const slope_host *host, outcome *o, order how)
{
    const size_t half = g->rows / 2;
    memset(o->y, 0, g->rows * OUTS * g->real_size);
    if (how == WHOLE) forward(g, host, o, 0, g->rows, g->columns);
    if (how == PIECES) forward(g, host, o, 0, half, g->columns);
    if (how == PIECES || how == LAST_FIRST) forward(g, host, o, half, g->rows - half, g->columns);
    if (how == LAST_FIRST) forward(g, host, o, 0, half, g->columns);
    if (how == FEWER_COLUMNS) forward(g, host, o, 0, g->rows, (g->columns + 1) / 2);
    backward(g, host, o);
}

/* Rows are where packing them first puts them; so many of them, the first ones. */
static void check_rows(const given *g, const void *packed, const void *x, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        assert_memory_equal((const char *)packed + r * g->ld * g->real_size,
                            (const char *)x + r * g->ld * g->real_size, g->columns * g->real_size);
}

static void check_results(const given *g, const outcome *early, const outcome *late)
{
    assert_memory_equal(early->y, late->y, g->rows * OUTS * g->real_size);
    assert_memory_equal(early->g, late->g, OUTS * g->columns * g->real_size);
}

static void test_way(const given *g, order how, outcome *early, outcome *late)
{
    call_host host;
    call_host_init(&host, g->p, 0);
    pack_call pack = g->pack;
    pack.out = early->x;
    kernels_for_bits(g->p == FLOAT64 ? 64 : 32)->pack(&pack);
    go_through(g, &host.host, early, how);
    const char **next = allocate(g->rows + FETCH_MOST, sizeof *next);
    for (size_t r = 0; r < g->rows + FETCH_MOST; r++) next[r] = (const char *)g->stored + r;
    row_source source = {.pack = g->pack, .next = next, .stride = 64, .lines = 3 * g->rows};
    source.pack.out = late->x;
    host.host.rows = &source;
    go_through(g, &host.host, late, how);
    assert_int_equal(source.packed, g->rows);
    check_rows(g, early->x, late->x, g->rows);
    check_results(g, early, late);
    free(next);
}

static void test_shape(const size_t shape[2])
{
    static const slope_element elements[] = {SLOPE_UINT8, SLOPE_FLOAT32, SLOPE_FLOAT64};
    for (precision p = FLOAT32; p <= FLOAT64; p++)
        for (size_t e = 0; e < 3; e++)
            for (unsigned way = 0; way < 6; way++)
                for (order how = WHOLE; how < ORDERS; how++) {
                    given g = make(p, shape, elements[e], way);
                    outcome early = outcome_make(&g), late = outcome_make(&g);
                    test_way(&g, how, &early, &late);
                    release(&g, &early, &late);
                }
}

static void test_bits(void **unused)
{
    (void)unused;
    size_t tested = 0;
    for (size_t isa = 0; isa < ISAS; isa++) {
        failure why;
        setenv("SLOPE_ISA", isas[isa], 1);
        if (!kernels_select(&why)) continue;
        tested++;
        for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++)
            for (int threads = 1; threads <= THREADS; threads += THREADS - 1) {
                threads_set(threads);
                test_shape(shapes[n]);
            }
    }
    assert_true(tested >= 1);
}

/* A matrix that only lies near the rows, or has them in the middle, is none of theirs. */
static void test_other_matrices(void **unused)
{
    (void)unused;
    const size_t shape[2] = {6, 20};
    threads_set(1);
    given g = make(FLOAT32, shape, SLOPE_UINT8, 1);
    outcome o = outcome_make(&g), copy = outcome_make(&g);
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    row_source source = {.pack = g.pack};
    source.pack.out = copy.x; /* not what forward reads */
    host.host.rows = &source;
    forward(&g, &host.host, &o, 0, g.rows, g.columns);
    assert_int_equal(source.packed, 0);
    void *seen = allocate(g.rows * OUTS, g.real_size);
    memcpy(seen, o.y, g.rows * OUTS * g.real_size);
    host.host.rows = NULL;
    forward(&g, &host.host, &o, 0, g.rows, g.columns);
    assert_memory_equal(seen, o.y, g.rows * OUTS * g.real_size);
    free(seen);
    release(&g, &o, &copy);
}

/* Scores and gradient of a chunk fetch every line of the next one, however few outputs there are;
 * of one that has more rows than places, none from beyond these. */
static void fetch_next(size_t rows, size_t in, size_t out)
{
    enum { LINE = 64 };
    float *x = numbers(rows * in, sizeof *x), *w = numbers(out * in, sizeof *w),
          *y = numbers(rows * out, sizeof *y), *g = numbers(out * in, sizeof *g);
    const char **next = allocate(rows + FETCH_MOST, sizeof *next);
    call_host host;
    call_host_init(&host, FLOAT32, 0);
    for (size_t i = 0; i < rows + FETCH_MOST; i++) next[i] = (const char *)x + i * LINE;
    row_source source = {.pack = {.out = (real *)(void *)x, .rows = rows, .columns = in, .ld = in},
                         .packed = rows,
                         .next = next,
                         .stride = rows * LINE,
                         .lines = rows * ((in * sizeof *x + LINE - 1) / LINE)};
    host.host.rows = &source;
    host.host.kernels->affine(&host.host, rows, in, out, (real *)(void *)x, in, (real *)(void *)w,
                              in, NULL, SLOPE_IDENTITY, (real *)(void *)y, out);
    host.host.kernels->affine_weights(&host.host, rows, in, out, (real *)(void *)x, in,
                                      (real *)(void *)y, out, (real *)(void *)g, in);
    if (2 * rows <= FETCH_MOST) assert_true(source.fetched >= source.lines);
    free(next);
    free(x);
    free(w);
    free(y);
    free(g);
}

static void test_all_lines_are_fetched(void **unused)
{
    (void)unused;
    static const size_t features[] = {784, 3072, 3073}, outputs[] = {1, 2, 3, 5, 6, 10, 12, 21, 40};
    threads_set(1);
    for (size_t isa = 0; isa < ISAS; isa++) {
        failure why;
        setenv("SLOPE_ISA", isas[isa], 1);
        if (!kernels_select(&why)) continue;
        for (size_t i = 0; i < sizeof features / sizeof *features; i++)
            for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
                fetch_next(32, features[i], outputs[o]);
                fetch_next(FETCH_MOST + 1, features[i] / 16, outputs[o]);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits),
                                       cmocka_unit_test(test_other_matrices),
                                       cmocka_unit_test(test_all_lines_are_fetched)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
