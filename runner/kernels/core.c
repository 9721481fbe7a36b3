/* kernels/core.c: the numeric core. Compiled once for each instruction set and precision (see
 * CMakeLists.txt); exports one table, kernels_<isa>_<bits>.
 *
 * Matrix products are in dots.h and product.h, those of rows of bytes in bytes.h, the rows that
 * they read in rows.h, single numbers in elementary.h; here is what is made of them.
 */
#include "kernels/kernels.h"

#if SLOPE_REAL_BITS == 32
#include "kernels/byte_gradients.h"
#include "kernels/byte_scores.h"
#endif
#include "kernels/dots.h"
#include "kernels/elementary.h"
#include "kernels/product.h"
#include "kernels/rows.h"
#include "kernels/rowwise.h"

#define GLUE_(a, b) kernels_##a##_##b
#define GLUE(a, b)  GLUE_(a, b)

/* For loops over elements whose output may be the very same array as the input. Where clang does
 * not optimise, or a sanitizer's checks stand in every loop, it would warn that it does not
 * vectorise. */
#if !defined(__clang__)
#define ELEMENTWISE _Pragma("GCC ivdep")
#elif !defined(__OPTIMIZE__)
#define ELEMENTWISE
#elif __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(undefined_behavior_sanitizer)
#define ELEMENTWISE
#else
#define ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")
#endif

/* ---- what plugins call ----------------------------------------------------------------------- */

static void affine_many(const slope_host *host, size_t count, size_t rows, size_t in, size_t out,
                        const real *x, size_t ldx, const real *const *w, size_t ldw,
                        const real *const *bias, slope_activation activation, real *const *y,
                        size_t ldy)
{
    row_source *source = rows_of(host, x);
#if SLOPE_REAL_BITS == 32
    if (are_bytes(source, x, in, ldx)) {
        bytes_product p = {.count = count,
                           .rows = rows,
                           .in = in,
                           .out = out,
                           .source = source,
                           .row = row_number(source, x),
                           .w = w,
                           .ldw = ldw,
                           .bias = bias,
                           .activation = activation,
                           .y = y,
                           .ldy = ldy};
        multiply_scores(host, &p);
        return;
    }
#endif
    multiply_dots(host, &(dots){.count = count,
                                .rows = rows,
                                .in = in,
                                .out = out,
                                .x = x,
                                .ldx = ldx,
                                .w = w,
                                .ldw = ldw,
                                .bias = bias,
                                .activation = activation,
                                .y = y,
                                .ldy = ldy,
                                .source = source});
}

static void affine(const slope_host *host, size_t rows, size_t in, size_t out, const real *x,
                   size_t ldx, const real *w, size_t ldw, const real *bias,
                   slope_activation activation, real *y, size_t ldy)
{
    affine_many(host, 1, rows, in, out, x, ldx, &w, ldw, bias ? &bias : NULL, activation, &y, ldy);
}

/* G_i += D_iᵀ X for i < count: the arguments of affine_weights_many. */
typedef struct weights_call {
    size_t count, rows, in, out;
    const real *x;
    size_t ldx;
    const real *const *d;
    size_t ldd;
    real *const *g;
    size_t ldg;
    sum_start start;
} weights_call;

typedef union weights_product {
    product reals;
#if SLOPE_REAL_BITS == 32
    bytes_product bytes;
#endif
} weights_product;

static job weights_job(const slope_host *host, const weights_call *c, weights_product *p)
{
    row_source *source = rows_of(host, c->x);
#if SLOPE_REAL_BITS == 32
    if (are_bytes(source, c->x, c->in, c->ldx)) {
        p->bytes = (bytes_product){.count = c->count,
                                   .rows = c->rows,
                                   .in = c->in,
                                   .out = c->out,
                                   .source = source,
                                   .row = row_number(source, c->x),
                                   .d = c->d,
                                   .ldd = c->ldd,
                                   .g = c->g,
                                   .ldg = c->ldg,
                                   .separate = c->start == SEPARATE};
        return gradients_job(&p->bytes);
    }
#endif
    if (source) rows_wanted(source, c->x, c->rows);
    p->reals = (product){.count = c->count,
                         .rows = c->out,
                         .columns = c->in,
                         .depth = c->rows,
                         .a = c->d,
                         .a_row = 1,
                         .a_step = c->ldd,
                         .b = c->x,
                         .ldb = c->ldx,
                         .c = c->g,
                         .ldc = c->ldg,
                         .start = c->start,
                         .source = source};
    return product_job(&p->reals, true); /* as dots.h shares the outputs, and updates the weights */
}

