// SPDX-License-Identifier: Apache-2.0
// Shared memory: finds every `__shared__` variable of the program and poisons it before each block.
//
// `__shared__ float tile[32];` has to become an ordinary static variable, and the emulator has to
// learn where it lies. Putting them all into one linker section does not work: for function
// templates GCC either reports a "section type conflict" or drops the attribute without a word,
// and the variable is then never poisoned. Instead the macro leaves the name of the enclosing
// function behind, as the mangled name of a struct local to it ("Z6kernelPfE12SharedScope7"), and
// before the first launch the program's own symbol table is searched for the static variables of
// these functions ("_ZZ6kernelPfE4tile"): templates or not, with their exact sizes, and with
// AddressSanitizer's red zones around them as around any global.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace cuda_on_cpu::detail {

inline constexpr unsigned char kPoison = 0xff;  // a NaN as float and double, -1 as an integer

// Mangled prefixes ("_ZZ6kernelPfE") of the static variables of functions that declare shared ones.
inline std::vector<std::string>& shared_prefixes() {
  static std::vector<std::string> prefixes;
  return prefixes;
}

inline bool register_shared_scope(const char* mangled_struct) {
  const std::string name = mangled_struct;
  // The struct is called SharedScope<number>; in mangled form its length precedes it.
  std::size_t end = name.rfind("SharedScope");
  while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9') --end;
  shared_prefixes().push_back("_Z" + name.substr(0, end));
  return true;
}

template <class Scope>
struct SharedScopeRegistration {
  static inline const bool kDone = register_shared_scope(typeid(Scope).name());
};

struct SharedVariable {
  unsigned char* data;
  std::size_t bytes;
};

class ProgramSymbols {
 public:
  ProgramSymbols() {
    read_program();
    dl_iterate_phdr(&ProgramSymbols::read_load_address, &load_address_);
    if (image_.size() < sizeof(ElfW(Ehdr))) return;
    const auto* header = at<ElfW(Ehdr)>(0);
    sections_ = at<ElfW(Shdr)>(header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
      if (sections_[i].sh_type == SHT_SYMTAB) table_ = &sections_[i];
    }
  }

  bool found() const { return table_ != nullptr; }

  std::vector<SharedVariable> variables(const std::vector<std::string>& prefixes) const {
    std::vector<SharedVariable> result;
    const auto* symbols = at<ElfW(Sym)>(table_->sh_offset);
    const char* names = at<char>(sections_[table_->sh_link].sh_offset);
    for (std::size_t i = 0; i < table_->sh_size / sizeof(ElfW(Sym)); ++i) {
      const auto& symbol = symbols[i];
      if (is_zeroed_object(symbol) && has_prefix(names + symbol.st_name, prefixes)) {
        result.push_back({reinterpret_cast<unsigned char*>(load_address_ + symbol.st_value),
                          static_cast<std::size_t>(symbol.st_size)});
      }
    }
    return result;
  }

 private:
  void read_program() {
    std::FILE* file = std::fopen("/proc/self/exe", "rb");
    if (file == nullptr) return;
    char chunk[1 << 14];
    while (const std::size_t n = std::fread(chunk, 1, sizeof chunk, file)) {
      image_.insert(image_.end(), chunk, chunk + n);
    }
    std::fclose(file);
  }

  static int read_load_address(dl_phdr_info* info, std::size_t, void* result) {
    *static_cast<ElfW(Addr)*>(result) = info->dlpi_addr;
    return 1;  // the program itself comes first; stop
  }

  template <class T>
  const T* at(std::size_t offset) const {
    return reinterpret_cast<const T*>(image_.data() + offset);
  }

  // Shared variables cannot have initializers; tables of constants lie in other sections.
  bool is_zeroed_object(const ElfW(Sym) & symbol) const {
    return ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_shndx < SHN_LORESERVE &&
           sections_[symbol.st_shndx].sh_type == SHT_NOBITS;
  }

  // After the prefix a digit must follow: the length of the variable's own name.
  static bool has_prefix(std::string_view name, const std::vector<std::string>& prefixes) {
    for (const std::string& prefix : prefixes) {
      if (name.size() <= prefix.size() || !name.starts_with(prefix)) continue;
      if (name[prefix.size()] >= '0' && name[prefix.size()] <= '9') return true;
    }
    return false;
  }

  std::vector<char> image_;
  ElfW(Addr) load_address_ = 0;
  const ElfW(Shdr) * sections_ = nullptr;
  const ElfW(Shdr) * table_ = nullptr;
};

class SharedMemory {
 public:
  // False when the program has `__shared__` variables but no symbol table to find them in.
  bool locate_static() {
    if (located_ || shared_prefixes().empty()) return true;
    const ProgramSymbols symbols;
    if (!symbols.found()) return false;
    variables_ = symbols.variables(shared_prefixes());
    located_ = true;
    return true;
  }

  // Exactly `bytes` long and from malloc, so that AddressSanitizer sees a write past the end.
  void resize_dynamic(std::size_t bytes) {
    dynamic_.reset(bytes == 0 ? nullptr : static_cast<unsigned char*>(std::malloc(bytes)));
    dynamic_bytes_ = bytes;
  }

  unsigned char* dynamic() { return dynamic_.get(); }
  std::size_t dynamic_bytes() const { return dynamic_bytes_; }

  void poison() {
    for (const SharedVariable& v : variables_) std::memset(v.data, kPoison, v.bytes);
    if (dynamic_) std::memset(dynamic_.get(), kPoison, dynamic_bytes_);
  }

  // Sizes of the variables that the last block wrote to. A kernel's own declarations cannot be
  // told from those of device functions it might call, but what it touched can.
  std::size_t static_bytes_used() const {
    std::size_t bytes = 0;
    for (const SharedVariable& v : variables_) {
      if (!all_poison(v)) bytes += v.bytes;
    }
    return bytes;
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  static bool all_poison(const SharedVariable& v) {
    for (std::size_t i = 0; i < v.bytes; ++i) {
      if (v.data[i] != kPoison) return false;
    }
    return true;
  }

  std::vector<SharedVariable> variables_;
  std::unique_ptr<unsigned char, Free> dynamic_;
  std::size_t dynamic_bytes_ = 0;
  bool located_ = false;
};

}  // namespace cuda_on_cpu::detail

#define CUDA_ON_CPU_CONCAT_(a, b) a##b
#define CUDA_ON_CPU_CONCAT(a, b) CUDA_ON_CPU_CONCAT_(a, b)
#define CUDA_ON_CPU_SHARED_(scope)                                                 \
  struct scope {};                                                                 \
  static_cast<void>(::cuda_on_cpu::detail::SharedScopeRegistration<scope>::kDone); \
  static __attribute__((used))
// used: a variable that nothing writes must still be read from memory, where the poison is.
#define __shared__ CUDA_ON_CPU_SHARED_(CUDA_ON_CPU_CONCAT(SharedScope, __COUNTER__))
