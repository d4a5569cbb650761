import numpy as np
from numpy import cos, sin, exp, sqrt, pi, abs, sum, prod, floor
from scipy.optimize import minimize, rosen_der


def rosenbrock(x):
    return sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def rastrigin(x):
    n = len(x)
    return 10 * n + sum(x**2 - 10 * cos(2 * pi * x))


def ackley(x, a=20, b=0.2, c=2 * pi):
    x = np.asarray(x)
    n = len(x)
    s1 = sum(x**2)
    s2 = sum(cos(c * x))
    return -a * exp(-b * sqrt(s1 / n)) - exp(s2 / n) + a + exp(1)


def griewank(x, fr=4000):
    x = np.asarray_chkfinite(x)
    n = len(x)
    j = np.arange(1.0, n + 1)
    s = sum(x**2)
    p = prod(cos(x / sqrt(j)))
    return s / fr - p + 1


def beale(xy):
    x, y = xy
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def levy(x):
    x = np.asarray(x)
    n = len(x)
    z = 1 + (x - 1) / 4
    return (
        sin(pi * z[0]) ** 2
        + sum((z[:-1] - 1) ** 2 * (1 + 10 * sin(pi * z[:-1] + 1) ** 2))
        + (z[-1] - 1) ** 2 * (1 + sin(2 * pi * z[-1]) ** 2)
    )


def styblinski_tang(x):
    return 0.5 * np.sum(np.power(x, 4) - 16 * np.power(x, 2) + 5 * x)


def booth(p):
    return (p[0] + 2 * p[1] - 7) ** 2 + (2 * p[0] + p[1] - 5) ** 2


def goldstein_price(x):
    a = 1 + (x[0] + x[1] + 1) ** 2 * (19 - 14 * x[0] + 3 * x[0] ** 2 - 14 * x[1] + 6 * x[0] * x[1] + 3 * x[1] ** 2)
    b = 30 + (2 * x[0] - 3 * x[1]) ** 2 * (18 - 32 * x[0] + 12 * x[0] ** 2 + 48 * x[1] - 36 * x[0] * x[1] + 27 * x[1] ** 2)
    return a * b


def six_hump_camel(x):
    x1, x2 = x[0], x[1]
    term1 = (4 - 2.1 * x1**2 + (x1**4) / 3) * x1**2
    term2 = x1 * x2
    term3 = (-4 + 4 * x2**2) * x2**2
    return term1 + term2 + term3


def michalewicz(x, michalewicz_m=0.5):
    x = np.asarray_chkfinite(x)
    n = len(x)
    j = np.arange(1.0, n + 1)
    return -sum(sin(x) * sin(j * x**2 / pi) ** (2 * michalewicz_m))


def powell_singular(x):
    f = 0.0
    for i in range(len(x) // 4):
        f += (x[4 * i] + 10 * x[4 * i + 1]) ** 2
        f += 5 * (x[4 * i + 2] - x[4 * i + 3]) ** 2
        f += (x[4 * i + 1] - 2 * x[4 * i + 2]) ** 4
        f += 10 * (x[4 * i] - x[4 * i + 3]) ** 4
    return f


def branin(x, a=1, b=5.1 / (4 * np.pi**2), c=5 / np.pi, r=6, s=10, t=1 / (8 * np.pi)):
    x1, x2 = x[0], x[1]
    return a * (x2 - b * x1**2 + c * x1 - r) ** 2 + s * (1 - t) * np.cos(x1) + s


def hartmann3(xx):
    alpha = np.array([1.0, 1.2, 3.0, 3.2])
    A = np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]])
    P = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
    outer = 0
    for ii in range(4):
        inner = 0
        for jj in range(3):
            inner = inner + A[ii, jj] * (xx[jj] - P[ii, jj]) ** 2
        new = alpha[ii] * np.exp(-inner)
        outer = outer + new
    return -outer


if __name__ == "__main__":
    res = minimize(rosenbrock, np.zeros(4), method="BFGS", options={"disp": True})
    print(res.x)
