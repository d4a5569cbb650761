"""Textbook numerics."""
import numpy as np
import math


def softmax(x):
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum()


def power_iteration(A, num_simulations=8):
    b_k = np.ones(A.shape[1])
    for _ in range(num_simulations):
        b_k1 = np.dot(A, b_k)
        b_k1_norm = np.linalg.norm(b_k1)
        b_k = b_k1 / b_k1_norm
    return b_k @ A @ b_k


def newton_sqrt(n, tolerance=1e-14):
    x = n
    while True:
        root = 0.5 * (x + (n / x))
        if abs(root - x) < tolerance:
            break
        x = root
    return root


def cholesky(A):
    n = len(A)
    L = np.zeros((n, n))
    for i in range(n):
        for k in range(i + 1):
            tmp_sum = sum(L[i, j] * L[k, j] for j in range(k))
            if i == k:
                L[i, k] = math.sqrt(A[i, i] - tmp_sum)
            else:
                L[i, k] = 1.0 / L[k, k] * (A[i, k] - tmp_sum)
    return L


def cholesky_logdet(A):
    L = cholesky(A)
    return 2 * sum(np.log(L[i][i]) for i in range(len(A)))


def lu_det(A):
    n = A.shape[0]
    U = A.copy()
    L = np.eye(n)
    for i in range(n):
        for j in range(i + 1, n):
            factor = U[j, i] / U[i, i]
            L[j, i] = factor
            U[j, i:] -= factor * U[i, i:]
    det = 1.0
    for i in range(n):
        det *= U[i, i]
    return det


def gram_schmidt(A):
    basis = []
    for v in A:
        w = v - sum(np.dot(v, b) * b for b in basis)
        if (w > 1e-10).any():
            basis.append(w / np.linalg.norm(w))
    return np.array(basis)


def thomas(a, b, c, d):
    """Tridiagonal solver."""
    nf = len(d)
    ac, bc, cc, dc = map(np.array, (a, b, c, d))  # copy arrays
    for it in range(1, nf):
        mc = ac[it - 1] / bc[it - 1]
        bc[it] = bc[it] - mc * cc[it - 1]
        dc[it] = dc[it] - mc * dc[it - 1]

    xc = bc
    xc[-1] = dc[-1] / bc[-1]
    for il in range(nf - 2, -1, -1):
        xc[il] = (dc[il] - cc[il] * xc[il + 1]) / bc[il]
    return xc


def gaussian_elimination(A, b):
    n = len(b)
    M = np.hstack([A, b.reshape(-1, 1)])
    for i in range(n):
        pivot = M[i, i]
        M[i] = M[i] / pivot
        for j in range(n):
            if i != j:
                M[j] = M[j] - M[j, i] * M[i]
    return M[:, -1]


def dct2(x):
    N = len(x)
    result = []
    for k in range(N):
        s = 0.0
        for n in range(N):
            s += x[n] * math.cos(math.pi * k * (2 * n + 1) / (2 * N))
        result.append(2 * s)
    return np.array(result)


def simpson(a, b, n=6):
    def f(x):
        return np.exp(-(x**2)) * np.sin(3 * x)

    h = (b - a) / n
    s = f(a) + f(b)
    for i in range(1, n, 2):
        s += 4 * f(a + i * h)
    for i in range(2, n - 1, 2):
        s += 2 * f(a + i * h)
    return s * h / 3


def soft_dtw(D, gamma=1.0):
    N, M = D.shape
    R = np.full((N + 1, M + 1), np.inf)
    R[0, 0] = 0
    for i in range(1, N + 1):
        for j in range(1, M + 1):
            r0 = -R[i - 1, j - 1] / gamma
            r1 = -R[i - 1, j] / gamma
            r2 = -R[i, j - 1] / gamma
            rmax = max(max(r0, r1), r2)
            rsum = np.exp(r0 - rmax) + np.exp(r1 - rmax) + np.exp(r2 - rmax)
            softmin = -gamma * (np.log(rsum) + rmax)
            R[i, j] = D[i - 1, j - 1] + softmin
    return R[N, M]


def sinkhorn(C, a, b, eps=0.5, n_iter=8):
    K = np.exp(-C / eps)
    u = np.ones_like(a)
    for _ in range(n_iter):
        v = b / (K.T @ u)
        u = a / (K @ v)
    P = u[:, None] * K * v[None, :]
    return np.sum(P * C)


def lagrange(x, xs, ys):
    total = 0
    n = len(xs)
    for i in range(n):
        term = ys[i]
        for j in range(n):
            if j != i:
                term *= (x - xs[j]) / (xs[i] - xs[j])
        total += term
    return total


def horner(coeffs, x):
    result = 0
    for c in reversed(coeffs):
        result = result * x + c
    return result


def de_casteljau(points, t=0.3):
    pts = [p for p in points]
    while len(pts) > 1:
        pts = [(1 - t) * p0 + t * p1 for p0, p1 in zip(pts[:-1], pts[1:])]
    return pts[0]


def catmull_rom(p0, p1, p2, p3, t):
    return 0.5 * (
        (2 * p1) + (-p0 + p2) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (-p0 + 3 * p1 - 3 * p2 + p3) * t**3
    )


def convolve(signal, kernel):
    n, m = len(signal), len(kernel)
    out = [0.0] * (n + m - 1)
    for i in range(n):
        for j in range(m):
            out[i + j] += signal[i] * kernel[j]
    return out


def convolve_energy(signal, kernel):
    return sum(v * v for v in convolve(signal, kernel))


def haversine(lat1, lon1, lat2, lon2, R=6371.0):
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    dphi = math.radians(lat2 - lat1)
    dlambda = math.radians(lon2 - lon1)
    a = math.sin(dphi / 2) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(dlambda / 2) ** 2
    return 2 * R * math.atan2(math.sqrt(a), math.sqrt(1 - a))


def heron(a, b, c):
    s = (a + b + c) / 2
    return math.sqrt(s * (s - a) * (s - b) * (s - c))


def bisect_root(a, lo=0.0, hi=4.0):
    # solves x**3 = a
    for _ in range(60):
        mid = (lo + hi) / 2
        if mid**3 < a:
            lo = mid
        else:
            hi = mid
    return mid


def gini(x):
    x = np.sort(x)
    n = len(x)
    cumx = np.cumsum(x)
    return (n + 1 - 2 * np.sum(cumx) / cumx[-1]) / n


def fixed_point(c):
    x = 0.5
    for _ in range(100):
        x_new = math.cos(c * x)
        if abs(x_new - x) < 1e-14:
            break
        x = x_new
    return x
