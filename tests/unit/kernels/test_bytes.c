/* Products of rows of bytes, which are summed without rounding: the numbers that slope/kernels.h
 * defines, computed here in 64-bit whole numbers, for every instruction set of this processor, and
 * for tiles (AMX) that C stands in for where the processor has none; and how near they are to the
 * products of the reals themselves. Rows in order and shuffled, sizes round those of tiles, blocks
 * and groups, several matrices, several threads, pieces in any order; the greatest sums that there
 * can be; weights of every size, and such as are not finite. */
#include "matrices.h"

enum {
    BLOCK = 256,
    GROUP = 256,
    HIGH = 32768,
    LEAST_LOW = 16512,
    MOST = 3,    /* matrices */
    SKIPPED = 2, /* stored rows before the ones that are asked for */
};

typedef struct shape {
    size_t count, rows, in, out;
    bool shuffled, bias;
    slope_activation activation;
    double spread; /* sizes of numbers: over so many powers of two */
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 0, 0, SLOPE_IDENTITY, 0},     {1, 3, 15, 2, 1, 1, SLOPE_IDENTITY, 4},
    {2, 16, 16, 10, 0, 1, SLOPE_RELU, 8},      {3, 17, 63, 10, 1, 0, SLOPE_IDENTITY, 20},
    {1, 64, 64, 16, 0, 1, SLOPE_TANH, 4},      {1, 65, 65, 17, 1, 1, SLOPE_SIGMOID, 4},
    {3, 30, 255, 7, 1, 1, SLOPE_IDENTITY, 40}, {1, 130, 256, 33, 0, 0, SLOPE_IDENTITY, 4},
    {2, 100, 257, 5, 1, 1, SLOPE_RELU, 10},    {1, 255, 100, 9, 1, 0, SLOPE_IDENTITY, 6},
    {1, 256, 33, 3, 0, 1, SLOPE_IDENTITY, 6},  {3, 257, 70, 11, 1, 1, SLOPE_IDENTITY, 6},
    {1, 600, 20, 40, 1, 0, SLOPE_RELU, 6},     {1, 40, 1000, 70, 1, 1, SLOPE_IDENTITY, 100},
    {2, 36, 270, 61, 1, 1, SLOPE_RELU, 4},     {1, 258, 20, 97, 0, 1, SLOPE_IDENTITY, 4},
};

typedef struct given {
    shape s;
    size_t stored; /* rows */
    unsigned char *bytes;
    uint32_t *index;
    float factor;
    matrix w[MOST], b[MOST], d[MOST];
} given;

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t state;

static double fraction(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int32_t)(state >> 32) * 0x1p-31;
}

static matrix numbers(size_t rows, size_t columns, double spread)
{
    matrix m = matrix_make(FLOAT32, rows, columns);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            put(&m, r, c, ldexp(fraction(), -(int)(spread * fabs(fraction()))));
    return m;
}

static given make(shape s)
{
    given g = {.s = s, .stored = s.rows + 2 * SKIPPED, .factor = s.bias ? 1.0f / 255 : 0.3f};
    state = s.rows * 1000 + s.in * 10 + s.out;
    g.bytes = calloc(g.stored * s.in + 1, 1); /* ends with the last row: a sanitizer watches */
    g.index = s.shuffled ? calloc(g.stored, sizeof *g.index) : NULL;
    for (size_t i = 0; i < g.stored * s.in; i++)
        g.bytes[i] = (unsigned char)(128 + 128 * fraction());
    for (size_t i = 0; g.index && i < g.stored; i++)
        g.index[i] = (uint32_t)((g.stored - i) * (g.stored - 1) % g.stored);
    for (size_t i = 0; i < s.count; i++) {
        g.w[i] = numbers(s.out, s.in, s.spread);
        g.b[i] = numbers(1, s.out, 0);
        g.d[i] = numbers(s.rows, s.out, s.spread);
    }
    return g;
}

static void release(given *g)
{
    for (size_t i = 0; i < g->s.count; i++) {
        free(g->w[i].at);
        free(g->b[i].at);
        free(g->d[i].at);
    }
    free(g->bytes);
    free(g->index);
}

