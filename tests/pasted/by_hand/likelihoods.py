import numpy as np
from scipy import special, stats
from scipy.special import gammaln, digamma, expit, xlogy, logsumexp, log_ndtr, ndtr, log1p, expm1
from scipy.stats import norm


def probit_loglike(params, exog, endog):
    q = 2 * endog - 1
    X = exog
    FLOAT_EPS = np.finfo(float).eps
    return np.sum(np.log(np.clip(norm.cdf(q * np.dot(X, params)), FLOAT_EPS, 1)))


def probit_loglike_grad(params, exog, endog):
    y = endog
    X = exog
    XB = np.dot(X, params)
    q = 2 * y - 1
    FLOAT_EPS = np.finfo(float).eps
    L = q * norm.pdf(q * XB) / np.clip(norm.cdf(q * XB), FLOAT_EPS, 1 - FLOAT_EPS)
    return np.dot(L, X)


def nb2_loglike(params, exog, endog):
    alpha = params[-1]
    params = params[:-1]
    mu = np.exp(np.dot(exog, params))
    size = 1 / alpha * mu ** 0
    prob = size / (size + mu)
    coeff = (gammaln(size + endog) - gammaln(endog + 1) - gammaln(size))
    llf = coeff + size * np.log(prob) + endog * np.log(1 - prob)
    return np.sum(llf)


def nb2_loglike_grad(params, exog, endog):
    alpha = params[-1]
    params = params[:-1]
    exog = exog
    y = endog[:, None]
    mu = np.exp(np.dot(exog, params))[:, None]
    a1 = 1 / alpha
    prob = a1 / (a1 + mu)
    dgpart = digamma(y + a1) - digamma(a1)
    dparams = exog * a1 * (y - mu) / (mu + a1)
    dalpha = -alpha ** -2 * (dgpart + np.log(a1) - np.log(a1 + mu) - (y - mu) / (a1 + mu)).sum()
    return np.r_[dparams.sum(0), dalpha]


def mnlogit(params, exog, d):
    eXB = np.column_stack((np.ones(len(exog)), np.exp(np.dot(exog, params))))
    prob = eXB / eXB.sum(1)[:, None]
    return np.sum(d * np.log(prob))


def mnlogit_grad(params, exog, d):
    eXB = np.column_stack((np.ones(len(exog)), np.exp(np.dot(exog, params))))
    prob = eXB / eXB.sum(1)[:, None]
    firstterm = d[:, 1:] - prob[:, 1:]
    return np.dot(firstterm.T, exog).T


def weibull_nll(params, x):
    lam, k = params
    return -np.sum(np.log(k / lam) + (k - 1) * np.log(x / lam) - (x / lam) ** k)


def weibull_nll_grad(params, x):
    lam, k = params
    z = x / lam
    dlam = -np.sum(-k / lam + (k / lam) * z ** k)
    dk = -np.sum(1 / k + np.log(z) - z ** k * np.log(z))
    return np.array([dlam, dk])


def sk_huber(w, X, y, epsilon=1.35, alpha=0.01):
    n_samples, n_features = X.shape
    sigma = w[-1]
    intercept = w[-2]
    w = w[:n_features]
    linear_loss = y - X @ w
    linear_loss -= intercept
    abs_linear_loss = np.abs(linear_loss)
    outliers_mask = abs_linear_loss > epsilon * sigma
    outliers = abs_linear_loss[outliers_mask]
    num_outliers = np.count_nonzero(outliers_mask)
    n_non_outliers = n_samples - num_outliers
    outlier_loss = 2.0 * epsilon * np.sum(outliers) - sigma * num_outliers * epsilon ** 2
    non_outliers = linear_loss[~outliers_mask]
    squared_loss = np.dot(non_outliers.T, non_outliers) / sigma
    loss = n_samples * sigma + squared_loss + outlier_loss
    loss += alpha * np.dot(w, w)
    return loss


def sk_huber_grad(w, X, y, epsilon=1.35, alpha=0.01):
    n_samples, n_features = X.shape
    sigma = w[-1]
    intercept = w[-2]
    w = w[:n_features]
    linear_loss = y - X @ w - intercept
    mask = np.abs(linear_loss) > epsilon * sigma
    num_outliers = np.count_nonzero(mask)
    non_outliers = linear_loss[~mask]
    grad = np.zeros(n_features + 2)
    grad[:n_features] = 2.0 / sigma * -(X[~mask].T @ non_outliers)
    signed = np.ones_like(linear_loss[mask])
    signed[linear_loss[mask] < 0] = -1.0
    grad[:n_features] -= 2.0 * epsilon * (X[mask].T @ signed)
    grad[:n_features] += alpha * 2.0 * w
    grad[-1] = n_samples - num_outliers * epsilon ** 2 - np.dot(non_outliers, non_outliers) / sigma ** 2
    grad[-2] = -2.0 * np.sum(non_outliers) / sigma - 2.0 * epsilon * np.sum(signed)
    return grad


