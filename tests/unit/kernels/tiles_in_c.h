/* tiles_in_c.h: the processor's tiles (AMX) written out in C, slowly: shapes, rows and products as
 * Intel's Software Developer's Manual defines TILELOADD, TILESTORED and TDPBSUD. Included before
 * everything else, it lets runner/kernels/core.c make products by tiles on any processor with
 * AVX-512 VNNI, so that tests know that code, too.
 *
 * Not for programs: one product takes microseconds. */
#ifndef SLOPE_TESTS_TILES_IN_C_H
#define SLOPE_TESTS_TILES_IN_C_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(__AMX_INT8__)
#define __AMX_INT8__ 1
#endif

enum { TILES_IN_C = 8, ROWS_OF_TILE = 16, ROW_OF_TILE = 64 };

/* Of the thread, as the tiles themselves; all rows are empty but those that a shape has set up.
 * What a shape leaves out holds other bytes than zeros: whoever relies on it spoils a result. */
static _Thread_local struct {
    uint16_t bytes[ROWS_OF_TILE]; /* in a row of each tile */
    uint8_t rows[ROWS_OF_TILE];
    uint8_t at[TILES_IN_C][ROWS_OF_TILE][ROW_OF_TILE];
} tiles_in_c;

static inline void tiles_configure(const void *shape)
{
    memcpy(tiles_in_c.bytes, (const char *)shape + 16, sizeof tiles_in_c.bytes);
    memcpy(tiles_in_c.rows, (const char *)shape + 48, sizeof tiles_in_c.rows);
    memset(tiles_in_c.at, 0xa5, sizeof tiles_in_c.at);
}

static inline void tiles_release(void)
{
    memset(&tiles_in_c, 0, sizeof tiles_in_c);
}

static inline void tile_clear(int t)
{
    for (size_t r = 0; r < tiles_in_c.rows[t]; r++)
        memset(tiles_in_c.at[t][r], 0, tiles_in_c.bytes[t]);
}

static inline void tile_read(int t, const void *from, size_t stride)
{
    for (size_t r = 0; r < tiles_in_c.rows[t]; r++)
        memcpy(tiles_in_c.at[t][r], (const char *)from + r * stride, tiles_in_c.bytes[t]);
}

static inline void tile_write(int t, void *to, size_t stride)
{
    for (size_t r = 0; r < tiles_in_c.rows[t]; r++)
        memcpy((char *)to + r * stride, tiles_in_c.at[t][r], tiles_in_c.bytes[t]);
}

/* sums[m][n] += the products of signed[m][4 k + j] and unsigned[k][4 n + j], for all k and j. */
static inline void tile_add_products(int sums, int signs, int columns)
{
    for (size_t m = 0; m < tiles_in_c.rows[sums]; m++)
        for (size_t n = 0; n < tiles_in_c.bytes[sums] / 4u; n++) {
            int32_t sum;
            memcpy(&sum, tiles_in_c.at[sums][m] + 4 * n, sizeof sum);
            for (size_t i = 0; i < tiles_in_c.bytes[signs]; i++)
                sum += (int8_t)tiles_in_c.at[signs][m][i] *
                       tiles_in_c.at[columns][i / 4][4 * n + i % 4];
            memcpy(tiles_in_c.at[sums][m] + 4 * n, &sum, sizeof sum);
        }
}

#undef _tile_loadconfig
#undef _tile_release
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbsud
#define _tile_loadconfig(shape)            tiles_configure(shape)
#define _tile_release()                    tiles_release()
#define _tile_zero(t)                      tile_clear(t)
#define _tile_loadd(t, from, stride)       tile_read(t, from, stride)
#define _tile_stored(t, to, stride)        tile_write(t, to, stride)
#define _tile_dpbsud(sums, signs, columns) tile_add_products(sums, signs, columns)

#endif