static unsigned char byte_at(const given *g, size_t row, size_t feature)
{
    const size_t at = SKIPPED + row;
    return g->bytes[(g->index ? g->index[at] : at) * g->s.in + feature];
}

/* ---- what is to come out --------------------------------------------------------------------- */

typedef struct exact_sum {
    int64_t high, low;
    long double real, size, bytes; /* of the reals themselves: the sum, without signs, of bytes */
} exact_sum;

static double unit_of(const double *numbers, size_t count)
{
    double most = 0;
    int exponent;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(numbers[i])) return (double)NAN;
        if (fabs(numbers[i]) > most) most = fabs(numbers[i]);
    }
    frexp(most, &exponent);
    if (most == 0 || exponent < -79) exponent = -79;
    return ldexp(1, exponent - 29);
}

static void add(exact_sum *e, double number, double unit, unsigned char byte)
{
    const int64_t q = isnan(unit) ? 0 : (int64_t)nearbyint(number / unit);
    const int64_t low = (q + LEAST_LOW + ((int64_t)1 << 40)) % HIGH - LEAST_LOW;
    e->high += (q - low) / HIGH * byte;
    e->low += low * byte;
    e->real += (long double)number * byte;
    e->size += fabsl((long double)number) * byte;
    e->bytes += byte;
}

static float value_of(const exact_sum *e)
{
    assert_true(llabs(e->high) < INT32_MAX && llabs(e->low) < INT32_MAX);
    const float high = (float)e->high * (float)HIGH;
    return high + (float)e->low;
}

static float activated(slope_activation activation, float z, const slope_host *host)
{
    float value = z;
    if (activation == SLOPE_RELU) value = z < 0 ? 0 : z;
    if (activation == SLOPE_TANH) host->kernels->tanh(1, (void *)&z, (void *)&value);
    if (activation == SLOPE_SIGMOID) host->kernels->sigmoid(1, (void *)&z, (void *)&value);
    return value;
}

/* As near to the reals as rounding them to units lets it be, and a few roundings in float32. */
static void assert_near(double got, const exact_sum *e, double unit, double factor,
                        size_t roundings)
{
    const long double bound = (unit / 2 * e->bytes + (long double)roundings * 0x3p-24L * e->size) *
                              (long double)factor * 1.001L;
    const long double wanted = e->real * (long double)factor;
    assert_true(fabsl(wanted) > (long double)FLT_MAX ? isinf(got)
                                                     : fabsl((long double)got - wanted) <= bound);
}

static float wanted_score(const given *g, const slope_host *host, size_t i, size_t r, size_t o)
{
    double row[1000];
    exact_sum all = {0};
    float sum = 0;
    for (size_t f = 0; f < g->s.in; f++) row[f] = get(&g->w[i], o, f);
    const double unit = unit_of(row, g->s.in);
    for (size_t first = 0; first < g->s.in; first += BLOCK) {
        exact_sum block = {0};
        for (size_t f = first; f < g->s.in && f < first + BLOCK; f++) {
            add(&block, row[f], unit, byte_at(g, r, f));
            add(&all, row[f], unit, byte_at(g, r, f));
        }
        sum = first ? sum + value_of(&block) : value_of(&block);
    }
    sum *= (float)unit * g->factor;
    if (!isnan(unit)) assert_near((double)sum, &all, unit, (double)g->factor, 8);
    if (g->s.bias) sum += (float)get(&g->b[i], 0, o);
    return activated(g->s.activation, sum, host);
}

static float wanted_gradient(const given *g, size_t i, size_t o, size_t f, float before,
                             bool separate)
{
    float sum = separate ? 0 : before;
    for (size_t first = 0; first < g->s.rows; first += GROUP) {
        double column[GROUP];
        const size_t rows = g->s.rows - first < GROUP ? g->s.rows - first : GROUP;
        for (size_t r = 0; r < rows; r++) column[r] = get(&g->d[i], first + r, o);
        const double unit = unit_of(column, rows);
        exact_sum group = {0};
        for (size_t r = 0; r < rows; r++) add(&group, column[r], unit, byte_at(g, first + r, f));
        const float part = value_of(&group) * ((float)unit * g->factor);
        if (!isnan(unit)) assert_near((double)part, &group, unit, (double)g->factor, 4);
        sum += part;
    }
    return separate ? before + sum : sum;
}

