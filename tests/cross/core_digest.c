/* cross/core_digest.c: a fingerprint of everything that the numeric core computes, a line for each
 * function and precision. Linked with kernels/core.c and kernels/random.c and nothing else of the
 * runner, so that it can be built for another processor with no more than a compiler and a C
 * library: two processors keep the promise of bits if they print the same. test_other_processor.py
 * compares them. */
#include "kernels/kernels.h"

#include "host/team.h"
#include "kernels/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

extern const kernels kernels_baseline_32, kernels_baseline_64;
extern const random_kernels random_kernels_baseline;

/* What the core asks of the runner. */
int parallel_is_serial(void)
{
    return 1;
}

int threads_count(void)
{
    return 1;
}

int thread_index(void)
{
    return 0;
}

void *allocate(size_t count, size_t size)
{
    void *all = calloc(count, size);
    if (!all) abort();
    return all;
}

static void serial_for(const slope_host *host, size_t count, size_t grain,
                       void (*body)(void *argument, size_t first, size_t last), void *argument)
{
    (void)host;
    for (size_t i = 0; i < count; i += grain)
        body(argument, i, count - i < grain ? count : i + grain);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t random_state;

/* Of very different size, so that another order of a sum shows. */
static void *numbers(const kernels *k, size_t count)
{
    double *x = allocate(count, sizeof *x);
    void *out = allocate(count, k->real_size);
    for (size_t i = 0; i < count; i++) {
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        const double fraction = (double)(int32_t)(random_state >> 32) * 0x1p-31;
        x[i] = ldexp(fraction, (int)(random_state >> 27 & 15) - 8);
    }
    k->from_double(count, x, out);
    free(x);
    return out;
}

static uint64_t digest(uint64_t so_far, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        so_far = (so_far ^ ((const unsigned char *)bytes)[i]) * 1099511628211u; /* FNV-1a */
    return so_far;
}

static const uint64_t EMPTY = 14695981039346656037u;

static void show(const kernels *k, const char *what, uint64_t value)
{
    printf("float%zu %s %016llx\n", 8 * k->real_size, what, (unsigned long long)value);
}

/* ---- products -------------------------------------------------------------------------------- */

typedef struct layer {
    size_t rows, in, out;
} layer;

static const layer layers[] = {{1, 1, 1},    {5, 3, 2},    {17, 20, 10}, {40, 70, 10},
                               {33, 64, 12}, {64, 31, 48}, {65, 5, 49},  {70, 300, 7}};
enum { LAYERS = sizeof layers / sizeof *layers, PRODUCTS = 8, PAIR = 2 };

static void digest_layer(const kernels *k, const slope_host *host, layer s, uint64_t *sums)
{
    void *x = numbers(k, s.rows * s.in), *b = numbers(k, s.out), *e = numbers(k, s.rows * s.in);
    void *w[PAIR], *d[PAIR], *y[PAIR], *g[PAIR];
    for (size_t i = 0; i < PAIR; i++) {
        w[i] = numbers(k, s.in * s.out);
        d[i] = numbers(k, s.rows * s.out);
        y[i] = numbers(k, s.rows * s.out);
        g[i] = numbers(k, s.in * s.out);
    }
    const slope_kernels *p = &k->plugin;
    const size_t scores = s.rows * s.out * k->real_size, weights = s.in * s.out * k->real_size;
    p->affine(host, s.rows, s.in, s.out, x, s.in, w[0], s.in, b, SLOPE_TANH, y[0], s.out);
    sums[0] = digest(sums[0], y[0], scores);
    p->affine_weights(host, s.rows, s.in, s.out, x, s.in, d[0], s.out, g[0], s.in);
    sums[1] = digest(sums[1], g[0], weights);
    p->affine_input(host, s.rows, s.in, s.out, d[0], s.out, w[0], s.in, SLOPE_RELU, x, s.in, e,
                    s.in);
    sums[2] = digest(sums[2], e, s.rows * s.in * k->real_size);
    p->sum_rows(s.rows, s.in, x, y[1]);
    sums[5] = digest(sums[5], y[1], s.rows * k->real_size);
    p->max_rows(s.rows, s.in, x, y[1]);
    sums[6] = digest(sums[6], y[1], s.rows * k->real_size);
    p->affine_many(host, PAIR, s.rows, s.in, s.out, x, s.in, (const real *const *)w, s.in, NULL,
                   SLOPE_IDENTITY, (real *const *)y, s.out);
    p->affine_weights_many(host, PAIR, s.rows, s.in, s.out, x, s.in, (const real *const *)d, s.out,
                           (real *const *)g, s.in, true);
    p->affine_backward(host, s.rows, s.in, s.out, x, s.in, d[1], s.out, g[1], s.in, b, false, w[1],
                       s.in, SLOPE_TANH, x, s.in);
    sums[7] = digest(digest(sums[7], x, s.rows * s.in * k->real_size), b, s.out * k->real_size);
    for (size_t i = 0; i < PAIR; i++) {
        sums[3] = digest(sums[3], y[i], scores);
        sums[4] = digest(sums[4], g[i], weights);
        free(w[i]);
        free(d[i]);
        free(y[i]);
        free(g[i]);
    }
    free(x);
    free(b);
    free(e);
}

static void show_products(const kernels *k, const slope_host *host)
{
    static const char *const names[PRODUCTS] = {
        "affine",   "affine_weights", "affine_input",   "affine_many", "affine_weights_many",
        "sum_rows", "max_rows",       "affine_backward"};
    uint64_t sums[PRODUCTS] = {EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY};
    for (size_t i = 0; i < LAYERS; i++) digest_layer(k, host, layers[i], sums);
    for (size_t i = 0; i < PRODUCTS; i++) show(k, names[i], sums[i]);
}

/* Rows of bytes, which only float32 sums without rounding: more than a block and more than a group.
 */
static void show_bytes(const kernels *k, const slope_host *from)
{
    enum { ROWS = 300, IN = 500, OUT = 18 };
    unsigned char *bytes = allocate(ROWS * IN, 1);
    void *x = allocate(ROWS * IN, k->real_size);
    void *w = numbers(k, IN * OUT), *d = numbers(k, ROWS * OUT);
    void *y = numbers(k, ROWS * OUT), *g = numbers(k, IN * OUT);
    for (size_t i = 0; i < ROWS * IN; i++) bytes[i] = (unsigned char)(i * 2654435761u >> 16);
    row_source source = {
        .pack = {.features = bytes, .columns = IN, .rows = ROWS, .out = x, .ld = IN},
        .exact = true,
        .factor = 1.0f / 255};
    slope_host host = *from;
    host.rows = &source;
    k->plugin.affine(&host, ROWS, IN, OUT, x, IN, w, IN, NULL, SLOPE_RELU, y, OUT);
    show(k, "affine_bytes", digest(EMPTY, y, ROWS * OUT * k->real_size));
    k->plugin.affine_weights(&host, ROWS, IN, OUT, x, IN, d, OUT, g, IN);
    show(k, "affine_weights_bytes", digest(EMPTY, g, IN * OUT * k->real_size));
    free(bytes);
    free(x);
    free(w);
    free(d);
    free(y);
    free(g);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void show_elements(const kernels *k, const slope_host *host)
{
    enum { N = 4099 };
    const struct {
        const char *name;
        void (*apply)(size_t count, const real *x, real *y);
    } functions[] = {{"exp", k->plugin.exp},   {"log", k->plugin.log},
                     {"tanh", k->plugin.tanh}, {"sigmoid", k->plugin.sigmoid},
                     {"sin", k->plugin.sin},   {"cos", k->plugin.cos}};
    void *x = numbers(k, N), *y = numbers(k, N);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        functions[i].apply(N, x, y);
        if (functions[i].apply == k->plugin.log) { /* nan has no one sign */
            double *values = allocate(N, sizeof *values);
            k->to_double(N, y, values);
            for (size_t j = 0; j < N; j++) values[j] = isnan(values[j]) ? 0 : values[j];
            k->from_double(N, values, y);
            free(values);
        }
        show(k, functions[i].name, digest(EMPTY, y, N * k->real_size));
    }
    const double sums[] = {k->plugin.sum_squares(host, N, x), k->plugin.dot(host, N, x, y),
                           k->plugin.sum_absolute(host, N, x), k->sum_squares(N, x),
                           k->sum_absolute(N, x)};
    show(k, "sums", digest(EMPTY, sums, sizeof sums));
    k->finish(N, 0.01, 0.2, 0.1, x, y);
    k->clamp(N, 3, y);
    k->scale(N, 0.7, y);
    k->add(N, x, y);
    show(k, "updates", digest(EMPTY, y, N * k->real_size));
    free(x);
    free(y);
}

static void show_pack(const kernels *k)
{
    enum { ROWS = 7, COLUMNS = 83 };
    unsigned char raw[ROWS * COLUMNS];
    for (size_t i = 0; i < sizeof raw; i++) raw[i] = (unsigned char)(i * 37 % 251);
    void *shift = numbers(k, COLUMNS), *factor = numbers(k, COLUMNS);
    void *out = numbers(k, ROWS * COLUMNS);
    uint64_t sum = EMPTY;
    for (int way = 0; way < 3; way++) {
        k->pack(&(pack_call){.element = SLOPE_UINT8,
                             .features = raw,
                             .columns = COLUMNS,
                             .rows = ROWS,
                             .shift = way == 2 ? shift : NULL,
                             .factor = way >= 1 ? factor : NULL,
                             .out = out,
                             .ld = COLUMNS});
        sum = digest(sum, out, ROWS * COLUMNS * k->real_size);
    }
    show(k, "pack", sum);
    free(shift);
    free(factor);
    free(out);
}

/* Random numbers are made in double precision only. */
static void show_random(void)
{
    enum { N = 4099, FIRST = 5 };
    const random_sequence s = {{0x12345678, 0x9abcdef0}, {0xdeadbeef, 0x01020304}};
    const random_kernels *r = &random_kernels_baseline;
    const kernels *k = &kernels_baseline_64;
    uint64_t words[N];
    double drawn[N];
    r->words(&s, FIRST, N, words);
    show(k, "random_words", digest(EMPTY, words, sizeof words));
    r->uniform(&s, FIRST, N, drawn);
    show(k, "random_uniform", digest(EMPTY, drawn, sizeof drawn));
    r->normal(&s, FIRST, N, drawn);
    show(k, "random_normal", digest(EMPTY, drawn, sizeof drawn));
}

int main(void)
{
    const kernels *const both[] = {&kernels_baseline_32, &kernels_baseline_64};
    for (size_t i = 0; i < 2; i++) {
        const kernels *k = both[i];
        const slope_host host = {
            .size = sizeof host, .kernels = &k->plugin, .parallel_for = serial_for};
        show_products(k, &host);
        if (k->real_size == sizeof(float)) show_bytes(k, &host);
        show_elements(k, &host);
        show_pack(k);
    }
    show_random();
    return 0;
}
