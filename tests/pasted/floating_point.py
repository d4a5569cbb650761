"""Functions of Python's own numbers, as texts about floating point have them."""

from math import asin, cos, exp, pi, sin, sqrt


def haversine(lat1, lon1, lat2, lon2, radius=6371.0):
    dlat, dlon = lat2 - lat1, lon2 - lon1
    a = sin(dlat / 2) ** 2 + cos(lat1) * cos(lat2) * sin(dlon / 2) ** 2
    return 2 * radius * asin(sqrt(a))


def runge_kutta(y, c, h=0.01):
    def slope(v):
        return 1.2 * (c - v) ** 2

    t = 0.0
    while t < 0.05:
        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
    return y


def levy_montalvo(point):
    total, n = 0, len(point)
    y = [1 + (v + 1) / 4 for v in point]
    total += 10 * sin(pi * y[0]) ** 2
    for i in range(n - 1):
        total += (y[i] - 1) ** 2 * (1 + 10 * sin(pi * y[i + 1]) ** 2)
    total += (y[-1] - 1) ** 2
    return pi / n * total


def box(point):
    a, b, c = point
    total = 0.0
    for i in range(1, 11):
        t = i / 10
        residual = exp(-a * t) - exp(-b * t) - c * (exp(-t) - exp(-10 * t))
        total += residual**2
    return total
