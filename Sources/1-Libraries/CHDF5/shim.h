// libhdf5. Macros that Swift cannot import become inline accessors here.
#ifndef SCALENET_CHDF5_SHIM_H
#define SCALENET_CHDF5_SHIM_H
#include <hdf5.h>
#include <string.h>
#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif

static inline hid_t scalenet_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t scalenet_h5p_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t scalenet_h5p_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t scalenet_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t scalenet_h5p_link_create(void) { return H5P_LINK_CREATE; }
static inline hid_t scalenet_h5p_default(void) { return H5P_DEFAULT; }
static inline hid_t scalenet_h5e_default(void) { return H5E_DEFAULT; }
static inline hid_t scalenet_h5t_ieee_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t scalenet_h5t_ieee_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t scalenet_h5t_c_s1(void) { return H5T_C_S1; }
static inline size_t scalenet_h5t_variable(void) { return H5T_VARIABLE; }
static inline unsigned scalenet_h5f_acc_trunc(void) { return H5F_ACC_TRUNC; }
static inline haddr_t scalenet_haddr_undef(void) { return HADDR_UNDEF; }
static inline unsigned long scalenet_h5fd_features(void) {
  return H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
         H5FD_FEAT_AGGREGATE_SMALLDATA;
}

// A driver without functions: what the versions of libhdf5 lay out differently is set here.
static inline H5FD_class_t scalenet_h5fd_class(void) {
  static const H5FD_mem_t map[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  H5FD_class_t result;
  memset(&result, 0, sizeof result);
#if H5_VERSION_GE(1, 13, 2)
  result.version = H5FD_CLASS_VERSION;
  result.value = 600;
#endif
  result.maxaddr = (haddr_t)1 << 62;
  result.fc_degree = H5F_CLOSE_STRONG;
  memcpy(result.fl_map, map, sizeof map);
  return result;
}
#endif
