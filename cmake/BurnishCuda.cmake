# SPDX-License-Identifier: Apache-2.0
# Sets BURNISH_HAS_CUDA. AUTO asks whether a CUDA compiler works, not whether a GPU is there.
set(BURNISH_HAS_CUDA OFF)
if(NOT BURNISH_CUDA STREQUAL "OFF")
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    # Machine code for the families in use from 7.5 on, and PTX for those to come.
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90)
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    # -fmad=false for the same reason as -ffp-contract=off. The standard as a flag: CMake 3.25 knows no CUDA20.
    string(APPEND CMAKE_CUDA_FLAGS " -std=c++20 -fmad=false --expt-relaxed-constexpr -Xfatbin=-compress-all")
    set(BURNISH_HAS_CUDA ON)
  elseif(BURNISH_CUDA STREQUAL "ON")
    message(FATAL_ERROR "BURNISH_CUDA=ON, but no CUDA compiler works; set CUDACXX, or BURNISH_CUDA to AUTO or OFF")
  endif()
endif()
message(STATUS "burnish: CUDA kernels ${BURNISH_HAS_CUDA}")
