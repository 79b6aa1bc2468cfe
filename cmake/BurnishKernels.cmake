# SPDX-License-Identifier: Apache-2.0
# burnish_add_kernels(<target> <file>_cpu.cpp ...): compiles the files once per instruction set level into the target.
# On processors other than x86-64 they are compiled once, in the place of level v2.
include(CheckCXXSourceCompiles)
check_cxx_source_compiles("#if !defined(__x86_64__)\n#error\n#endif\nint main() {}" BURNISH_HAS_X86_LEVELS)

if(BURNISH_HAS_X86_LEVELS)
  set(burnish_levels v2 v3 v4)
else()
  set(burnish_levels v2)
endif()

function(burnish_add_kernels target)
  foreach(level ${burnish_levels})
    set(objects ${target}_${level})
    add_library(${objects} OBJECT ${ARGN})
    target_link_libraries(${objects} PRIVATE burnish_options)
    target_compile_definitions(${objects} PRIVATE BURNISH_ISA=${level})
    # -O3 for the loops; -Wno-psabi because vectors are only passed between inlined functions.
    target_compile_options(${objects} PRIVATE -O3 -Wno-psabi)
    if(BURNISH_HAS_X86_LEVELS)
      # GCC 12's own AVX-512 headers trip -Wmaybe-uninitialized.
      target_compile_options(${objects} PRIVATE -march=x86-64-${level} "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-uninitialized>")
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()

if(BURNISH_HAS_X86_LEVELS)
  target_compile_definitions(burnish_options INTERFACE BURNISH_HAS_X86_LEVELS)
endif()
