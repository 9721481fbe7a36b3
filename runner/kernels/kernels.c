/* kernels/kernels.c: choosing the instruction set. See kernels.h. */
#include "kernels/kernels.h"

#include "kernels/random.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const kernels kernels_baseline_32, kernels_baseline_64;
extern const random_kernels random_kernels_baseline;
#if defined(__x86_64__)
extern const kernels kernels_avx2_32, kernels_avx2_64, kernels_avx512_32, kernels_avx512_64;
extern const kernels kernels_vnni_32, kernels_amx_32; /* products of bytes: only float32 has them */
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

static bool has_vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

/* Linux gives a process its tiles when it asks for them: the state of a thread grows by 8 KB. */
static bool has_amx(void)
{
    enum { LEAF = 7, TILES = 1 << 24, INT8 = 1 << 25, REQUEST = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d;
    return has_vnni() && __get_cpuid_count(LEAF, 0, &a, &b, &c, &d) && (d & TILES) && (d & INT8) &&
           syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#endif

static bool always(void)
{
    return true;
}

/* From the best to the plainest. */
static const struct isa {
    const char *name;
    const char *vectors; /* what plugins are compiled for */
    bool (*present)(void);
    const kernels *float32, *float64;
    const random_kernels *random;
} isas[] = {
#if defined(__x86_64__)
    {"amx", "avx512", has_amx, &kernels_amx_32, &kernels_avx512_64, &random_kernels_avx512},
    {"vnni", "avx512", has_vnni, &kernels_vnni_32, &kernels_avx512_64, &random_kernels_avx512},
    {"avx512", "avx512", has_avx512, &kernels_avx512_32, &kernels_avx512_64,
     &random_kernels_avx512},
    {"avx2", "avx2", has_avx2, &kernels_avx2_32, &kernels_avx2_64, &random_kernels_avx2},
#endif
    {"baseline", "baseline", always, &kernels_baseline_32, &kernels_baseline_64,
     &random_kernels_baseline},
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
                       "SLOPE_ISA=%s: unknown instruction set; expected amx, vnni, avx512, avx2 or "
                       "baseline",
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

const char *kernels_vectors(void)
{
    return selected()->vectors;
}

const char *kernels_available(arena *a)
{
    const char *names = "";
    for (size_t i = 0; i < ISA_COUNT; i++)
        if (isas[i].present())
            names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", isas[i].name);
    return names;
}
