import numpy as np
import pandas as pd
import scipy.special
from scipy import stats
from scipy.special import gammaln, expit, logsumexp
from scipy.stats import norm


def logistic_nll(w, X, y, lam=0.1):
    z = X @ w
    return np.sum(np.log1p(np.exp(-y * z))) + 0.5 * lam * np.dot(w, w)


def logistic_loss_stable(theta, X, y):
    h = expit(X.dot(theta))
    m = len(y)
    J = -1 / m * (y.dot(np.log(h)) + (1 - y).dot(np.log(1 - h)))
    return J


def poisson_nll(beta, X, y):
    mu = np.exp(X @ beta)
    return np.sum(mu - y * np.log(mu) + gammaln(y + 1))


def probit_nll(beta, X, y):
    q = 2 * y - 1
    return -np.sum(scipy.special.log_ndtr(q * np.dot(X, beta)))


def cox_partial_likelihood(beta, X, time, event):
    order = np.argsort(-time)
    X, event = X[order], event[order]
    eta = X @ beta
    risk = np.log(np.cumsum(np.exp(eta)))
    return -np.sum((eta - risk) * event)


def negbin_nll(params, X, y):
    beta, log_alpha = params[:-1], params[-1]
    alpha = np.exp(log_alpha)
    mu = np.exp(np.dot(X, beta))
    size = 1 / alpha
    prob = size / (size + mu)
    coeff = gammaln(size + y) - gammaln(y + 1) - gammaln(size)
    llf = coeff + size * np.log(prob) + y * np.log(1 - prob)
    return -llf.sum()


def ordinal_nll(beta, cuts, X, y):
    eta = X @ beta
    thresholds = np.concatenate(([-np.inf], cuts, [np.inf]))
    upper = expit(thresholds[y + 1] - eta)
    lower = expit(thresholds[y] - eta)
    return -np.sum(np.log(upper - lower))


def gp_nlml(theta, X, y):
    length, sigma_f, sigma_n = np.exp(theta)
    sqdist = np.sum(X**2, 1).reshape(-1, 1) + np.sum(X**2, 1) - 2 * np.dot(X, X.T)
    K = sigma_f**2 * np.exp(-0.5 / length**2 * sqdist) + sigma_n**2 * np.eye(len(X))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y.dot(alpha) + np.sum(np.log(np.diagonal(L))) + 0.5 * len(X) * np.log(2 * np.pi)


def gaussian_mixture_nll(mu, log_sigma, logits, x):
    log_w = logits - logsumexp(logits)
    z = (x[:, None] - mu[None, :]) / np.exp(log_sigma)
    log_pdf = -0.5 * z**2 - log_sigma - 0.5 * np.log(2 * np.pi)
    return -np.sum(logsumexp(log_w + log_pdf, axis=1))


def student_t_nll(params, x):
    mu, log_s, log_nu = params
    s, nu = np.exp(log_s), np.exp(log_nu)
    z = (x - mu) / s
    return -np.sum(
        gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(s)
        - (nu + 1) / 2 * np.log1p(z**2 / nu)
    )


def hmm_forward(log_pi, log_A, log_B):
    T, K = log_B.shape
    log_alpha = np.zeros((T, K))
    log_alpha[0] = log_pi + log_B[0]
    for t in range(1, T):
        for j in range(K):
            log_alpha[t, j] = logsumexp(log_alpha[t - 1] + log_A[:, j]) + log_B[t, j]
    return logsumexp(log_alpha[-1])


def kalman_loglik(y, a, q, r):
    m, P = 0.0, 1.0
    ll = 0.0
    for t in range(len(y)):
        m_pred = a * m
        P_pred = a * P * a + q
        S = P_pred + r
        v = y[t] - m_pred
        ll += -0.5 * (np.log(2 * np.pi * S) + v**2 / S)
        K = P_pred / S
        m = m_pred + K * v
        P = (1 - K) * P_pred
    return ll


def ridge(w, X, y, alpha=1.0):
    n = X.shape[0]
    r = y - X.dot(w)
    return r.dot(r) / (2 * n) + alpha * w.dot(w) / 2


def elastic_net(w, X, y, alpha=0.1, l1_ratio=0.5):
    n_samples, n_features = X.shape
    R = y - np.dot(X, w)
    l1_norm = np.linalg.norm(w, ord=1)
    return 0.5 * np.dot(R, R) / n_samples + alpha * l1_ratio * l1_norm + 0.5 * alpha * (1 - l1_ratio) * np.sum(np.square(w))


def huber_regression(w, X, y, delta=1.0):
    r = X @ w - y
    return np.where(np.abs(r) <= delta, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)).sum()


def pca_objective(W, X):
    Xc = X - X.mean(axis=0)
    recon = Xc @ W @ W.T
    return np.linalg.norm(Xc - recon, "fro") ** 2


def mds_stress(Y, D):
    n = Y.shape[0]
    stress = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            d = np.sqrt(((Y[i] - Y[j]) ** 2).sum())
            stress += (D[i, j] - d) ** 2
    return stress


def garch_nll(params, r):
    omega, alpha, beta = params
    T = len(r)
    sigma2 = np.empty(T)
    sigma2[0] = np.mean(r**2)
    for t in range(1, T):
        sigma2[t] = omega + alpha * r[t - 1] ** 2 + beta * sigma2[t - 1]
    return 0.5 * np.sum(np.log(2 * np.pi) + np.log(sigma2) + r**2 / sigma2)


def mvn_logpdf(x, mu, cov):
    k = len(mu)
    diff = x - mu
    sign, logdet = np.linalg.slogdet(cov)
    return -0.5 * (k * np.log(2 * np.pi) + logdet + diff.T @ np.linalg.inv(cov) @ diff)


def softmax_regression(W, X, Y):
    scores = X @ W
    scores -= np.max(scores, axis=1, keepdims=True)
    probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    return -np.mean(np.sum(Y * np.log(probs), axis=1))


def tobit_nll(beta, log_sigma, X, y):
    s = np.exp(log_sigma)
    z = (y - X @ beta) / s
    ll = np.where(y > 0, -0.5 * z**2 - np.log(s) - 0.5 * np.log(2 * np.pi), scipy.special.log_ndtr(-(X @ beta) / s))
    return -ll.sum()