def squared_hinge(w, X, y, C=2.0):
    m = 1 - y * X.dot(w)
    return 0.5 * w.dot(w) + C * np.sum(np.maximum(0, m) ** 2)


def squared_hinge_grad(w, X, y, C=2.0):
    m = 1 - y * X.dot(w)
    active = m > 0
    return w - 2 * C * X[active].T.dot(y[active] * m[active])


def modified_huber(w, X, y):
    loss = 0.0
    for xi, yi in zip(X, y):
        z = yi * np.dot(w, xi)
        if z >= 1.0:
            loss += 0.0
        elif z >= -1.0:
            loss += (1.0 - z) * (1.0 - z)
        else:
            loss += -4.0 * z
    return loss


def modified_huber_grad(w, X, y):
    g = np.zeros(len(w))
    for xi, yi in zip(X, y):
        z = yi * np.dot(w, xi)
        if z >= 1.0:
            continue
        if z >= -1.0:
            g += 2.0 * (1.0 - z) * -yi * xi
        else:
            g += -4.0 * yi * xi
    return g


def pinball(raw, y, quantile=0.3):
    d = y - raw
    return np.sum(np.where(d >= 0, quantile * d, (quantile - 1) * d))


def pinball_grad(raw, y, quantile=0.3):
    return np.where(y >= raw, -quantile, 1 - quantile)


def tsne_kl(Y, P):
    n = Y.shape[0]
    D = np.sum((Y[:, None, :] - Y[None, :, :]) ** 2, -1)
    num = 1 / (1 + D)
    num = num * (1 - np.eye(n))
    Q = num / np.sum(num)
    return np.sum(P * np.log((P + np.eye(n)) / (Q + np.eye(n))))


def tsne_kl_grad(Y, P):
    n = Y.shape[0]
    D = np.sum((Y[:, None, :] - Y[None, :, :]) ** 2, -1)
    num = 1 / (1 + D) * (1 - np.eye(n))
    Q = num / np.sum(num)
    PQ = (P - Q) * num
    g = np.zeros_like(Y)
    for i in range(n):
        g[i] = 4 * np.sum(PQ[i][:, None] * (Y[i] - Y), axis=0)
    return g


def gpr_nll(theta, X, y):
    sf, ell, sn = np.exp(theta)
    d2 = ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)
    K = sf ** 2 * np.exp(-0.5 * d2 / ell ** 2) + sn ** 2 * np.eye(len(X))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.log(np.diag(L)).sum() + 0.5 * len(X) * np.log(2 * np.pi)


def gpr_nll_grad(theta, X, y):
    sf, ell, sn = np.exp(theta)
    d2 = ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)
    E = sf ** 2 * np.exp(-0.5 * d2 / ell ** 2)
    K = E + sn ** 2 * np.eye(len(X))
    Ki = np.linalg.inv(K)
    alpha = Ki @ y
    inner = np.outer(alpha, alpha) - Ki
    dK = [2 * E, E * d2 / ell ** 2, 2 * sn ** 2 * np.eye(len(X))]
    return np.array([-0.5 * np.trace(inner @ d) for d in dK])


def cox(beta, time, event, X):
    eta = X @ beta
    ll = 0.0
    for i in range(len(time)):
        if event[i] == 1:
            risk = time >= time[i]
            ll += eta[i] - np.log(np.sum(np.exp(eta[risk])))
    return -ll


def cox_grad(beta, time, event, X):
    eta = X @ beta
    g = np.zeros_like(beta)
    for i in range(len(time)):
        if event[i] == 1:
            risk = time >= time[i]
            w = np.exp(eta[risk])
            g += X[i] - w @ X[risk] / w.sum()
    return -g


def garch(params, r):
    omega, alpha, beta = params
    T = len(r)
    s2 = np.zeros(T)
    s2[0] = np.mean(r ** 2)
    for t in range(1, T):
        s2[t] = omega + alpha * r[t - 1] ** 2 + beta * s2[t - 1]
    return 0.5 * np.sum(np.log(s2) + r ** 2 / s2)


def garch_grad(params, r):
    omega, alpha, beta = params
    T = len(r)
    s2 = np.zeros(T)
    ds = np.zeros((T, 3))
    s2[0] = np.mean(r ** 2)
    for t in range(1, T):
        s2[t] = omega + alpha * r[t - 1] ** 2 + beta * s2[t - 1]
        ds[t] = [1, r[t - 1] ** 2, s2[t - 1]] + beta * ds[t - 1]
    return (0.5 * (1 / s2 - r ** 2 / s2 ** 2)) @ ds
