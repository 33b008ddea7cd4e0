/* The loss of the moons step and its gradient, by hand: what the machine can do on one core.

   Rows in lanes of four, five vectors at a time: weights are broadcast to ten running sums, and whatever is met again
   stays in the first-level cache. Plain loops over rows and neurons, left to the compiler, take five times as long. */

enum { ROWS = 100, WIDTH = 16, LANES = 4, VECTORS = 5, BLOCK = LANES * VECTORS };

/* Where parameters stand, neuron by neuron, each with its weights and then its bias. */
enum { FIRST = 0, SECOND = 3 * WIDTH, THIRD = SECOND + (WIDTH + 1) * WIDTH, COUNT = THIRD + WIDTH + 1 };

typedef double vector __attribute__((vector_size(8 * LANES), aligned(8)));
typedef long long mask __attribute__((vector_size(8 * LANES)));

#define LOAD(p) (*(const vector *)(p))
#define WHERE(test, x) ((vector)((mask)(test) & (mask)(x))) /* x in lanes where the test holds, else 0 */
#define RELU(x) WHERE((x) > 0.0, x)
#define EACH _Pragma("GCC unroll 8") for (int v = 0; v < VECTORS; v++)

static double across(vector a) { return (a[0] + a[2]) + (a[1] + a[3]); }

/* x holds all the first coordinates and then all the second ones; y the labels, -1 or 1. */
double step(const double *restrict x, const double *restrict y, const double *restrict p, double *restrict gradient)
{
    const vector zero = {0.0};
    const double *third = p + THIRD, l2 = 1e-4;
    vector first_sums[WIDTH][3] = {{{0.0}}}, second_sums[WIDTH][WIDTH + 1] = {{{0.0}}}, third_sums[WIDTH + 1] = {{0.0}};
    vector losses = zero;

    for (int row = 0; row < ROWS; row += BLOCK) {
        const double *x0 = x + row, *x1 = x + ROWS + row, *labels = y + row;
        vector h1[WIDTH][VECTORS], h2[WIDTH][VECTORS], score[VECTORS], d_score[VECTORS], d2[WIDTH][VECTORS];

        for (int i = 0; i < WIDTH; i++) {
            const double *w = p + FIRST + 3 * i;
            EACH {
                vector sum = w[0] * LOAD(x0 + LANES * v) + w[1] * LOAD(x1 + LANES * v) + w[2];
                h1[i][v] = RELU(sum);
            }
        }
        for (int j = 0; j < WIDTH; j += 2) {
            const double *w = p + SECOND + (WIDTH + 1) * j, *u = w + WIDTH + 1;
            vector a[VECTORS], b[VECTORS];
            EACH a[v] = zero + w[WIDTH], b[v] = zero + u[WIDTH];
            for (int i = 0; i < WIDTH; i++)
                EACH a[v] += w[i] * h1[i][v], b[v] += u[i] * h1[i][v];
            EACH h2[j][v] = RELU(a[v]), h2[j + 1][v] = RELU(b[v]);
        }
        EACH score[v] = zero + third[WIDTH];
        for (int j = 0; j < WIDTH; j++)
            EACH score[v] += third[j] * h2[j][v];

        EACH {
            vector label = LOAD(labels + LANES * v), margin = 1.0 - label * score[v];
            losses += RELU(margin);
            d_score[v] = WHERE(margin > 0.0, label * (-1.0 / ROWS));
            third_sums[WIDTH] += d_score[v];
        }

        for (int j = 0; j < WIDTH; j++) {
            vector weight = third_sums[j], bias = second_sums[j][WIDTH];
            EACH {
                d2[j][v] = WHERE(h2[j][v] > 0.0, third[j] * d_score[v]);
                weight += d_score[v] * h2[j][v];
                bias += d2[j][v];
            }
            third_sums[j] = weight, second_sums[j][WIDTH] = bias;
        }
        for (int j = 0; j < WIDTH; j += 2)
            for (int i = 0; i < WIDTH; i += 4) {
                vector *w = &second_sums[j][i], *u = &second_sums[j + 1][i];
                vector w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], u0 = u[0], u1 = u[1], u2 = u[2], u3 = u[3];
                EACH {
                    vector a = d2[j][v], b = d2[j + 1][v];
                    w0 += a * h1[i][v], w1 += a * h1[i + 1][v], w2 += a * h1[i + 2][v], w3 += a * h1[i + 3][v];
                    u0 += b * h1[i][v], u1 += b * h1[i + 1][v], u2 += b * h1[i + 2][v], u3 += b * h1[i + 3][v];
                }
                w[0] = w0, w[1] = w1, w[2] = w2, w[3] = w3, u[0] = u0, u[1] = u1, u[2] = u2, u[3] = u3;
            }
        for (int i = 0; i < WIDTH; i += 2) {
            const double *w = p + SECOND + i;
            vector d[2][VECTORS];
            EACH d[0][v] = d[1][v] = zero;
            for (int j = 0; j < WIDTH; j++, w += WIDTH + 1)
                EACH d[0][v] += w[0] * d2[j][v], d[1][v] += w[1] * d2[j][v];
            _Pragma("GCC unroll 2") for (int k = 0; k < 2; k++) {
                vector *sums = first_sums[i + k], s0 = sums[0], s1 = sums[1], s2 = sums[2];
                EACH {
                    vector d1 = WHERE(h1[i + k][v] > 0.0, d[k][v]);
                    s0 += d1 * LOAD(x0 + LANES * v), s1 += d1 * LOAD(x1 + LANES * v), s2 += d1;
                }
                sums[0] = s0, sums[1] = s1, sums[2] = s2;
            }
        }
    }

    /* The same order as the parameters', so each layer is one run of sums. */
    for (int k = 0; k < SECOND; k++) gradient[k] = across((&first_sums[0][0])[k]);
    for (int k = SECOND; k < THIRD; k++) gradient[k] = across((&second_sums[0][0])[k - SECOND]);
    for (int k = THIRD; k < COUNT; k++) gradient[k] = across(third_sums[k - THIRD]);

    double squares[8] = {0.0};
    for (int k = 0; k < COUNT - 1; k += 8)
        for (int l = 0; l < 8; l++) squares[l] += p[k + l] * p[k + l];
    double total = p[COUNT - 1] * p[COUNT - 1];
    for (int l = 0; l < 8; l++) total += squares[l];
    for (int k = 0; k < COUNT; k++) gradient[k] += 2.0 * l2 * p[k];
    return across(losses) / ROWS + l2 * total;
}
