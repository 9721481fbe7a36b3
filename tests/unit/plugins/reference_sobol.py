"""reference_sobol: points of Sobol' sequences as SciPy has them, as a table in C.

Run once, by hand, with SciPy; the tests need only its output:
    python3 reference_sobol.py > reference_sobol.h

SciPy goes through the sequence in the order of the Gray code, so its point i is our i ^ i >> 1.
"""
import numpy as np
import scipy
from scipy.stats import qmc

DIMENSIONS = 128
NUMBERS = [1, 2, 3, 1000, 0x5BD1E995, 0xFFFFFFFF]


def main():
    engine = qmc.Sobol(d=DIMENSIONS, scramble=False, bits=32)
    directions = np.array(engine._sv, dtype=np.uint64)  # dimension × bit
    points = (engine.random(1024) * 2.0 ** 32).astype(np.uint64)

    def point(number):  # far ones cannot be had from random(), near ones must agree with it
        x = np.zeros(DIMENSIONS, dtype=np.uint64)
        for bit in range(32):
            if number >> bit & 1:
                x ^= directions[:, bit]
        return x

    for i in range(1024):
        assert (point(i ^ i >> 1) == points[i]).all()
    print(f"/* Made by reference_sobol.py with SciPy {scipy.__version__}; do not edit.\n *\n"
          " * Times 2^32, in each of the dimensions. */")
    print(f"static const uint64_t reference_numbers[] = {{{', '.join(f'{n}u' for n in NUMBERS)}}};")
    print(f"static const uint32_t reference_points[][{DIMENSIONS}] = {{")
    for number in NUMBERS:
        print("    {" + ", ".join(f"{x}u" for x in point(number).tolist()) + "},")
    print("};")


if __name__ == "__main__":
    main()
