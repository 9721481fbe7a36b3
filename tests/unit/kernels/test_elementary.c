/* exp, log, tanh, sigmoid, sin and cos: error against long double over the whole range, special
 * values, and the same bits on every instruction set. The bounds are those that
 * kernels/elementary.h states. */
#include "kernels/kernels.h"

#include "base/arena.h"

#include "host/random.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 200000 };

typedef struct function {
    const char *name;
    long double (*exact)(long double);
    double bound; /* units in the last place */
    double low, high;
    bool logarithmic; /* arguments spread over orders of magnitude from 2^low to 2^high */
} function;

static long double exact_sigmoid(long double x)
{
    return 1 / (1 + expl(-x));
}

static const function functions[] = {
    {"exp", expl, 1.1, -87, 88, false},
    {"log", logl, 1.5, -126, 127, true},
    {"tanh", tanhl, 3, -12, 12, false},
    {"tanh", tanhl, 3, -30, 4, true},
    {"sigmoid", exact_sigmoid, 2.5, -80, 80, false},
    {"exp", expl, 1.1, -40, 6, true},
    {"sin", sinl, 1, -8, 8, false},
    {"cos", cosl, 1, -8, 8, false},
    {"sin", sinl, 1, -40, 44, true},
    {"cos", cosl, 1, -40, 44, true},
};

typedef void (*kernel)(size_t count, const void *x, void *y);

static kernel named(int bits, const char *name)
{
    const slope_kernels *k = &kernels_for_bits(bits)->plugin;
    return strcmp(name, "exp") == 0    ? k->exp
           : strcmp(name, "log") == 0  ? k->log
           : strcmp(name, "tanh") == 0 ? k->tanh
           : strcmp(name, "sin") == 0  ? k->sin
           : strcmp(name, "cos") == 0  ? k->cos
                                       : k->sigmoid;
}

static double *arguments(const function *f, uint64_t stream)
{
    double *x = allocate(COUNT, sizeof *x);
    random_uniform((random_key){3, SLOPE_FOR_NOISE, stream}, 0, COUNT, x);
    for (size_t i = 0; i < COUNT; i++) {
        const double t = f->low + (f->high - f->low) * x[i];
        x[i] = f->logarithmic ? exp2(t) : t;
    }
    return x;
}

static double error_in_ulp(double got, long double exact, int digits)
{
    const long double ulp = ldexpl(1, ilogbl(exact) - digits + 1);
    return (double)(fabsl((long double)got - exact) / ulp);
}

static void test_accuracy(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof functions / sizeof functions[0]; n++) {
        const function *f = &functions[n];
        double *x = arguments(f, n), *y = allocate(COUNT, 8), worst = 0;
        float *xf = allocate(COUNT, 4), *yf = allocate(COUNT, 4);
        named(64, f->name)(COUNT, x, y);
        for (size_t i = 0; i < COUNT; i++)
            worst = fmax(worst, error_in_ulp(y[i], f->exact(x[i]), DBL_MANT_DIG));
        for (size_t i = 0; i < COUNT; i++) xf[i] = (float)x[i];
        named(32, f->name)(COUNT, xf, yf);
        double worst_float = 0;
        for (size_t i = 0; i < COUNT; i++)
            worst_float = fmax(worst_float, error_in_ulp(yf[i], f->exact(xf[i]), FLT_MANT_DIG));
        print_message("%s on %g … %g: %.2f ulp in float64, %.2f in float32\n", f->name, f->low,
                      f->high, worst, worst_float);
        assert_true(worst <= f->bound);
        assert_true(worst_float <= f->bound);
        free(x);
        free(y);
        free(xf);
        free(yf);
    }
}

/* A whole vector of the same argument, so that vector code is tested and not only the loop's end.
 */
static double at(const char *name, double x)
{
    double in[16], out[16];
    for (size_t i = 0; i < 16; i++) in[i] = x;
    named(64, name)(16, in, out);
    for (size_t i = 1; i < 16; i++) assert_memory_equal(&out[i], &out[0], 8);
    float narrow_in[16], narrow_out[16];
    for (size_t i = 0; i < 16; i++) narrow_in[i] = (float)x;
    named(32, name)(16, narrow_in, narrow_out);
    const double narrow = (double)narrow_out[15];
    assert_true(isnan(narrow) == isnan(out[0]) &&
                (isnan(narrow) || signbit(narrow) == signbit(out[0])));
    return out[0];
}

static void test_special_values(void **state)
{
    (void)state;
    assert_true(at("exp", 0) == 1);
    assert_true(at("exp", INFINITY) == INFINITY);
    assert_true(at("exp", 1e300) == INFINITY);
    assert_true(at("exp", -INFINITY) == 0);
    assert_true(at("exp", -1e4) == 0);
    assert_true(isnan(at("exp", NAN)));
    assert_true(at("log", 1) == 0);
    assert_true(at("log", 0) == -INFINITY);
    assert_true(at("log", INFINITY) == INFINITY);
    assert_true(isnan(at("log", -1)) && isnan(at("log", NAN)) && isnan(at("log", -INFINITY)));
    assert_true(at("tanh", 0) == 0 && signbit(at("tanh", -0.0)));
    assert_true(at("tanh", INFINITY) == 1 && at("tanh", -INFINITY) == -1 && at("tanh", 1e30) == 1);
    assert_true(isnan(at("tanh", NAN)));
    assert_true(at("sigmoid", 0) == 0.5 && at("sigmoid", INFINITY) == 1);
    assert_true(at("sigmoid", -INFINITY) == 0 && isnan(at("sigmoid", NAN)));
    assert_true(at("sin", 0) == 0 && signbit(at("sin", -0.0)) && at("cos", 0) == 1);
    assert_true(isnan(at("sin", INFINITY)) && isnan(at("cos", NAN)) && isnan(at("sin", 0x1p45)));
    assert_true(isnan(at("cos", -1e300)));
    /* the float64 nearest to pi, whose sine is how far off it is */
    const double nearly_pi = 0x1.921fb54442d18p+1;
    double sine;
    named(64, "sin")(1, &nearly_pi, &sine);
    assert_true(sine == 0x1.1a62633145c07p-53);
    /* subnormal arguments and results */
    double tiny = 0x1p-1060, log_tiny, low = -740, exp_low;
    named(64, "log")(1, &tiny, &log_tiny);
    assert_true(fabs(log_tiny - (double)logl(0x1p-1060L)) < 1e-12);
    named(64, "exp")(1, &low, &exp_low);
    assert_true(fabs(exp_low - (double)expl(-740)) <= 0x1p-1074);
}

static void test_same_bits_everywhere(void **state)
{
    (void)state;
    static const char *const isas[] = {"avx2", "avx512", "vnni", "amx"};
    failure why;
    for (size_t n = 0; n < sizeof functions / sizeof functions[0]; n++) {
        double *x = arguments(&functions[n], n), *plain = allocate(COUNT, 8);
        double *vector = allocate(COUNT, 8);
        setenv("SLOPE_ISA", "baseline", 1);
        assert_true(kernels_select(&why));
        named(64, functions[n].name)(COUNT, x, plain);
        for (size_t i = 0; i < 2; i++) {
            setenv("SLOPE_ISA", isas[i], 1);
            if (!kernels_select(&why)) continue;
            named(64, functions[n].name)(COUNT, x, vector);
            assert_memory_equal(vector, plain, COUNT * 8);
        }
        free(x);
        free(plain);
        free(vector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy),
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_same_bits_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
