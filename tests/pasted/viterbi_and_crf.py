import torch


def log_sum_exp(vec):
    max_score, _ = torch.max(vec, 1)
    max_score_broadcast = max_score.view(-1, 1).expand(vec.size()[0], vec.size()[1])
    return max_score + torch.log(torch.sum(torch.exp(vec - max_score_broadcast), 1))


def crf_forward(feats, transitions):
    """Forward algorithm of the PyTorch BiLSTM-CRF tutorial, vectorised."""
    alpha = feats[0]
    for feat in feats[1:]:
        scores = alpha.unsqueeze(1) + transitions + feat.unsqueeze(0)
        alpha = log_sum_exp(scores.t())
    return torch.logsumexp(alpha, dim=0)


def crf_score(feats, transitions, tags):
    tags = tags.long()
    score = feats[0, tags[0]]
    for i in range(1, len(feats)):
        score = score + transitions[tags[i - 1], tags[i]] + feats[i, tags[i]]
    return score


def crf_nll(feats, transitions, tags):
    return crf_forward(feats, transitions) - crf_score(feats, transitions, tags)


def soft_viterbi(emissions, transition, gamma=0.5):
    V = emissions[0]
    for t in range(1, emissions.shape[0]):
        V = emissions[t] + gamma * torch.logsumexp((V[:, None] + transition) / gamma, 0)
    return gamma * torch.logsumexp(V / gamma, 0)


def edit_distance_soft(cost):
    n, m = cost.shape
    dp = [[torch.tensor(0.0) for _ in range(m + 1)] for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if i == 0 or j == 0:
                dp[i][j] = torch.tensor(float(i + j))
            else:
                options = torch.stack([dp[i - 1][j] + 1, dp[i][j - 1] + 1, dp[i - 1][j - 1] + cost[i - 1, j - 1]])
                dp[i][j] = -torch.logsumexp(-options, dim=0)
    return dp[n][m]
