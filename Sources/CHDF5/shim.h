#include <hdf5.h>
#ifndef H5_HAVE_THREADSAFE
#error "This HDF5 library was built without thread safety; install Debian's libhdf5-dev."
#endif
// The library's types, property classes and defaults are macros over variables or casts, which Swift does not import.
static inline hid_t h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t h5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t h5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t h5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t h5_c_string(void) { return H5T_C_S1; }
static inline hid_t h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t h5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t h5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t h5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t h5_default(void) { return H5P_DEFAULT; }
static inline size_t h5_variable_length(void) { return H5T_VARIABLE; }
static inline unsigned h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t h5_whole(void) { return H5S_ALL; }
static inline haddr_t h5_no_address(void) { return HADDR_UNDEF; }
static inline herr_t h5_collect(unsigned n, const H5E_error2_t *error, void *text) {
  (void)n; if (error->desc) *(const char **)text = error->desc; return 1;
}
// The library's own words for its last failure on this thread, valid until the thread's next call.
static inline const char *h5_last_message(void) {
  const char *text = "unknown failure";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, h5_collect, &text); return text;
}
// Error stacks, and whether they are printed, belong to threads. Files are closed where they are used; one that could not be closed, as on a
// full disk, must not be closed again when the program ends, for the library crashes on it.
static inline void h5_be_silent(void) { H5dont_atexit(); H5open(); H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
