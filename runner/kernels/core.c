/* kernels/core.c: the numeric core. Compiled once for each instruction set and precision (see
 * CMakeLists.txt); exports one table, kernels_<isa>_<bits>.
 *
 * Layers are in affine.h, the products that they are made of in dots.h, product.h and bytes.h, the
 * rows that these read in rows.h, single numbers in elementary.h; here are functions of elements
 * and sums, and the table.
 */
#include "kernels/kernels.h"

#include "kernels/affine.h"
#include "kernels/elementary.h"
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