static void sum_weights(const slope_host *host, const weights_call *call)
{
    weights_product p;
    run_job(host, weights_job(host, call, &p));
}

static void affine_weights(const slope_host *host, size_t rows, size_t in, size_t out,
                           const real *x, size_t ldx, const real *d, size_t ldd, real *g,
                           size_t ldg)
{
    sum_weights(host, &(weights_call){1, rows, in, out, x, ldx, &d, ldd, &g, ldg, CONTINUE});
}

static void affine_weights_many(const slope_host *host, size_t count, size_t rows, size_t in,
                                size_t out, const real *x, size_t ldx, const real *const *d,
                                size_t ldd, real *const *g, size_t ldg, bool separate)
{
    sum_weights(host, &(weights_call){count, rows, in, out, x, ldx, d, ldd, g, ldg,
                                      separate ? SEPARATE : CONTINUE});
}

/* E = (D W) ∘ φ'(z) with A = φ(z): the arguments of affine_input. */
typedef struct input_call {
    size_t rows, in, out;
    const real *d;
    size_t ldd;
    const real *w;
    size_t ldw;
    slope_activation activation;
    const real *a;
    size_t lda;
    real *e;
    size_t lde;
} input_call;

static job input_job(const input_call *c, bool by_rows, product *p)
{
    *p = (product){.count = 1,
                   .rows = c->rows,
                   .columns = c->in,
                   .depth = c->out,
                   .a = &c->d,
                   .a_row = c->ldd,
                   .a_step = 1,
                   .b = c->w,
                   .ldb = c->ldw,
                   .c = &c->e,
                   .ldc = c->lde,
                   .start = FROM_ZERO,
                   .end = {c->activation, c->a, c->lda, c->e, c->lde}};
    return product_job(p, by_rows);
}

/* Threads share the rows where W, which all then read, is small. */
static bool input_by_rows(const input_call *c)
{
    return 4 * c->out <= c->rows;
}

static void affine_input(const slope_host *host, size_t rows, size_t in, size_t out, const real *d,
                         size_t ldd, const real *w, size_t ldw, slope_activation activation,
                         const real *a, size_t lda, real *e, size_t lde)
{
    const input_call call = {rows, in, out, d, ldd, w, ldw, activation, a, lda, e, lde};
    product p;
    run_job(host, input_job(&call, input_by_rows(&call), &p));
}

enum { BIAS_COLUMNS = 4 * LANES };

typedef struct bias_sums {
    size_t rows;
    const real *d;
    size_t ldd;
    real *g;
    bool separate;
} bias_sums;

/* Columns [first, last), at most BIAS_COLUMNS. */
static void sum_bias(void *argument, size_t first, size_t last)
{
    const bias_sums *b = argument;
    const size_t width = last - first;
    const real *from = b->d + first;
    real *to = b->g + first, sum[BIAS_COLUMNS] = {0};
    for (size_t o = 0; !b->separate && o < width; o++) sum[o] = to[o];
    for (size_t r = 0; r < b->rows; r++)
        for (size_t o = 0; o < width; o++) sum[o] += from[r * b->ldd + o];
    for (size_t o = 0; o < width; o++) to[o] = b->separate ? to[o] + sum[o] : sum[o];
}

static void affine_bias_many(const slope_host *host, size_t count, size_t rows, size_t out,
                             const real *const *d, size_t ldd, real *const *g, bool separate)
{
    (void)host; /* not worth a second thread */
    for (size_t i = 0; i < count; i++) {
        bias_sums b = {rows, d[i], ldd, g[i], separate};
        for (size_t o = 0; o < out; o += BIAS_COLUMNS)
            sum_bias(&b, o, out - o < BIAS_COLUMNS ? out : o + BIAS_COLUMNS);
    }
}

static void affine_bias(const slope_host *host, size_t rows, size_t out, const real *d, size_t ldd,
                        real *g)
{
    affine_bias_many(host, 1, rows, out, &d, ldd, &g, false);
}

/* Columns of the weights' gradient, and then the same columns of the input's: these may take the
 * place of the input's own, which only the former needed, and which are still in the cache. */
