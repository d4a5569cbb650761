import math
import numpy as np
import matplotlib.pyplot as plt
from scipy.integrate import odeint

G = 6.674e-11
g = 9.81
k_e = 8.9875e9


def lennard_jones(pos, epsilon=1.0, sigma=1.0):
    N = len(pos)
    energy = 0.0
    for i in range(N - 1):
        for j in range(i + 1, N):
            rij = pos[i] - pos[j]
            r2 = np.dot(rij, rij)
            sr6 = (sigma**2 / r2) ** 3
            energy += 4 * epsilon * (sr6**2 - sr6)
    return energy


def morse(r, D_e=4.6, a=1.9, r_e=0.74):
    return D_e * (1 - math.exp(-a * (r - r_e))) ** 2


def coulomb_energy(q, X):
    diff = X[:, np.newaxis, :] - X[np.newaxis, :, :]
    dist = np.sqrt((diff**2).sum(axis=-1) + np.eye(len(q)))
    iu = np.triu_indices(len(q), k=1)
    return np.sum((q[:, None] * q[None, :] / dist)[iu])


def harmonic_chain(u, k=1.0, a=0.25):
    d = np.diff(u)
    return 0.5 * k * np.sum(d**2) + a / 4 * np.sum(d**4)


def pendulum_euler(theta0, omega0, L=1.0, dt=0.05, n=10):
    theta, omega = theta0, omega0
    for _ in range(n):
        alpha = -(g / L) * np.sin(theta)
        omega = omega + alpha * dt
        theta = theta + omega * dt
    return theta


def pendulum_rk4(theta0, omega0, b=0.1, dt=0.05, n=4):
    def deriv(y, t):
        theta, omega = y
        return np.array([omega, -b * omega - g * np.sin(theta)])

    y = np.array([theta0, omega0])
    for i in range(n):
        t = i * dt
        k1 = deriv(y, t)
        k2 = deriv(y + 0.5 * dt * k1, t + 0.5 * dt)
        k3 = deriv(y + 0.5 * dt * k2, t + 0.5 * dt)
        k4 = deriv(y + dt * k3, t + dt)
        y = y + (dt / 6.0) * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[0]


def lotka_volterra(params, x0=10.0, y0=5.0, dt=0.01, steps=25):
    alpha, beta, delta, gamma = params
    xs, ys = [x0], [y0]
    for _ in range(steps):
        x, y = xs[-1], ys[-1]
        xs.append(x + dt * (alpha * x - beta * x * y))
        ys.append(y + dt * (delta * x * y - gamma * y))
    return xs[-1] + ys[-1]


def heat_equation(u0, alpha=0.1, dx=0.5, dt=0.1, nt=5):
    u = u0.copy()
    for n in range(nt):
        un = u.copy()
        u[1:-1] = un[1:-1] + alpha * dt / dx**2 * (un[2:] - 2 * un[1:-1] + un[:-2])
    return np.sum(u**2)


def spring_mass(x, v, k=3.0, m=2.0, c=0.2, dt=0.02, steps=15):
    energy = []
    for _ in range(steps):
        a = (-k * x - c * v) / m
        v += a * dt
        x += v * dt
        energy.append(0.5 * m * v**2 + 0.5 * k * x**2)
    return energy[-1]


def kepler(M, e, tol=1e-12):
    E = M if e < 0.8 else math.pi
    for _ in range(50):
        dE = (E - e * math.sin(E) - M) / (1 - e * math.cos(E))
        E -= dE
        if abs(dE) < tol:
            break
    return E


def double_pendulum_energy(theta1, theta2, w1, w2, L1=1.0, L2=1.0, m1=1.0, m2=1.0):
    """Total energy of the double pendulum."""
    V = -(m1 + m2) * L1 * g * np.cos(theta1) - m2 * L2 * g * np.cos(theta2)
    T = 0.5 * m1 * (L1 * w1) ** 2 + 0.5 * m2 * (
        (L1 * w1) ** 2 + (L2 * w2) ** 2 + 2 * L1 * L2 * w1 * w2 * np.cos(theta1 - theta2)
    )
    return T + V


def projectile_range(v0, angle):
    theta = np.radians(angle)
    return v0**2 * np.sin(2 * theta) / g


def van_der_waals_pressure(V, T, n=1.0, a=1.36, b=0.0318, R=0.0821):
    return n * R * T / (V - n * b) - a * n**2 / V**2


def ising_mean_field(m, J=1.0, h=0.1, T=2.0, z=4):
    beta = 1.0 / T
    f = -0.5 * J * z * m**2 - h * m
    entropy = -((1 + m) / 2 * math.log((1 + m) / 2) + (1 - m) / 2 * math.log((1 - m) / 2))
    return f - T * entropy


def planck(wavelength, T):
    h = 6.626e-34
    c = 3.0e8
    k = 1.38e-23
    a = 2.0 * h * c**2
    b = h * c / (wavelength * k * T)
    intensity = a / ((wavelength**5) * (np.exp(b) - 1.0))
    return intensity


def relativistic_kinetic_energy(v, m=1.0, c=1.0):
    gamma = 1 / math.sqrt(1 - (v / c) ** 2)
    return (gamma - 1) * m * c**2


def quaternion_rotate(q, v):
    q = q / np.linalg.norm(q)
    w, x, y, z = q
    R = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])
    return R @ v


def rodrigues_reprojection(camera, points, observed):
    """Bundle adjustment in the style of the scipy cookbook: camera = (rot 3, trans 3, f, k1, k2)."""
    rot_vecs = camera[:3]
    theta = np.linalg.norm(rot_vecs)
    v = rot_vecs / theta
    dot = np.sum(points * v, axis=1)[:, np.newaxis]
    cos_theta = np.cos(theta)
    sin_theta = np.sin(theta)
    points_proj = cos_theta * points + sin_theta * np.cross(v, points) + dot * (1 - cos_theta) * v
    points_proj += camera[3:6]
    points_proj = -points_proj[:, :2] / points_proj[:, 2, np.newaxis]
    f = camera[6]
    k1 = camera[7]
    k2 = camera[8]
    n = np.sum(points_proj**2, axis=1)
    r = 1 + k1 * n + k2 * n**2
    points_proj *= (r * f)[:, np.newaxis]
    return np.sum((points_proj - observed) ** 2)


def plot_trajectory(theta0):
    t = np.linspace(0, 10, 100)
    plt.plot(t, odeint(lambda y, t: y, theta0, t))


if __name__ == "__main__":
    plot_trajectory(0.1)
    plt.show()