/* ---- what comes out -------------------------------------------------------------------------- */

static row_source source_of(const given *g, float *x)
{
    return (row_source){.pack = {.element = SLOPE_UINT8,
                                 .features = g->bytes,
                                 .columns = g->s.in,
                                 .index = g->index,
                                 .rows = g->stored,
                                 .out = (real *)x,
                                 .ld = g->s.in},
                        .exact = true,
                        .factor = g->factor};
}

static void check_scores(const given *g, const slope_host *host, const float *x)
{
    const shape *s = &g->s;
    const real *w[MOST], *b[MOST];
    real *y[MOST];
    matrix out[MOST];
    for (size_t i = 0; i < s->count; i++) {
        out[i] = matrix_make(FLOAT32, s->rows, s->out);
        w[i] = g->w[i].at;
        b[i] = g->b[i].at;
        y[i] = out[i].at;
    }
    host->kernels->affine_many(host, s->count, s->rows, s->in, s->out,
                               (const real *)(x + SKIPPED * s->in), s->in, w, g->w[0].ld,
                               s->bias ? b : NULL, s->activation, y, out[0].ld);
    for (size_t i = 0; i < s->count; i++) {
        for (size_t r = 0; r < s->rows; r++)
            for (size_t o = 0; o < s->out; o++)
                assert_true(same(get(&out[i], r, o), (double)wanted_score(g, host, i, r, o)));
        check_gaps(&out[i]);
        free(out[i].at);
    }
}

static void check_gradients(const given *g, const slope_host *host, const float *x, bool separate)
{
    const shape *s = &g->s;
    const real *d[MOST];
    real *to[MOST];
    matrix out[MOST], before = numbers(s->out, s->in, 0);
    for (size_t i = 0; i < s->count; i++) {
        out[i] = matrix_make(FLOAT32, s->out, s->in);
        memcpy(out[i].at, before.at, s->out * before.ld * sizeof(float));
        d[i] = g->d[i].at;
        to[i] = out[i].at;
    }
    host->kernels->affine_weights_many(host, s->count, s->rows, s->in, s->out,
                                       (const real *)(x + SKIPPED * s->in), s->in, d, g->d[0].ld,
                                       to, out[0].ld, separate);
    for (size_t i = 0; i < s->count; i++) {
        for (size_t o = 0; o < s->out; o++)
            for (size_t f = 0; f < s->in; f++)
                assert_true(
                    same(get(&out[i], o, f),
                         (double)wanted_gradient(g, i, o, f, (float)get(&before, o, f), separate)));
        check_gaps(&out[i]);
        free(out[i].at);
    }
    free(before.at);
}

/* x is never read or written: only its address is known. */
static void check(const given *g, const slope_host *from)
{
    slope_host host = *from;
    float *x = malloc(g->stored * g->s.in * sizeof *x);
    const char **next = calloc(g->stored, sizeof *next);
    for (size_t r = 0; r < g->stored; r++) next[r] = (const char *)g->bytes;
    row_source source = source_of(g, x);
    source.next = next;
    source.stride = 64;
    host.rows = &source;
    check_scores(g, &host, x);
    check_gradients(g, &host, x, false);
    check_gradients(g, &host, x, true);
    assert_int_equal(source.packed, 0);
    free(next);
    free(x);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Every other piece first: what a thread does when others are late, but each time, and alone. */
static void leap(const slope_host *host, size_t count, size_t grain,
                 void (*body)(void *argument, size_t first, size_t last), void *argument)
{
    (void)host;
    for (size_t odd = 2; odd-- > 0;)
        for (size_t i = odd * grain; i < count; i += 2 * grain)
            body(argument, i, count - i < grain ? count : i + grain);
}

static void check_shapes(const slope_host *host, precision p)
{
    if (p == FLOAT64) return; /* has no such products */
    slope_host leaping = *host;
    leaping.parallel_for = leap;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        given g = make(shapes[i]);
        for (int threads = 1; threads <= 3; threads++) {
            threads_set(threads);
            check(&g, host);
        }
        check(&g, &leaping); /* cut for three */
        release(&g);
    }
}

