#include <cblas.h>
#include <malloc.h>
// LAPACK is inside libopenblas, without a header of its own.
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work, const int *lwork, int *info);
