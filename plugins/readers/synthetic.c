/* readers/synthetic.c: data that are made up: Gaussian blobs, spirals, plain noise, and a straight
 * line in many dimensions.
 *
 * Every number is a pure function of the data set's seed and its place (host->normal,
 * host->uniform), so the data are the same on any machine and with any number of threads. The
 * spirals are those of the course notes CS231n (Stanford), "Putting it together: minimal neural
 * network case study", with arms spread evenly over the circle.
 *
 * Not here: splits for validation (the data set's `validation` takes rows away). */
#include <slope/reader.h>

#include <stdlib.h>

typedef struct synthetic_config {
    int64_t kind, rows, test_rows, features, classes, element;
    double noise, spread;
} synthetic_config;

enum { KIND_BLOBS = 0, KIND_SPIRAL = 1, KIND_UNIFORM = 2, KIND_REGRESSION = 3 };
enum { ELEMENT_FLOAT32 = 0, ELEMENT_UINT8 = 1 };
static const char *const kinds[] = {"blobs", "spiral", "uniform", "regression", NULL};
static const char *const elements[] = {"float32", "uint8", NULL};

static const slope_parameter parameters[] = {
    SLOPE_PARAM_CHOICE(synthetic_config, kind, "blobs", kinds,
                       "normal clouds round random centres, arms of a spiral, noise, or numbers "
                       "to predict"),
    SLOPE_PARAM_INTEGER(synthetic_config, rows, "300", SLOPE_BETWEEN(1, 4294967295.0),
                        "training rows of all classes together"),
    SLOPE_PARAM_INTEGER(synthetic_config, test_rows, "0", SLOPE_BETWEEN(0, 4294967295.0),
                        "test rows, drawn in the same way; 0 for none"),
    SLOPE_PARAM_INTEGER(synthetic_config, features, "2", SLOPE_BETWEEN(1, 2147483647),
                        "columns; a spiral has 2"),
    SLOPE_PARAM_INTEGER(synthetic_config, classes, "3", SLOPE_BETWEEN(1, 65536),
                        "number of classes; rows take turns, those of noise draw lots, regression "
                        "has none"),
    {.key = "noise",
     .type = SLOPE_NUMBER,
     .flags = SLOPE_OPTIONAL,
     .offset = offsetof(synthetic_config, noise),
     .min = 0,
     .max = 1e6,
     .doc = "standard deviation: of a blob (1 when absent), of a spiral's angle (0.2), of the "
            "numbers to predict (1)"},
    SLOPE_PARAM_NUMBER(synthetic_config, spread, "3", SLOPE_BETWEEN(0, 1e6),
                       "standard deviation of the centres of blobs, of the slopes of regression"),
    SLOPE_PARAM_CHOICE(synthetic_config, element, "float32", elements,
                       "type of noise: fractions from 0 to 1, or bytes from 0 to 255"),
};

/* Streams of random numbers. Those of a split are its number more. */
enum { STREAM_CENTRES = 1, STREAM_NOISE = 16, STREAM_LABELS = 32, STREAM_ERRORS = 48 };

enum { BLOCK = 256 };        /* numbers drawn at a time */
enum { BYTES_PER_DRAW = 6 }; /* of uint8 noise */

/* One split while it is filled, as the parallel bodies see it. */
typedef struct synthetic_fill {
    const slope_host *host;
    const synthetic_config *config;
    slope_table *table;
    const float *centres; /* blobs: classes × features; regression: a slope for each feature */
    double noise;
    slope_split split;
} synthetic_fill;

/* ---- blobs ----------------------------------------------------------------------------------- */

/* Features [first, last) of the table, counted row by row. */
static void fill_blobs(void *argument, size_t first, size_t last)
{
    const synthetic_fill *fill = argument;
    const size_t columns = fill->table->columns, classes = (size_t)fill->config->classes;
    float *const out = fill->table->features;
    real drawn[BLOCK];
    for (size_t at = first; at < last; at += BLOCK) {
        const size_t count = last - at < BLOCK ? last - at : BLOCK;
        fill->host->normal(fill->host, SLOPE_FOR_DATA, STREAM_NOISE + (uint64_t)fill->split, at,
                           count, drawn);
        for (size_t i = 0; i < count; i++) {
            const size_t row = (at + i) / columns, column = (at + i) % columns;
            const double centre = (double)fill->centres[row % classes * columns + column];
            out[at + i] = (float)(centre + fill->noise * (double)(float)drawn[i]);
        }
    }
}

static float *make_centres(const slope_host *host, const synthetic_config *config)
{
    const size_t rows = config->kind == KIND_BLOBS ? (size_t)config->classes : 1;
    const size_t count = rows * (size_t)config->features;
    float *centres = calloc(count, sizeof *centres);
    real drawn[BLOCK];
    for (size_t at = 0; centres && at < count; at += BLOCK) {
        const size_t now = count - at < BLOCK ? count - at : BLOCK;
        host->normal(host, SLOPE_FOR_DATA, STREAM_CENTRES, at, now, drawn);
        for (size_t i = 0; i < now; i++)
            centres[at + i] = (float)(config->spread * (double)(float)drawn[i]);
    }
    return centres;
}

