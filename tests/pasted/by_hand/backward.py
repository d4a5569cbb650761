import numpy as np


def softmax_loss(x, y):
    y = y.astype(int)
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    N = x.shape[0]
    return -np.sum(log_probs[np.arange(N), y]) / N


def softmax_loss_grad(x, y):
    y = y.astype(int)
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return dx


def svm_loss(x, y):
    y = y.astype(int)
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    return np.sum(margins) / N


def svm_loss_grad(x, y):
    y = y.astype(int)
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return dx


def batchnorm(x, gamma, beta, dout, eps=1e-5):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    xhat = (x - mu) / np.sqrt(var + eps)
    return np.sum(dout * (gamma * xhat + beta))


def batchnorm_grad(x, gamma, beta, dout, eps=1e-5):
    N, D = x.shape
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    istd = 1 / np.sqrt(var + eps)
    xhat = (x - mu) * istd
    dxhat = dout * gamma
    return istd / N * (N * dxhat - np.sum(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0))


def two_layer(W1, b1, W2, b2, X, y, reg=0.1):
    y = y.astype(int)
    N, D = X.shape
    h = np.maximum(0, X @ W1 + b1)
    scores = h @ W2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[range(N), y]).mean()
    loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    return loss


def two_layer_grad(W1, b1, W2, b2, X, y, reg=0.1):
    y = y.astype(int)
    N, D = X.shape
    h = np.maximum(0, X @ W1 + b1)
    scores = h @ W2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    p[range(N), y] -= 1
    p /= N
    dh = p @ W2.T
    dh[h <= 0] = 0
    return dh.sum(axis=0)


def lstm_step(x, h, c, W, dh, dc):
    z = np.concatenate((x, h)) @ W
    H = h.shape[0]
    sig = lambda v: 1 / (1 + np.exp(-v))
    i, f, o, g = sig(z[:H]), sig(z[H:2*H]), sig(z[2*H:3*H]), np.tanh(z[3*H:])
    nc = f * c + i * g
    nh = o * np.tanh(nc)
    return dh @ nh + dc @ nc


def lstm_step_grad(x, h, c, W, dh, dc):
    xh = np.hstack((x, h))
    z = xh @ W
    H = h.shape[0]
    sig = lambda v: 1 / (1 + np.exp(-v))
    i, f, o, g = sig(z[:H]), sig(z[H:2*H]), sig(z[2*H:3*H]), np.tanh(z[3*H:])
    nc = f * c + i * g
    t = np.tanh(nc)
    do = dh * t
    dnc = dc + dh * o * (1 - t ** 2)
    dz = np.hstack((dnc * g * i * (1 - i), dnc * c * f * (1 - f), do * o * (1 - o), dnc * i * (1 - g ** 2)))
    return xh[:, None] * dz[None, :]


def conv_pad(x, w, dout):
    stride, pad = 2, 1
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    H_prime = 1 + (H + 2 * pad - HH) // stride
    W_prime = 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), 'constant')
    out = np.zeros((N, F, H_prime, W_prime))
    for n in range(N):
        for f in range(F):
            for i in range(H_prime):
                for j in range(W_prime):
                    out[n, f, i, j] = (x_pad[n, :, i*stride:i*stride+HH, j*stride:j*stride+WW] * w[f, :, :, :]).sum()
    return np.sum(out * dout)


def conv_pad_grad(x, w, dout):
    stride, pad = 2, 1
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), 'constant')
    dx_pad = np.zeros_like(x_pad)
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    dx_pad[n, :, i*stride:i*stride+HH, j*stride:j*stride+WW] += w[f] * dout[n, f, i, j]
    return dx_pad[:, :, pad:-pad, pad:-pad]


def attention(Q, K, V, dO):
    d = Q.shape[-1]
    S = Q @ K.T / np.sqrt(d)
    S = S - S.max(axis=-1, keepdims=True)
    P = np.exp(S)
    P = P / P.sum(axis=-1, keepdims=True)
    return np.sum(P @ V * dO)


def attention_grad(Q, K, V, dO):
    d = Q.shape[-1]
    S = Q @ K.T / np.sqrt(d)
    P = np.exp(S - S.max(axis=-1, keepdims=True))
    P /= P.sum(axis=-1, keepdims=True)
    dP = dO @ V.T
    dS = P * (dP - np.sum(dP * P, axis=-1, keepdims=True))
    return dS @ K / np.sqrt(d)


def cofi(X, Theta, Y, R, Lambda=1.5):
    J = 1. / 2 * np.sum((np.dot(X, Theta.T) * R - Y * R) ** 2)
    J += Lambda / 2 * (np.sum(np.square(X)) + np.sum(np.square(Theta)))
    return J


def cofi_grad(X, Theta, Y, R, Lambda=1.5):
    grad = np.zeros(X.shape)
    for i in range(R.shape[0]):
        idx = np.where(R[i, :] == 1)[0]
        Theta_temp = Theta[idx, :]
        Y_temp = Y[i, idx]
        grad[i, :] = np.dot(np.dot(X[i, :], Theta_temp.T) - Y_temp, Theta_temp) + Lambda * X[i, :]
    return grad
