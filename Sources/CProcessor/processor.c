// Ends a program that was compiled into instructions this processor lacks, in words, before the first of them is met.
// C, since this target alone is compiled for every x86-64 processor (Package.swift).
#include "processor.h"
#include <stdlib.h>
#include <unistd.h>
#include <string.h>

#if defined(__x86_64__)
// SUPPORTED given from outside is a test's.
#ifdef PROCESSOR_AVX512
#define LEVEL "x86-64-v4 (AVX-512)"
#ifndef SUPPORTED
#define SUPPORTED \
  (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") && \
   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
#endif
#else
#define LEVEL "x86-64-v3 (AVX2 and FMA)"
#ifndef SUPPORTED
#define SUPPORTED (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
#endif
#endif

__attribute__((constructor(101))) static void refuse_older_processors(void) {
  static const char words[] =
      "error: this program was compiled for processors of level " LEVEL ", and this one lacks some of their instructions\n"
      "remedy: build it on this machine (make build), or with CCR_MARCH=x86-64-v3, the least level this project knows (AVX2 and FMA, since 2013)\n";
  __builtin_cpu_init();
  if (SUPPORTED) return;
  ssize_t written = write(STDERR_FILENO, words, strlen(words));
  (void)written;
  _exit(PROCESSOR_TOO_OLD);
}
#endif