/* ---- spiral ---------------------------------------------------------------------------------- */

static const double pi = 3.14159265358979323846;

/* Sine and cosine from Taylor series (terms below 1e-17 on [-pi/4, pi/4] are left out), as the last
 * bits of the C library's differ between machines. */
static void circle(double angle, double *sine, double *cosine)
{
    const double quarters = floor(angle / (pi / 2) + 0.5);
    const double a = angle - quarters * (pi / 2), z = a * a;
    double s = 1, c = 1;
    for (int i = 8; i >= 1; i--) {
        s = 1 - s * z / (2 * i * (2 * i + 1));
        c = 1 - c * z / (2 * i * (2 * i - 1));
    }
    s *= a;
    const int turn = (int)(quarters - 4 * floor(quarters / 4));
    *sine = turn == 0 ? s : turn == 1 ? c : turn == 2 ? -s : -c;
    *cosine = turn == 0 ? c : turn == 1 ? -s : turn == 2 ? -c : s;
}

/* Rows [first, last): along arm k the radius goes from 0 to 1 and the angle through 4 radians. */
static void fill_spiral(void *argument, size_t first, size_t last)
{
    const synthetic_fill *fill = argument;
    const size_t arms = (size_t)fill->config->classes, rows = fill->table->rows;
    float *const out = fill->table->features;
    for (size_t row = first; row < last; row++) {
        const size_t arm = row % arms, place = row / arms;
        const size_t places = (rows - arm + arms - 1) / arms;
        const double radius = places > 1 ? (double)place / (double)(places - 1) : 0;
        real drawn[1];
        fill->host->normal(fill->host, SLOPE_FOR_DATA, STREAM_NOISE + (uint64_t)fill->split, row, 1,
                           drawn);
        const double angle = 2 * pi * (double)arm / (double)arms + 4 * radius +
                             fill->noise * (double)(float)drawn[0];
        double sine, cosine;
        circle(angle, &sine, &cosine);
        out[2 * row] = (float)(radius * sine);
        out[2 * row + 1] = (float)(radius * cosine);
    }
}

/* ---- uniform --------------------------------------------------------------------------------- */

/* Features [first, last): fractions of 24 bits, which float32 holds exactly. */
static void fill_fractions(void *argument, size_t first, size_t last)
{
    const synthetic_fill *fill = argument;
    float *const out = fill->table->features;
    double drawn[BLOCK];
    for (size_t at = first; at < last; at += BLOCK) {
        const size_t count = last - at < BLOCK ? last - at : BLOCK;
        fill->host->uniform(fill->host, SLOPE_FOR_DATA, STREAM_NOISE + (uint64_t)fill->split, at,
                            count, drawn);
        for (size_t i = 0; i < count; i++) out[at + i] = (float)floor(drawn[i] * 0x1p24) * 0x1p-24f;
    }
}

/* Draws [first, last), each of which fills six bytes from 48 of its 53 bits. */
static void fill_bytes(void *argument, size_t first, size_t last)
{
    const synthetic_fill *fill = argument;
    unsigned char *const out = fill->table->features;
    const size_t total = fill->table->rows * fill->table->columns;
    double drawn[BLOCK];
    for (size_t at = first; at < last; at += BLOCK) {
        const size_t count = last - at < BLOCK ? last - at : BLOCK;
        fill->host->uniform(fill->host, SLOPE_FOR_DATA, STREAM_NOISE + (uint64_t)fill->split, at,
                            count, drawn);
        for (size_t i = 0; i < count; i++) {
            uint64_t bits = (uint64_t)(drawn[i] * 0x1p48);
            for (size_t byte = (at + i) * BYTES_PER_DRAW;
                 byte < (at + i + 1) * BYTES_PER_DRAW && byte < total; byte++, bits >>= 8)
                out[byte] = (unsigned char)(bits & 255);
        }
    }
}

/* ---- regression ------------------------------------------------------------------------------ */

/* Rows [first, last): normal features, and a target that follows from them but for an error. */
static void fill_regression(void *argument, size_t first, size_t last)
{
    const synthetic_fill *fill = argument;
    const size_t columns = fill->table->columns;
    float *const out = fill->table->features;
    real drawn[BLOCK];
    for (size_t row = first; row < last; row++) {
        double sum = 0;
        for (size_t at = 0; at < columns; at += BLOCK) {
            const size_t count = columns - at < BLOCK ? columns - at : BLOCK;
            fill->host->normal(fill->host, SLOPE_FOR_DATA, STREAM_NOISE + (uint64_t)fill->split,
                               row * columns + at, count, drawn);
            for (size_t i = 0; i < count; i++) {
                out[row * columns + at + i] = (float)drawn[i];
                sum += (double)fill->centres[at + i] * (double)(float)drawn[i];
            }
        }
        fill->host->normal(fill->host, SLOPE_FOR_DATA, STREAM_ERRORS + (uint64_t)fill->split, row,
                           1, drawn);
        fill->table->targets[row] = sum + fill->noise * (double)(float)drawn[0];
    }
}

