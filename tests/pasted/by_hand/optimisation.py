import numpy as np
from numpy import abs, cos, exp, log, pi, sign, sin, sqrt, sum, arange, asarray, atleast_1d, prod, tan, arctan2, tanh


def Ackley01(x):
    N = len(x)
    u = sum(x ** 2)
    v = sum(cos(2 * pi * x))
    return (-20. * exp(-0.2 * sqrt(u / N)) - exp(v / N) + 20. + exp(1.))


def Ackley01_grad(x):
    N = len(x)
    u = sum(x ** 2)
    v = sum(cos(2 * pi * x))
    return 4. * exp(-0.2 * sqrt(u / N)) * x / (N * sqrt(u / N)) + 2 * pi / N * exp(v / N) * sin(2 * pi * x)


def Brown(x):
    x0 = x[:-1]
    x1 = x[1:]
    return sum((x0 ** 2.0) ** (x1 ** 2.0 + 1.0) + (x1 ** 2.0) ** (x0 ** 2.0 + 1.0))


def Brown_grad(x):
    a, b = x[:-1], x[1:]
    g = np.zeros_like(x)
    A, B = a ** 2, b ** 2
    g[:-1] += (B + 1) * A ** B * 2 * a + B ** (A + 1) * log(B) * 2 * a
    g[1:] += A ** (B + 1) * log(A) * 2 * b + (A + 1) * B ** A * 2 * b
    return g


def CrossInTray(x):
    return (-0.0001 * (abs(sin(x[0]) * sin(x[1])
                           * exp(abs(100 - sqrt(x[0] ** 2 + x[1] ** 2) / pi)))
                       + 1) ** (0.1))


def CrossInTray_grad(x):
    r = sqrt(x[0] ** 2 + x[1] ** 2)
    e = exp(abs(100 - r / pi))
    s = sin(x[0]) * sin(x[1])
    h = abs(s * e)
    c = -0.0001 * 0.1 * (h + 1) ** (-0.9)
    dr = -e * abs(s) / (pi * r)
    return np.array([c * (sign(s) * cos(x[0]) * sin(x[1]) * e + dr * x[0]),
                     c * (sign(s) * sin(x[0]) * cos(x[1]) * e + dr * x[1])])


def DixonPrice(x):
    i = arange(2, len(x) + 1)
    s = i * (2.0 * x[1:] ** 2.0 - x[:-1]) ** 2.0
    return sum(s) + (x[0] - 1.0) ** 2.0


def DixonPrice_grad(x):
    n = len(x)
    g = np.zeros(n)
    g[0] = 2 * (x[0] - 1)
    for i in range(1, n):
        t = 2 * x[i] ** 2 - x[i - 1]
        g[i] += (i + 1) * 2 * t * 4 * x[i]
        g[i - 1] -= (i + 1) * 2 * t
    return g


def GoldsteinPrice(x):
    a = (1 + (x[0] + x[1] + 1) ** 2
         * (19 - 14 * x[0] + 3 * x[0] ** 2
         - 14 * x[1] + 6 * x[0] * x[1] + 3 * x[1] ** 2))
    b = (30 + (2 * x[0] - 3 * x[1]) ** 2
         * (18 - 32 * x[0] + 12 * x[0] ** 2
         + 48 * x[1] - 36 * x[0] * x[1] + 27 * x[1] ** 2))
    return a * b


def GoldsteinPrice_grad(x):
    p = x[0] + x[1] + 1
    q = 19 - 14 * x[0] + 3 * x[0] ** 2 - 14 * x[1] + 6 * x[0] * x[1] + 3 * x[1] ** 2
    r = 2 * x[0] - 3 * x[1]
    s = 18 - 32 * x[0] + 12 * x[0] ** 2 + 48 * x[1] - 36 * x[0] * x[1] + 27 * x[1] ** 2
    a, b = 1 + p ** 2 * q, 30 + r ** 2 * s
    dq = -14 + 6 * x[0] + 6 * x[1]
    da = 2 * p * q + p ** 2 * dq
    db0 = 4 * r * s + r ** 2 * (-32 + 24 * x[0] - 36 * x[1])
    db1 = -6 * r * s + r ** 2 * (48 - 36 * x[0] + 54 * x[1])
    return np.asarray([da * b + a * db0, da * b + a * db1])


def HelicalValley(x):
    return 100 * ((x[2] - 10 * arctan2(x[1], x[0]) / 2 / pi) ** 2 + (sqrt(x[0] ** 2 + x[1] ** 2) - 1) ** 2) + x[2] ** 2


def HelicalValley_grad(x):
    r2 = x[0] ** 2 + x[1] ** 2
    r = sqrt(r2)
    t = x[2] - 10 * arctan2(x[1], x[0]) / 2 / pi
    dth = np.array([-x[1] / r2, x[0] / r2])
    g = np.zeros(3)
    g[:2] = 200 * t * (-5 / pi) * dth + 200 * (r - 1) * x[:2] / r
    g[2] = 200 * t + 2 * x[2]
    return g


def Michalewicz(x):
    m = 10.0
    i = arange(1, len(x) + 1)
    return -sum(sin(x) * sin(i * x ** 2 / pi) ** (2 * m))


def Michalewicz_grad(x, m=10.0):
    i = arange(1, len(x) + 1)
    w = sin(i * x ** 2 / pi)
    return -(cos(x) * w ** (2 * m) + sin(x) * 2 * m * w ** (2 * m - 1) * cos(i * x ** 2 / pi) * 2 * i * x / pi)


def BroydenTridiagonal(x):
    n = len(x)
    f = np.zeros(n)
    for i in range(n):
        f[i] = (3 - 2 * x[i]) * x[i] + 1
        if i > 0:
            f[i] -= x[i - 1]
        if i < n - 1:
            f[i] -= 2 * x[i + 1]
    return np.dot(f, f)


def BroydenTridiagonal_grad(x):
    n = len(x)
    f = (3 - 2 * x) * x + 1
    f[1:] -= x[:-1]
    f[:-1] -= 2 * x[1:]
    J = np.diag(3 - 4 * x) - np.diag(np.ones(n - 1), -1) - 2 * np.diag(np.ones(n - 1), 1)
    return 2 * J.T.dot(f)


def Kowalik(x):
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844])
    u = np.array([4, 2, 1, 0.5, 0.25])
    return np.sum((y - x[0] * (u ** 2 + u * x[1]) / (u ** 2 + u * x[2] + x[3])) ** 2)


def Kowalik_grad(x):
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844])
    u = np.array([4, 2, 1, 0.5, 0.25])
    num = u ** 2 + u * x[1]
    den = u ** 2 + u * x[2] + x[3]
    r = y - x[0] * num / den
    return -2 * np.vstack([num / den, x[0] * u / den, -x[0] * num * u / den ** 2, -x[0] * num / den ** 2]).dot(r)
