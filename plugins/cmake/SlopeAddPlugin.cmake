# slope_add_plugin(ID SOURCE [FOLDER kind] [OUTPUT_DIR dir] [DEFINITIONS …] [BASELINE_ONLY])
#
# Builds one plugin from one C file: the file is compiled with real = float and real = double, on x86-64
# each for the baseline, AVX2 and AVX-512, and all halves go into ID.so, in the folder OUTPUT_DIR, or
# SLOPE_PLUGIN_DIR/kind, or kind below the current binary folder. The program picks the halves that the
# processor can run; they give the same bits (nothing is contracted or reordered). BASELINE_ONLY leaves
# the wide halves out, for a quicker build of what need not be fast. Sets
# SLOPE_PLUGIN_TARGET in the caller to the name of the target.
# Installed for authors outside this tree, so it may rest on nothing else of this tree.

# Nothing is contracted, reordered or left to a flag of the processor: all halves give the same bits.
set(SLOPE_PLUGIN_OPTIONS -ffp-contract=off -fno-math-errno -fno-trapping-math -fvisibility=hidden)
set(SLOPE_PLUGIN_OPTIONS_avx2 -mavx2 -mfma)
set(SLOPE_PLUGIN_OPTIONS_avx512 -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl)

# One half: an object library of SOURCE.
function(slope_add_plugin_half target source bits variant has_wide definitions)
  add_library(${target} OBJECT ${source})
  target_compile_definitions(${target} PRIVATE SLOPE_REAL_BITS=${bits} SLOPE_BOTH_PRECISIONS
                             ${definitions})
  target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3> ${SLOPE_PLUGIN_OPTIONS}
                         ${SLOPE_PLUGIN_OPTIONS_${variant}})
  if(variant)
    target_compile_definitions(${target} PRIVATE SLOPE_VARIANT=_${variant})
  elseif(has_wide)
    target_compile_definitions(${target} PRIVATE SLOPE_WIDE_HALVES)
  endif()
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(TARGET slope::plugin)
    target_link_libraries(${target} PRIVATE slope::plugin)
  else()
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/plugins/include)
  endif()
endfunction()

function(slope_add_plugin id source)
  cmake_parse_arguments(arg "BASELINE_ONLY" "FOLDER;OUTPUT_DIR" "DEFINITIONS" ${ARGN})
  if(arg_FOLDER)
    set(target plugin_${arg_FOLDER}_${id})
  else()
    set(target plugin_${id})
  endif()
  set(variants "")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT arg_BASELINE_ONLY)
    set(variants avx2 avx512)
  endif()
  set(halves "")
  foreach(bits 32 64)
    slope_add_plugin_half(${target}_float${bits} ${source} ${bits} "" "${variants}"
                          "${arg_DEFINITIONS}")
    list(APPEND halves $<TARGET_OBJECTS:${target}_float${bits}>)
    foreach(variant ${variants})
      slope_add_plugin_half(${target}_float${bits}_${variant} ${source} ${bits} ${variant} ""
                            "${arg_DEFINITIONS}")
      list(APPEND halves $<TARGET_OBJECTS:${target}_float${bits}_${variant}>)
    endforeach()
  endforeach()
  add_library(${target} MODULE ${halves})
  target_link_libraries(${target} PRIVATE m)
  if(NOT arg_OUTPUT_DIR AND SLOPE_PLUGIN_DIR)
    set(arg_OUTPUT_DIR ${SLOPE_PLUGIN_DIR}/${arg_FOLDER})
  elseif(NOT arg_OUTPUT_DIR)
    set(arg_OUTPUT_DIR ${CMAKE_CURRENT_BINARY_DIR}/${arg_FOLDER})
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${id} LINKER_LANGUAGE C
                        LIBRARY_OUTPUT_DIRECTORY ${arg_OUTPUT_DIR})
  set(SLOPE_PLUGIN_TARGET ${target} PARENT_SCOPE)
endfunction()
