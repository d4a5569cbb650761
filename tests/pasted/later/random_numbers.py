import numpy as np
import torch


def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std


def elbo(mu, logvar, x):
    z = reparameterize(mu, logvar)
    recon = ((x - z) ** 2).sum()
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return recon + kld


def monte_carlo_call(S0, K, r, sigma, T=1.0, n=16):
    np.random.seed(0)
    Z = np.random.standard_normal(n)
    ST = S0 * np.exp((r - 0.5 * sigma**2) * T + sigma * np.sqrt(T) * Z)
    return np.exp(-r * T) * np.mean(np.maximum(ST - K, 0))