static void test_definition(void **unused)
{
    (void)unused;
    everywhere(check_shapes);
}

/* The products by the processor's own tiles, on processors that have none, too: tiles_in_c.h. */
static void with_tiles_in_c(void (*test)(const slope_host *host, precision p))
{
#if defined(__x86_64__)
    extern const kernels kernels_tiles_in_c_32;
    if (__builtin_cpu_supports("avx512vnni")) {
        call_host call;
        call_host_init(&call, FLOAT32, 0);
        call.host.kernels = &kernels_tiles_in_c_32.plugin;
        test(&call.host, FLOAT32);
        threads_set(1);
        return;
    }
#endif
    (void)test;
    print_message("left out: this processor has no AVX-512 VNNI\n");
    skip();
}

static void test_definition_with_tiles(void **unused)
{
    (void)unused;
    with_tiles_in_c(check_shapes);
}

/* Numbers that matter one by one: all weights of matrix 0 and all of d. */
static void check_extremes(const slope_host *host, precision p)
{
    const double low = 0x1p-29 * (HIGH * 16383.0 - LEAST_LOW), high = 1 - 0x1p-24;
    const double values[][2] = {{high, low},
                                {-high, -low},
                                {low, low},
                                {0, 0},
                                {-0.0, 0},
                                {0x1p127, 0x1p100},
                                {0x1p-149, 0},
                                {0x1p-126, -0x1p-140},
                                {0x1p-79, 0x1p-100},
                                {(double)NAN, 1},
                                {(double)INFINITY, 1},
                                {1, -(double)INFINITY}};
    if (p == FLOAT64) return;
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        given g = make((shape){1, 256, 256, 3, 0, 0, SLOPE_IDENTITY, 0});
        memset(g.bytes, 255, g.stored * g.s.in);
        for (size_t f = 0; f < g.s.in; f++) put(&g.w[0], 1, f, values[v][f > 0]);
        for (size_t r = 0; r < g.s.rows; r++) put(&g.d[0], r, 1, values[v][r > 0]);
        threads_set(1);
        check(&g, host);
        release(&g);
    }
}

static void test_extremes(void **unused)
{
    (void)unused;
    everywhere(check_extremes);
}

static void test_extremes_with_tiles(void **unused)
{
    (void)unused;
    with_tiles_in_c(check_extremes);
}

/* A product that reads other than whole rows has them packed, as for any other element. */
static void check_other_shape(const slope_host *from, precision p)
{
    if (p == FLOAT64) return;
    slope_host host = *from;
    given g = make((shape){1, 9, 40, 4, 1, 0, SLOPE_IDENTITY, 0});
    float *x = calloc(g.stored * g.s.in, sizeof *x), *factor = calloc(g.s.in, sizeof *factor);
    for (size_t f = 0; f < g.s.in; f++) factor[f] = g.factor;
    row_source source = source_of(&g, x);
    source.pack.factor = (const real *)factor;
    matrix y[2];
    for (int plain = 0; plain < 2; plain++) {
        host.rows = plain ? NULL : &source;
        y[plain] = matrix_make(FLOAT32, g.s.rows, g.s.out);
        host.kernels->affine(&host, g.s.rows, g.s.in - 7, g.s.out,
                             (const real *)(x + SKIPPED * g.s.in), g.s.in, g.w[0].at, g.w[0].ld,
                             NULL, SLOPE_IDENTITY, y[plain].at, y[plain].ld);
    }
    assert_int_equal(source.packed, SKIPPED + g.s.rows);
    assert_memory_equal(y[0].at, y[1].at, g.s.rows * y[0].ld * sizeof(float));
    free(y[0].at);
    free(y[1].at);
    free(factor);
    free(x);
    release(&g);
}

static void test_other_shape(void **unused)
{
    (void)unused;
    everywhere(check_other_shape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition), cmocka_unit_test(test_definition_with_tiles),
        cmocka_unit_test(test_extremes), cmocka_unit_test(test_extremes_with_tiles),
        cmocka_unit_test(test_other_shape)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