/* ---- the reader ------------------------------------------------------------------------------ */

/* Noise draws its labels; in the other kinds the classes take turns. */
static void fill_labels(const synthetic_fill *fill)
{
    const double classes = (double)fill->config->classes;
    slope_table *const table = fill->table;
    for (size_t row = 0; row < table->rows; row++) {
        double drawn;
        if (fill->config->kind == KIND_UNIFORM) {
            fill->host->uniform(fill->host, SLOPE_FOR_DATA, STREAM_LABELS + (uint64_t)fill->split,
                                row, 1, &drawn);
            table->labels[row] = (int32_t)(drawn * classes);
        } else {
            table->labels[row] = (int32_t)(row % (size_t)fill->config->classes);
        }
    }
}

static slope_status make_split(const slope_reader_call *call, synthetic_fill *fill, size_t rows)
{
    const synthetic_config *config = fill->config;
    const slope_element element = config->element == ELEMENT_UINT8 ? SLOPE_UINT8 : SLOPE_FLOAT32;
    const size_t columns = (size_t)config->features;
    if (rows == 0) return SLOPE_OK;
    const size_t targets = config->kind == KIND_REGRESSION ? 1 : 0;
    if (call->reserve(call, fill->table, element, rows, columns, targets)) return SLOPE_ERROR;
    if (!targets) fill_labels(fill);
    const size_t cells = rows * columns, grain = 64 * BLOCK;
    if (config->kind == KIND_BLOBS)
        fill->host->parallel_for(fill->host, cells, grain, fill_blobs, fill);
    else if (config->kind == KIND_SPIRAL)
        fill->host->parallel_for(fill->host, rows, grain, fill_spiral, fill);
    else if (config->kind == KIND_REGRESSION)
        fill->host->parallel_for(fill->host, rows, BLOCK, fill_regression, fill);
    else if (element == SLOPE_FLOAT32)
        fill->host->parallel_for(fill->host, cells, grain, fill_fractions, fill);
    else
        fill->host->parallel_for(fill->host, (cells + BYTES_PER_DRAW - 1) / BYTES_PER_DRAW, grain,
                                 fill_bytes, fill);
    return SLOPE_OK;
}

static slope_status read(const slope_reader_call *call)
{
    const synthetic_config *config = call->config;
    const slope_host *host = call->host;
    const double usual = config->kind == KIND_SPIRAL ? 0.2 : 1;
    float *centres = NULL;
    if (config->kind == KIND_BLOBS || config->kind == KIND_REGRESSION) {
        centres = make_centres(host, config);
        if (!centres) return host->fail(host, "out of memory for centres or slopes");
    }
    slope_status status = SLOPE_OK;
    for (int split = 0; split < SLOPE_SPLITS && !status; split++) {
        if (split == SLOPE_VALIDATION) continue;
        synthetic_fill fill = {.host = host,
                               .config = config,
                               .table = call->splits[split],
                               .centres = centres,
                               .noise = isnan(config->noise) ? usual : config->noise,
                               .split = (slope_split)split};
        const int64_t rows = split == SLOPE_TRAIN ? config->rows : config->test_rows;
        status = make_split(call, &fill, (size_t)rows);
    }
    free(centres);
    return status;
}

static slope_status check(const slope_host *host, const void *config_)
{
    const synthetic_config *config = config_;
    if (config->kind == KIND_SPIRAL && config->features != 2)
        return host->fail_key(host, "features", "must be 2 for a spiral");
    if (config->kind != KIND_UNIFORM && config->element != ELEMENT_FLOAT32)
        return host->fail_key(host, "element", "must be float32, unless kind is uniform");
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_reader) = {
    .plugin = {SLOPE_HEAD(slope_reader, SLOPE_KIND_READER), .id = "synthetic", .version = "1.0",
               .summary = "made-up data: Gaussian blobs, spirals, noise, regression",
               .description =
                   "blobs:   x = c_k + noise·N(0, 1), with centres c_k ~ spread·N(0, 1)\n"
                   "spiral:  x = r·(sin t, cos t), r from 0 to 1, t = 2πk / classes + 4r + "
                   "noise·N(0, 1)\n"
                   "uniform: features and labels at random, for measuring speed\n"
                   "regression: y = b·x + noise·N(0, 1), x ~ N(0, 1), slopes b ~ spread·N(0, 1)\n"
                   "All numbers follow from the data set's seed.",
               SLOPE_PARAMETERS(parameters, synthetic_config), .check = check},
    .read = read,
};
