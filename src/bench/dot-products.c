/*
 * What plain C does with the dot products of the benchmark: cc -O3 -march=native. Two loops, as one would write them:
 * over keys as they are recorded, [position][headDim], and over positions with the keys transposed, [headDim][position],
 * which compilers turn into SIMD. Prints GFLOP/s of CPU time for each, a line each.
 * Arguments: queries, positions, head dimension, seconds to run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef void loop(int rows, int positions, int dim, const float *q, const float *k, float *out);

static void recorded(int rows, int positions, int dim, const float *q, const float *k, float *out) {
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < positions; j++) {
      float sum = 0;
      for (int c = 0; c < dim; c++) sum += q[r * dim + c] * k[j * dim + c];
      out[r * positions + j] = sum;
    }
}

static void transposed(int rows, int positions, int dim, const float *restrict q, const float *restrict k,
                       float *restrict out) {
  for (int r = 0; r < rows; r++) {
    float *restrict to = out + (long)r * positions;
    for (int j = 0; j < positions; j++) to[j] = 0;
    for (int c = 0; c < dim; c++) {
      float s = q[r * dim + c];
      for (int j = 0; j < positions; j++) to[j] += s * k[(long)c * positions + j];
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 1;
  int rows = atoi(argv[1]), positions = atoi(argv[2]), dim = atoi(argv[3]);
  double seconds = atof(argv[4]);
  float *q = malloc(sizeof(float) * rows * dim);
  float *k = malloc(sizeof(float) * positions * dim);
  float *out = malloc(sizeof(float) * rows * positions);
  for (int i = 0; i < rows * dim; i++) q[i] = (float)(i % 13) / 13;
  for (int i = 0; i < positions * dim; i++) k[i] = (float)(i % 11) / 11;
  loop *loops[] = {recorded, transposed};
  volatile float sink = 0;
  for (int l = 0; l < 2; l++) {
    long done = 0;
    clock_t start = clock(), now;
    do {
      loops[l](rows, positions, dim, q, k, out);
      sink += out[done % (rows * positions)];
      done++;
      now = clock();
    } while ((double)(now - start) / CLOCKS_PER_SEC < seconds);
    double spent = (double)(now - start) / CLOCKS_PER_SEC;
    printf("%.4f\n", 2.0 * rows * positions * dim * done / spent / 1e9);
  }
  return 0;
}
