"""machine: what the benchmarks know of the machine, and what they do to give peers their best.

Environment variables that pin a library to an old kernel or to one thread are unset for the peers.
OpenBLAS takes a processor that is younger than itself for an old one, and then multiplies several times
slower than it can: so all kernels that the processor could run are tried, and peers get the fastest one
that computes rightly. Which one it is, is asked of the library itself.
"""
import ctypes
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

import sides

# Packages that --install installs. With libopenblas0-pthread NumPy and PyTorch multiply with
# OpenBLAS; without it Debian gives them the reference BLAS, which is many times slower.
PACKAGES = ["python3-numpy", "python3-torch", "python3-sklearn", "python3-optuna", "libopenblas0-pthread",
            "liblinear-tools", "dataset-fashion-mnist"]

# Variables that choose kernels or numbers of threads of the peers' libraries.
PINS = re.compile(r"^(OPENBLAS|GOTO|NVPL|MKL|OMP|GOMP|KMP|ATEN|DNNL|ONEDNN|BLIS)_")


def processors():
    return len(os.sched_getaffinity(0))


def clean_environment():
    """The environment of both sides, and the names of what was taken out of it."""
    removed = sorted(name for name in os.environ if PINS.match(name))
    kept = {name: value for name, value in os.environ.items() if name not in removed}
    kept["OMP_NUM_THREADS"] = str(processors())
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    return kept, removed


# Names for OPENBLAS_CORETYPE and the flag of /proc/cpuinfo that the kernels need; None: its own choice.
CORES = ((None, None), ("Haswell", "avx2"), ("SkylakeX", "avx512bw"), ("Cooperlake", "avx512_bf16"),
         ("SapphireRapids", "avx512_bf16"))

# Prints the seconds of the products of a classifier and its gradient, or nothing if they are wrong.
PROBE = """
import time
import numpy
dice = numpy.random.default_rng(1)
x, w, d = (dice.random(shape, numpy.float32) for shape in ((4000, 3072), (3072, 10), (4000, 10)))
best = 9.0
for _ in range(6):
    start = time.perf_counter()
    y, g = x @ w, x.T @ d
    best = min(best, time.perf_counter() - start)
wide = x.astype(numpy.float64)
if numpy.allclose(y, wide @ w, rtol=1e-4) and numpy.allclose(g, wide.T @ d, rtol=1e-4):
    print(best)
"""


def fastest_core(environment):
    """The value of OPENBLAS_CORETYPE with which NumPy is fastest; None: without one."""
    if not importlib.util.find_spec("numpy"):
        return None
    flags = cpu_flags()
    seconds = {}
    for core, flag in CORES:
        if flag and flag not in flags:
            continue
        chosen = {**environment, "OPENBLAS_CORETYPE": core} if core else environment
        done = subprocess.run([*sides.PRIORITY, sys.executable, "-c", PROBE], env=chosen, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode == 0 and done.stdout:  # some old kernels crash on young processors
            seconds[core] = float(done.stdout)
    return min(seconds, key=seconds.get, default=None)


def install():
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES]
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            sys.exit("bench: --install needs root; as root run: " + " ".join(command))
        command = ["sudo", *command]
    if subprocess.call(command) != 0:
        sys.exit("bench: the peers could not be installed")


def blas():
    """Which BLAS this process (a peer) has loaded, and which kernels it chose."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        files = {line.split()[-1] for line in maps if ".so" in line}
    for path in sorted(files):
        name = os.path.basename(path)
        if "openblas" in path:
            library = ctypes.CDLL(path)
            try:
                library.openblas_get_corename.restype = ctypes.c_char_p
                core = library.openblas_get_corename().decode()
                return f"OpenBLAS kernels {core}, {library.openblas_get_num_threads()} threads"
            except AttributeError:
                continue  # libblas.so.3 of the package: the functions are in it, or in libopenblas
        if name.startswith("libmkl_rt"):
            return "MKL"
    if any(os.path.basename(path).startswith("libblas") for path in files):
        return "reference BLAS (slow: install libopenblas0-pthread)"
    return "no BLAS found"


def limits(program, threads):
    """Read bandwidth in bytes a second and dense float32 product rate in operations a second."""
    command = [*sides.PRIORITY, program, str(threads)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    told = json.loads(answer.stdout)
    return told["read_gbs"] * 1e9, told["product_gflops"] * 1e9


def cpu_info():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return file.read()


def cpu_flags():
    found = re.search(r"flags\s*:\s*(.*)", cpu_info())
    return set(found.group(1).split()) if found else set()


def describe():
    """The processor and its caches, in one line."""
    model, flags = re.search(r"model name\s*:\s*(.*)", cpu_info()), cpu_flags()
    best = next((name for name, flag in (("AVX-512", "avx512bw"), ("AVX2", "avx2"))
                 if flag in flags), "neither AVX2 nor AVX-512")
    return f"{model.group(1) if model else 'unknown processor'}, {processors()} processors, {best}"
