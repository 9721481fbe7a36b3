/* kernels/kernels.c: choosing the instruction set. See kernels.h. */
#include "kernels/kernels.h"

#include "kernels/random.h"

#include <stdlib.h>
#include <string.h>

extern const kernels kernels_baseline_32, kernels_baseline_64;
extern const random_kernels random_kernels_baseline;
#if defined(__x86_64__)
extern const kernels kernels_avx2_32, kernels_avx2_64, kernels_avx512_32, kernels_avx512_64;
extern const random_kernels random_kernels_avx2, random_kernels_avx512;

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

static bool always(void)
{
    return true;
}

/* From the best to the plainest. */
static const struct isa {
    const char *name;
    bool (*present)(void);
    const kernels *float32, *float64;
    const random_kernels *random;
} isas[] = {
#if defined(__x86_64__)
    {"avx512", has_avx512, &kernels_avx512_32, &kernels_avx512_64, &random_kernels_avx512},
    {"avx2", has_avx2, &kernels_avx2_32, &kernels_avx2_64, &random_kernels_avx2},
#endif
    {"baseline", always, &kernels_baseline_32, &kernels_baseline_64, &random_kernels_baseline},
};

enum { ISA_COUNT = sizeof isas / sizeof isas[0] };

static const struct isa *chosen;

bool kernels_select(failure *why)
{
    const char *wanted = getenv("SLOPE_ISA");
    for (size_t i = 0; i < ISA_COUNT; i++) {
        if (wanted && *wanted && strcmp(wanted, isas[i].name) != 0) continue;
        if (isas[i].present()) {
            chosen = &isas[i];
            return true;
        }
        if (wanted && *wanted)
            return failure_set(why, STATUS_CONFIG, "SLOPE_ISA=%s: this processor does not have it",
                               wanted);
    }
    return failure_set(why, STATUS_CONFIG,
                       "SLOPE_ISA=%s: unknown instruction set; expected avx512, avx2 or baseline",
                       wanted);
}

static const struct isa *selected(void)
{
    failure why;
    if (!chosen && !kernels_select(&why)) chosen = &isas[ISA_COUNT - 1];
    return chosen;
}

const kernels *kernels_for_bits(int bits)
{
    return bits == 64 ? selected()->float64 : selected()->float32;
}

const random_kernels *random_kernels_selected(void)
{
    return selected()->random;
}

const char *kernels_isa(void)
{
    return selected()->name;
}

const char *kernels_available(arena *a)
{
    const char *names = "";
    for (size_t i = 0; i < ISA_COUNT; i++)
        if (isas[i].present())
            names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", isas[i].name);
    return names;
}