static void backward_columns(void *argument, size_t first, size_t last)
{
    product *two = argument;
    for (size_t t = first; t < last; t++) {
        product_task(&two[0], t, t + 1);
        product_task(&two[1], t, t + 1);
    }
}

static void affine_backward(const slope_host *host, size_t rows, size_t in, size_t out,
                            const real *x, size_t ldx, const real *d, size_t ldd, real *g,
                            size_t ldg, real *h, bool separate, const real *w, size_t ldw,
                            slope_activation activation, real *e, size_t lde)
{
    const weights_call weights = {
        1, rows, in, out, x, ldx, &d, ldd, &g, ldg, separate ? SEPARATE : CONTINUE};
    const input_call input = {rows, in, out, d, ldd, w, ldw, activation, x, ldx, e, lde};
    bias_sums bias = {rows, d, ldd, h, separate};
    weights_product p;
    product two[2];
    job list[MOST_JOBS] = {weights_job(host, &weights, &p)};
    size_t count = 1;
    if (h) list[count++] = (job){out, BIAS_COLUMNS, sum_bias, &bias};
    if (e && e != x) list[count++] = input_job(&input, input_by_rows(&input), &two[1]);
    if (e != x) {
        run_jobs(host, count, list);
        return;
    }
    const job of_input = input_job(&input, false, &two[1]);
    const bool by_columns =
        p.reals.blocks == 1 && two[1].blocks == 1 && p.reals.panels == two[1].panels;
    if (by_columns) {
        two[0] = p.reals;
        list[0] = (job){of_input.count, of_input.grain, backward_columns, two};
    }
    run_jobs(host, count, list);
    if (!by_columns) run_job(host, of_input);
}

#define DEFINE_ELEMENTWISE(name) \
    static void name##_all(size_t count, const real *x, real *y) \
    { \
        ELEMENTWISE for (size_t i = 0; i < count; i++) y[i] = name##_one(x[i]); \
    }
DEFINE_ELEMENTWISE(exp)
DEFINE_ELEMENTWISE(log)
DEFINE_ELEMENTWISE(tanh)
DEFINE_ELEMENTWISE(sigmoid)
DEFINE_ELEMENTWISE(sin)
DEFINE_ELEMENTWISE(cos)

/* ---- what only the engine calls -------------------------------------------------------------- */

