#include "io/hdf5/in_memory.hpp"

#include "base/error.hpp"

namespace mlrun::io {
namespace {

// The memory driver reads our bytes where they are: each of its "copies" is the block itself.
void* same_block(size_t, H5FD_file_image_op_t, void* block) { return block; }
void* no_copy(void* to, const void*, size_t, H5FD_file_image_op_t, void*) { return to; }
void* no_growth(void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t no_free(void*, H5FD_file_image_op_t, void*) { return 0; }
void* same_memory(void* memory) { return memory; }
herr_t leave_memory(void*) { return 0; }

}  // namespace

Hdf5Handle open_hdf5_in_memory(Bytes& bytes) {
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5FD_file_image_callbacks_t callbacks = {same_block,  no_copy,      no_growth,   no_free,
                                           same_memory, leave_memory, bytes.data()};
  constexpr size_t kGrowth = 1 << 16;  // it never grows: it is opened for reading only
  const bool set =
      H5Pset_fapl_core(access.id(), kGrowth, false) >= 0 && H5Pset_file_image_callbacks(access.id(), &callbacks) >= 0;
  require(set, "HDF5: cannot prepare to read from memory: {}", hdf5_reason());
  require(H5Pset_file_image(access.id(), bytes.data(), bytes.size()) >= 0, "HDF5: cannot take an image: {}",
          hdf5_reason());
  return Hdf5Handle(H5Fopen(fresh_image_name().c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose);
}

}  // namespace mlrun::io
