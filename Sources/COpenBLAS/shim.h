#include <cblas.h>
#include <malloc.h>
// LAPACK is inside libopenblas, without a header of its own.
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work, const int *lwork, int *info);
void dsyevr_(
    const char *jobz, const char *range, const char *uplo, const int *n, double *a, const int *lda, const double *vl, const double *vu,
    const int *il, const int *iu, const double *abstol, int *m, double *w, double *z, const int *ldz, int *isuppz, double *work,
    const int *lwork, int *iwork, const int *liwork, int *info);
// The work space of one thread at a time; OpenBLAS keeps it mapped when it is given back. It tries for ever where there is no memory for it.
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);
