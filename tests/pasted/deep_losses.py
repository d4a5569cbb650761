"""Losses as they stand in deep-learning repositories."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from typing import Optional


def focal_loss(inputs, targets, alpha=0.25, gamma=2.0, reduction="mean"):
    # inputs: randn 6, targets: 0/1
    p = torch.sigmoid(inputs)
    ce_loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = ce_loss * ((1 - p_t) ** gamma)

    if alpha >= 0:
        alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
        loss = alpha_t * loss

    # Check reduction option and return loss accordingly
    if reduction == "none":
        pass
    elif reduction == "mean":
        loss = loss.mean()
    elif reduction == "sum":
        loss = loss.sum()
    else:
        raise ValueError(
            f"Invalid Value for arg 'reduction': '{reduction} \n Supported reduction modes: 'none', 'mean', 'sum'"
        )
    return loss


def dice_loss(pred: torch.Tensor, target: torch.Tensor, smooth: float = 1.0) -> torch.Tensor:
    pred = pred.contiguous().view(-1)
    target = target.contiguous().view(-1)

    intersection = (pred * target).sum()
    return 1 - ((2.0 * intersection + smooth) / (pred.sum() + target.sum() + smooth))


def tversky_loss(logits, true, alpha=0.7, beta=0.3, eps=1e-7):
    probs = torch.sigmoid(logits)
    tp = torch.sum(probs * true)
    fp = torch.sum(probs * (1 - true))
    fn = torch.sum((1 - probs) * true)
    return 1.0 - (tp + eps) / (tp + alpha * fn + beta * fp + eps)


def triplet_loss(anchor, positive, negative, margin=1.0):
    pos_dist = (anchor - positive).pow(2).sum(1)
    neg_dist = (anchor - negative).pow(2).sum(1)
    losses = F.relu(pos_dist - neg_dist + margin)
    return losses.mean()


def contrastive_loss(output1, output2, label, margin=2.0):
    euclidean_distance = F.pairwise_distance(output1, output2, keepdim=True)
    loss_contrastive = torch.mean(
        (1 - label) * torch.pow(euclidean_distance, 2)
        + (label) * torch.pow(torch.clamp(margin - euclidean_distance, min=0.0), 2)
    )
    return loss_contrastive


def nt_xent(z_i, z_j, temperature=0.5):
    """SimCLR"""
    batch_size = z_i.size(0)
    z = torch.cat([z_i, z_j], dim=0)
    z = F.normalize(z, dim=1)
    sim = torch.matmul(z, z.T) / temperature

    mask = torch.eye(2 * batch_size, dtype=torch.bool, device=z.device)
    sim = sim.masked_fill(mask, float("-inf"))

    targets = torch.arange(2 * batch_size, device=z.device)
    targets = (targets + batch_size) % (2 * batch_size)
    return F.cross_entropy(sim, targets)


def info_nce(query, keys, temperature=0.07):
    query, keys = F.normalize(query, dim=-1), F.normalize(keys, dim=-1)
    logits = query @ keys.transpose(-2, -1)
    labels = torch.arange(len(query), device=query.device)
    return F.cross_entropy(logits / temperature, labels, reduction="mean")


def vae_loss(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x, reduction="sum")
    # 0.5 * sum(1 + log(sigma^2) - mu^2 - sigma^2)
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


def label_smoothing_loss(pred, target, smoothing=0.1, dim=-1):
    confidence = 1.0 - smoothing
    classes = pred.size(dim)
    pred = pred.log_softmax(dim=dim)
    with torch.no_grad():
        true_dist = torch.zeros_like(pred)
        true_dist.fill_(smoothing / (classes - 1))
        true_dist.scatter_(1, target.long().unsqueeze(1), confidence)
    return torch.mean(torch.sum(-true_dist * pred, dim=dim))


def distillation_loss(student_logits, teacher_logits, labels, T=4.0, alpha=0.9):
    soft_targets = F.softmax(teacher_logits / T, dim=1)
    student_log = F.log_softmax(student_logits / T, dim=1)
    kd = F.kl_div(student_log, soft_targets.detach(), reduction="batchmean") * (T * T)
    return alpha * kd + (1 - alpha) * F.cross_entropy(student_logits, labels.long())


def barlow_twins(z_a, z_b, lambd=5e-3):
    N, D = z_a.shape
    z_a_norm = (z_a - z_a.mean(0)) / z_a.std(0)
    z_b_norm = (z_b - z_b.mean(0)) / z_b.std(0)
    c = torch.mm(z_a_norm.T, z_b_norm) / N
    c_diff = (c - torch.eye(D, device=c.device)).pow(2)
    off_diag = ~torch.eye(D, dtype=torch.bool)
    c_diff[off_diag] *= lambd
    return c_diff.sum()


def vicreg(x, y, sim_coeff=25.0, std_coeff=25.0, cov_coeff=1.0):
    def off_diagonal(m):
        n, _ = m.shape
        return m.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()

    repr_loss = F.mse_loss(x, y)
    x = x - x.mean(dim=0)
    y = y - y.mean(dim=0)
    std_x = torch.sqrt(x.var(dim=0) + 0.0001)
    std_y = torch.sqrt(y.var(dim=0) + 0.0001)
    std_loss = torch.mean(F.relu(1 - std_x)) / 2 + torch.mean(F.relu(1 - std_y)) / 2
    cov_x = (x.T @ x) / (x.shape[0] - 1)
    cov_y = (y.T @ y) / (y.shape[0] - 1)
    cov_loss = off_diagonal(cov_x).pow_(2).sum().div(x.shape[1]) + off_diagonal(
        cov_y
    ).pow_(2).sum().div(y.shape[1])
    return sim_coeff * repr_loss + std_coeff * std_loss + cov_coeff * cov_loss


def wgan_gp_penalty(grad_norm, lambda_gp=10):
    return lambda_gp * ((grad_norm.norm(2, dim=1) - 1) ** 2).mean()


def ppo_loss(logp, old_logp, advantages, values, returns, clip=0.2, vf_coef=0.5):
    ratio = torch.exp(logp - old_logp.detach())
    adv = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    surr1 = ratio * adv
    surr2 = torch.clamp(ratio, 1.0 - clip, 1.0 + clip) * adv
    policy_loss = -torch.min(surr1, surr2).mean()
    value_loss = F.mse_loss(values, returns)
    return policy_loss + vf_coef * value_loss


def dpo_loss(policy_chosen_logps, policy_rejected_logps, reference_chosen_logps, reference_rejected_logps, beta=0.1):
    pi_logratios = policy_chosen_logps - policy_rejected_logps
    ref_logratios = reference_chosen_logps - reference_rejected_logps
    logits = pi_logratios - ref_logratios
    losses = -F.logsigmoid(beta * logits)
    return losses.mean()


def arcface_logits(embeddings, weight, label, s=30.0, m=0.5):
    import math

    cosine = F.linear(F.normalize(embeddings), F.normalize(weight))
    sine = torch.sqrt((1.0 - torch.pow(cosine, 2)).clamp(0, 1))
    phi = cosine * math.cos(m) - sine * math.sin(m)
    phi = torch.where(cosine > math.cos(math.pi - m), phi, cosine - math.sin(math.pi - m) * m)
    one_hot = torch.zeros(cosine.size(), device=embeddings.device)
    one_hot.scatter_(1, label.view(-1, 1).long(), 1)
    output = (one_hot * phi) + ((1.0 - one_hot) * cosine)
    output *= s
    return F.cross_entropy(output, label.long())


def hinge_gan_d(real_logits, fake_logits):
    loss_real = torch.mean(F.relu(1.0 - real_logits))
    loss_fake = torch.mean(F.relu(1.0 + fake_logits))
    d_loss = 0.5 * (loss_real + loss_fake)
    return d_loss


def charbonnier(prediction, target, eps=1e-3):
    diff = torch.add(prediction, -target)
    error = torch.sqrt(diff * diff + eps * eps)
    return torch.mean(error)


def total_variation(img):
    bs_img, c_img, h_img, w_img = img.size()
    tv_h = torch.pow(img[:, :, 1:, :] - img[:, :, :-1, :], 2).sum()
    tv_w = torch.pow(img[:, :, :, 1:] - img[:, :, :, :-1], 2).sum()
    return (tv_h + tv_w) / (bs_img * c_img * h_img * w_img)


def ssim_loss(img1, img2, window_size=3):
    C1 = 0.01 ** 2
    C2 = 0.03 ** 2
    mu1 = F.avg_pool2d(img1, window_size, 1)
    mu2 = F.avg_pool2d(img2, window_size, 1)
    mu1_sq = mu1.pow(2)
    mu2_sq = mu2.pow(2)
    mu1_mu2 = mu1 * mu2
    sigma1_sq = F.avg_pool2d(img1 * img1, window_size, 1) - mu1_sq
    sigma2_sq = F.avg_pool2d(img2 * img2, window_size, 1) - mu2_sq
    sigma12 = F.avg_pool2d(img1 * img2, window_size, 1) - mu1_mu2
    ssim_map = ((2 * mu1_mu2 + C1) * (2 * sigma12 + C2)) / ((mu1_sq + mu2_sq + C1) * (sigma1_sq + sigma2_sq + C2))
    return 1 - ssim_map.mean()


def gram_style_loss(feat, target):
    def gram_matrix(input):
        a, b, c, d = input.size()
        features = input.view(a * b, c * d)
        G = torch.mm(features, features.t())
        return G.div(a * b * c * d)

    return F.mse_loss(gram_matrix(feat), gram_matrix(target).detach())
