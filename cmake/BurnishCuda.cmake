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
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc has it
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    # -fmad=false for the same reason as -ffp-contract=off.
    string(APPEND CMAKE_CUDA_FLAGS " -fmad=false --expt-relaxed-constexpr -Xfatbin=-compress-all")
    set(BURNISH_HAS_CUDA ON)
  elseif(BURNISH_CUDA STREQUAL "ON")
    message(FATAL_ERROR "BURNISH_CUDA=ON, but no CUDA compiler works; set CUDACXX, or BURNISH_CUDA to AUTO or OFF")
  endif()
endif()
message(STATUS "burnish: CUDA kernels ${BURNISH_HAS_CUDA}")
