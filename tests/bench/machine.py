"""machine: what the benchmarks know of the machine, and what they do to give peers their best.

Environment variables that pin a library to an old kernel or to one thread are unset for the peers;
which kernels their libraries then choose is asked of the libraries themselves.
"""
import ctypes
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


def describe():
    """The processor and its caches, in one line."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    model = re.search(r"model name\s*:\s*(.*)", text)
    best = next((name for name, flag in (("AVX-512", "avx512bw"), ("AVX2", "avx2"))
                 if re.search(rf"\b{flag}\b", text)), "neither AVX2 nor AVX-512")
    return f"{model.group(1) if model else 'unknown processor'}, {processors()} processors, {best}"
