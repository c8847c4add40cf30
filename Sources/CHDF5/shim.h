#include <hdf5.h>
// The library's types and property classes are macros over variables, which Swift does not import.
static inline hid_t h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t h5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t h5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t h5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t h5_c_string(void) { return H5T_C_S1; }
static inline hid_t h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t h5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t h5_group_create(void) { return H5P_GROUP_CREATE; }
static inline herr_t h5_collect(unsigned n, const H5E_error2_t *error, void *text) {
  (void)n; if (error->desc) *(const char **)text = error->desc; return 1;
}
// The library's own words for its last failure, valid until the next call.
static inline const char *h5_last_message(void) {
  static const char *text; text = "unknown failure";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, h5_collect, &text); return text;
}
static inline void h5_be_silent(void) { H5open(); H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
