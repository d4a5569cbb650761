from math import log, sqrt, exp, pi, erf
import numpy as np


def norm_cdf(x):
    return 0.5 * (1 + erf(x / sqrt(2.0)))


def norm_pdf(x):
    return exp(-x**2 / 2.0) / sqrt(2.0 * pi)


def bs_call(S, K, T, r, sigma):
    d1 = (log(S / K) + (r + sigma**2 / 2.0) * T) / (sigma * sqrt(T))
    d2 = d1 - sigma * sqrt(T)
    return S * norm_cdf(d1) - K * exp(-r * T) * norm_cdf(d2)


def bs_vega(S, K, T, r, sigma):
    d1 = (log(S / K) + (r + sigma**2 / 2.0) * T) / (sigma * sqrt(T))
    return S * norm_pdf(d1) * sqrt(T)


def implied_vol(target_value, S, K, T, r):
    MAX_ITERATIONS = 200
    PRECISION = 1.0e-6
    sigma = 0.5
    for i in range(0, MAX_ITERATIONS):
        price = bs_call(S, K, T, r, sigma)
        vega = bs_vega(S, K, T, r, sigma)
        diff = target_value - price  # our root
        if abs(diff) < PRECISION:
            return sigma
        sigma = sigma + diff / vega  # f(x) / f'(x)
    return sigma


def nelson_siegel(t, beta0, beta1, beta2, tau):
    return beta0 + beta1 * (1 - exp(-t / tau)) / (t / tau) + beta2 * ((1 - exp(-t / tau)) / (t / tau) - exp(-t / tau))


def bond_price(y, coupon=0.05, face=100, n=10):
    price = 0
    for t in range(1, n + 1):
        price += coupon * face / (1 + y) ** t
    price += face / (1 + y) ** n
    return price


def sharpe_ratio(weights, returns, rf=0.01):
    port = returns @ weights
    return (port.mean() - rf) / port.std()


def portfolio_variance(w, cov):
    return np.sqrt(np.dot(w.T, np.dot(cov, w)))


def binomial_option(S, K, r, sigma, T=1.0, N=4):
    dt = T / N
    u = np.exp(sigma * np.sqrt(dt))
    d = 1 / u
    p = (np.exp(r * dt) - d) / (u - d)
    # asset prices at maturity
    ST = [S * u**j * d ** (N - j) for j in range(N + 1)]
    V = [max(s - K, 0.0) for s in ST]
    for i in range(N - 1, -1, -1):
        V = [np.exp(-r * dt) * (p * V[j + 1] + (1 - p) * V[j]) for j in range(i + 1)]
    return V[0]