static void add(size_t count, const real *restrict x, real *restrict y)
{
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static void finish(size_t count, double inverse, double two_l2, double l1, const real *restrict w,
                   real *restrict g)
{
    const real a = (real)inverse, b = (real)two_l2, c = (real)l1;
    if (two_l2 == 0 && l1 == 0) {
        for (size_t i = 0; i < count; i++) g[i] *= a;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const real sign = (real)(w[i] > 0) - (real)(w[i] < 0);
        g[i] = g[i] * a + (b * w[i] + c * sign);
    }
}

static void scale(size_t count, double factor, real *x)
{
    const real a = (real)factor;
    for (size_t i = 0; i < count; i++) x[i] *= a;
}

static void clamp(size_t count, double limit, real *x)
{
    const real a = (real)limit;
    for (size_t i = 0; i < count; i++) {
        const real low = x[i] < -a ? -a : x[i];
        x[i] = low > a ? a : low;
    }
}

static double fold(const double lane[8])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Sum of `term` over one block, in 8 lanes. Sums of one vector take it twice. */
#define DEFINE_SUM(name, term) \
    static double name##_block(size_t count, const real *x, const real *y) \
    { \
        double lane[8] = {0}; \
        size_t i = 0; \
        for (; i + 8 <= count; i += 8) \
            for (size_t j = 0; j < 8; j++) \
                lane[j] = term((double)x[i + j], (double)y[i + j], lane[j]); \
        for (size_t j = 0; i + j < count; j++) \
            lane[j] = term((double)x[i + j], (double)y[i + j], lane[j]); \
        return fold(lane); \
    }
#define TERM_PRODUCT(x, y, sum)  __builtin_fma((x), (y), (sum))
#define TERM_ABSOLUTE(x, y, sum) ((void)(y), (sum) + __builtin_fabs(x))
DEFINE_SUM(dot, TERM_PRODUCT)
DEFINE_SUM(absolute, TERM_ABSOLUTE)

static double sum_squares(size_t count, const real *x)
{
    return dot_block(count, x, x);
}

static double sum_absolute(size_t count, const real *x)
{
    return absolute_block(count, x, x);
}

enum { BLOCKS_AT_ONCE = 64 };

typedef struct sum_blocks {
    double (*block)(size_t count, const real *x, const real *y);
    const real *x, *y;
    double sums[BLOCKS_AT_ONCE];
} sum_blocks;

static void sum_block(void *argument, size_t first, size_t last)
{
    sum_blocks *s = argument;
    s->sums[first / SUM_BLOCK] = s->block(last - first, s->x + first, s->y + first);
}

static double sum_all(const slope_host *host, sum_blocks s, size_t count)
{
    const size_t most = (size_t)BLOCKS_AT_ONCE * SUM_BLOCK;
    double sum = 0;
    for (size_t at = 0; at < count; at += most, s.x += most, s.y += most) {
        const size_t now = count - at < most ? count - at : most;
        host->parallel_for(host, now, SUM_BLOCK, sum_block, &s);
        for (size_t b = 0; b * SUM_BLOCK < now; b++) sum += s.sums[b];
    }
    return sum;
}

static double sum_squares_all(const slope_host *host, size_t count, const real *x)
{
    return sum_all(host, (sum_blocks){.block = dot_block, .x = x, .y = x}, count);
}

static double dot_all(const slope_host *host, size_t count, const real *x, const real *y)
{
    return sum_all(host, (sum_blocks){.block = dot_block, .x = x, .y = y}, count);
}

static double sum_absolute_all(const slope_host *host, size_t count, const real *x)
{
    return sum_all(host, (sum_blocks){.block = absolute_block, .x = x, .y = x}, count);
}

/* Several rows side by side: which score is the greatest is not to be foreseen, so no branches. */
static void argmax(size_t rows, size_t outputs, const real *scores, int32_t *index)
{
    enum { SIDE_BY_SIDE = 16 };
    for (size_t first = 0; first < rows; first += SIDE_BY_SIDE) {
        const real *s = scores + first * outputs;
        const size_t count = rows - first < SIDE_BY_SIDE ? rows - first : SIDE_BY_SIDE;
        real most[SIDE_BY_SIDE];
        int32_t best[SIDE_BY_SIDE] = {0};
        for (size_t r = 0; r < count; r++) most[r] = s[r * outputs];
        for (size_t o = 1; o < outputs; o++)
            for (size_t r = 0; r < count; r++) {
                const real score = s[r * outputs + o];
                const bool better = (score > most[r]) | (most[r] != most[r]);
                most[r] = better ? score : most[r];
                best[r] = better ? (int32_t)o : best[r];
            }
        for (size_t r = 0; r < count; r++) index[first + r] = best[r];
    }
}

static void from_double(size_t count, const double *x, real *y)
{
    for (size_t i = 0; i < count; i++) y[i] = (real)x[i];
}

static void to_double(size_t count, const real *x, double *y)
{
    for (size_t i = 0; i < count; i++) y[i] = (double)x[i];
}

extern const kernels GLUE(SLOPE_ISA, SLOPE_REAL_BITS);
const kernels GLUE(SLOPE_ISA, SLOPE_REAL_BITS) = {
    .plugin = {.size = sizeof(slope_kernels),
               .affine = affine,
               .affine_weights = affine_weights,
               .affine_bias = affine_bias,
               .affine_input = affine_input,
               .exp = exp_all,
               .log = log_all,
               .tanh = tanh_all,
               .sigmoid = sigmoid_all,
               .sin = sin_all,
               .cos = cos_all,
               .affine_many = affine_many,
               .affine_weights_many = affine_weights_many,
               .affine_bias_many = affine_bias_many,
               .sum_rows = sum_rows,
               .max_rows = max_rows,
               .sum_squares = sum_squares_all,
               .dot = dot_all,
               .sum_absolute = sum_absolute_all,
               .affine_backward = affine_backward},
    .real_size = sizeof(real),
    .pack = pack,
    .add = add,
    .finish = finish,
    .scale = scale,
    .clamp = clamp,
    .sum_squares = sum_squares,
    .sum_absolute = sum_absolute,
    .argmax = argmax,
    .from_double = from_double,
    .to_double = to_double,
};
