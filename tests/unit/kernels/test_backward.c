/* affine_backward, the gradients of a layer at one go: the bits of affine_weights, affine_bias and
 * affine_input one after another (which have tests against their formulas of their own), for every
 * instruction set of this processor, both precisions, one thread and several, with each part left
 * out, and with the gradient of the input in the input's place. */
#include "matrices.h"

typedef struct shape {
    size_t rows, in, out;
} shape;

/* Few and many of each, sums of more than one panel and of more rows than are kept apart at once,
 * and the ways in which threads share: columns, outputs, nothing. */
static const shape shapes[] = {{0, 3, 2},     {1, 1, 1},    {5, 260, 3},  {33, 15, 5},
                               {128, 66, 10}, {50, 70, 21}, {97, 3, 260}, {270, 17, 7},
                               {7, 129, 30},  {9, 65, 70}};
static const int teams[] = {1, 2, 7};

typedef struct layer {
    shape s;
    matrix x, w, d, g, h, e; /* h: one row */
} layer;

static matrix numbers(precision p, size_t rows, size_t columns, uint64_t stream)
{
    matrix m = matrix_make(p, rows, columns);
    uint64_t state = stream * 2654435761u + 12345;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            put(&m, r, c, ldexp((double)(int32_t)(state >> 32), (int)(state >> 27 & 7) - 34));
        }
    return m;
}

static layer make(precision p, shape s)
{
    return (layer){s,
                   numbers(p, s.rows, s.in, 1),
                   numbers(p, s.out, s.in, 2),
                   numbers(p, s.rows, s.out, 3),
                   numbers(p, s.out, s.in, 4),
                   numbers(p, 1, s.out, 5),
                   numbers(p, s.rows, s.in, 6)};
}

static void release(layer *l)
{
    matrix *all[] = {&l->x, &l->w, &l->d, &l->g, &l->h, &l->e};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]->at);
}

static void assert_same(const matrix *a, const matrix *b)
{
    check_gaps(a);
    for (size_t r = 0; r < a->rows; r++)
        for (size_t c = 0; c < a->columns; c++) assert_true(same(get(a, r, c), get(b, r, c)));
}

typedef enum place { NOWHERE, APART, IN_PLACE } place;

typedef struct way {
    slope_activation activation;
    bool separate, bias;
    place input; /* where its gradient goes */
} way;

static void one_after_another(const slope_host *host, layer *l, const way *how)
{
    const slope_kernels *k = host->kernels;
    const shape s = l->s;
    const real *d = l->d.at;
    real *g = l->g.at, *h = l->h.at;
    k->affine_weights_many(host, 1, s.rows, s.in, s.out, l->x.at, l->x.ld, &d, l->d.ld, &g, l->g.ld,
                           how->separate);
    if (how->bias) k->affine_bias_many(host, 1, s.rows, s.out, &d, l->d.ld, &h, how->separate);
    if (how->input != NOWHERE)
        k->affine_input(host, s.rows, s.in, s.out, d, l->d.ld, l->w.at, l->w.ld, how->activation,
                        l->x.at, l->x.ld, l->e.at, l->e.ld);
}

static void at_one_go(const slope_host *host, layer *l, const way *how)
{
    const shape s = l->s;
    void *e = how->input == NOWHERE ? NULL : how->input == APART ? l->e.at : l->x.at;
    host->kernels->affine_backward(host, s.rows, s.in, s.out, l->x.at, l->x.ld, l->d.at, l->d.ld,
                                   l->g.at, l->g.ld, how->bias ? l->h.at : NULL, how->separate,
                                   e ? l->w.at : NULL, l->w.ld, how->activation, e, l->e.ld);
}

static void check(const slope_host *host, precision p, shape s, const way *how)
{
    layer wanted = make(p, s), got = make(p, s);
    const int threads = threads_count();
    threads_set(1);
    one_after_another(host, &wanted, how);
    threads_set(threads);
    at_one_go(host, &got, how);
    assert_same(&got.g, &wanted.g);
    assert_same(&got.h, &wanted.h);
    assert_same(&got.w, &wanted.w); /* and d, which nobody writes */
    assert_same(&got.d, &wanted.d);
    assert_same(&got.x, how->input == IN_PLACE ? &wanted.e : &wanted.x);
    if (how->input != IN_PLACE) assert_same(&got.e, &wanted.e);
    release(&wanted);
    release(&got);
}

static void every_way(const slope_host *host, precision p)
{
    static const slope_activation activations[] = {SLOPE_IDENTITY, SLOPE_RELU, SLOPE_TANH,
                                                   SLOPE_SIGMOID};
    enum { ACTIVATIONS = 4, PLACES = 3, WAYS = ACTIVATIONS * PLACES * 2 * 2 };
    for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++)
        for (size_t t = 0; t < sizeof teams / sizeof *teams; t++)
            for (size_t i = (n + t) % 2; i < WAYS; i += 2) { /* half of them each: time */
                threads_set(teams[t]);
                check(host, p, shapes[n],
                      &(way){.activation = activations[i % ACTIVATIONS],
                             .input = (place)(i / ACTIVATIONS % PLACES),
                             .separate = i / (ACTIVATIONS * PLACES) % 2,
                             .bias = i / (ACTIVATIONS * PLACES * 2) % 2});
            }
}

static void test_bits(void **state)
{
    (void)state;
    everywhere(every_way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
