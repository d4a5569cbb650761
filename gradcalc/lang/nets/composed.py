"""Modules of torch.nn that are made of others, as classes in the language."""

from collections.abc import Mapping
from types import MappingProxyType

HEAD = "import math\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"

ATTENTION = """\
class MultiheadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False,
                 add_zero_attn=False, kdim=None, vdim=None, batch_first=False, device=None,
                 dtype=None):
        super().__init__()
        if embed_dim % num_heads or embed_dim <= 0:
            raise ValueError('embed_dim must be divisible by num_heads')
        if add_bias_kv or add_zero_attn or {kdim, vdim} - {None, embed_dim}:
            raise NotImplementedError('add_bias_kv, add_zero_attn, kdim and vdim are not here')
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.batch_first, self.head_dim = batch_first, embed_dim//num_heads
        self.in_proj_weight = nn.Parameter(torch.zeros(3*embed_dim, embed_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3*embed_dim)) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)
        nn.init.xavier_uniform_(self.in_proj_weight)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def heads(self, x, part):
        first, last = part*self.embed_dim, (part + 1)*self.embed_dim
        bias = None if self.in_proj_bias is None else self.in_proj_bias[first:last]
        x = F.linear(x, self.in_proj_weight[first:last], bias)
        return x.reshape(x.shape[0], x.shape[1]*self.num_heads, self.head_dim).transpose(0, 1)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
                average_attn_weights=True, is_causal=False):
        if key_padding_mask is not None:
            raise NotImplementedError('key_padding_mask is not here: attn_mask is')
        if is_causal and attn_mask is None:
            raise RuntimeError('Need attn_mask if specifying the is_causal hint.')
        batched = query.ndim == 3
        if not batched:
            query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        elif self.batch_first:
            query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        length, count = query.shape[0], query.shape[1]
        q, k, v = self.heads(query, 0), self.heads(key, 1), self.heads(value, 2)
        scores = q@k.transpose(-2, -1)/math.sqrt(self.head_dim)
        if attn_mask is not None:
            if attn_mask.dtype == torch.bool:
                scores = scores.masked_fill(attn_mask, -math.inf)
            else:
                scores = scores + attn_mask
        weights = F.softmax(scores, -1)
        shares = F.dropout(weights, self.dropout, self.training)
        out = (shares@v).transpose(0, 1).reshape(length, count, self.embed_dim)
        out = self.out_proj(out)
        shares = shares.reshape(count, self.num_heads, length, key.shape[0])
        shares = shares.mean(1) if average_attn_weights else shares
        if not batched:
            out, shares = out.squeeze(1), shares.squeeze(0)
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out, shares if need_weights else None
"""

RECURRENT = """\
class Recurrent(nn.Module):
    def start(self, gates, input_size, hidden_size, num_layers, bias, batch_first, dropout,
              bidirectional):
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        self.ends = [''] if not bidirectional else ['', '_reverse']
        for layer in range(num_layers):
            size = input_size if layer == 0 else hidden_size*len(self.ends)
            for end in self.ends:
                rows, name = gates*hidden_size, f'_l{layer}{end}'
                setattr(self, 'weight_ih' + name, self.fresh(rows, size))
                setattr(self, 'weight_hh' + name, self.fresh(rows, hidden_size))
                if bias:
                    setattr(self, 'bias_ih' + name, self.fresh(rows))
                    setattr(self, 'bias_hh' + name, self.fresh(rows))

    def fresh(self, *sizes):
        bound = 1/math.sqrt(self.hidden_size)
        return nn.Parameter(nn.init.uniform_(torch.zeros(*sizes), -bound, bound))

    def gates(self, name, x, h):
        b1 = getattr(self, 'bias_ih' + name) if self.bias else None
        b2 = getattr(self, 'bias_hh' + name) if self.bias else None
        return (F.linear(x, getattr(self, 'weight_ih' + name), b1),
                F.linear(h, getattr(self, 'weight_hh' + name), b2))

    def passed(self, input, states):
        batched = input.ndim == 3
        if not batched:
            input = input.unsqueeze(1)
            states = [s.unsqueeze(1) for s in states]
        elif self.batch_first:
            input = input.transpose(0, 1)
        rows = self.num_layers*len(self.ends)
        if not states:
            states = [torch.zeros(rows, input.shape[1], self.hidden_size)
                      for _ in range(self.carried)]
        steps, lasts, place = [x for x in input], [], 0
        for layer in range(self.num_layers):
            outs = []
            for end in self.ends:
                held = [s[place] for s in states]
                found = []
                for x in (steps if end == '' else list(reversed(steps))):
                    held = self.step(f'_l{layer}{end}', x, held)
                    found.append(held[0])
                outs.append(found if end == '' else list(reversed(found)))
                lasts.append(held)
                place += 1
            steps = outs[0] if len(outs) == 1 else [torch.cat(pair, -1) for pair in zip(*outs)]
            if layer < self.num_layers - 1 and self.dropout > 0:
                steps = [F.dropout(x, self.dropout, self.training) for x in steps]
        out = torch.stack(steps)
        ends = [torch.stack([held[k] for held in lasts]) for k in range(self.carried)]
        if not batched:
            return out.squeeze(1), [s.squeeze(1) for s in ends]
        return out.transpose(0, 1) if self.batch_first else out, ends
"""

PLAIN_STEP = """\
class RNN(Recurrent):
    carried = 1
    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True,
                 batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None):
        super().__init__()
        self.nonlinearity = nonlinearity
        self.start(1, input_size, hidden_size, num_layers, bias, batch_first, dropout,
                   bidirectional)

    def step(self, name, x, held):
        a, b = self.gates(name, x, held[0])
        return [torch.tanh(a + b) if self.nonlinearity == 'tanh' else torch.relu(a + b)]

    def forward(self, input, hx=None):
        out, ends = self.passed(input, [] if hx is None else [hx])
        return out, ends[0]
"""

GATED = """\
class GRU(Recurrent):
    carried = 1
    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, device=None, dtype=None):
        super().__init__()
        self.start(3, input_size, hidden_size, num_layers, bias, batch_first, dropout,
                   bidirectional)

    def step(self, name, x, held):
        a, b = self.gates(name, x, held[0])
        r1, z1, n1 = a.chunk(3, -1)
        r2, z2, n2 = b.chunk(3, -1)
        kept = torch.sigmoid(z1 + z2)
        return [(1 - kept)*torch.tanh(n1 + torch.sigmoid(r1 + r2)*n2) + kept*held[0]]

    def forward(self, input, hx=None):
        out, ends = self.passed(input, [] if hx is None else [hx])
        return out, ends[0]
"""

LONG = """\
class LSTM(Recurrent):
    carried = 2
    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None):
        super().__init__()
        if proj_size:
            raise NotImplementedError('proj_size is not here')
        self.start(4, input_size, hidden_size, num_layers, bias, batch_first, dropout,
                   bidirectional)

    def step(self, name, x, held):
        a, b = self.gates(name, x, held[0])
        enters, forgets, new, leaves = (a + b).chunk(4, -1)
        memory = torch.sigmoid(forgets)*held[1] + torch.sigmoid(enters)*torch.tanh(new)
        return [torch.sigmoid(leaves)*torch.tanh(memory), memory]

    def forward(self, input, hx=None):
        out, ends = self.passed(input, [] if hx is None else [hx[0], hx[1]])
        return out, (ends[0], ends[1])
"""

ENCODER = """\
class TransformerEncoderLayer(nn.Module):
    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu',
                 layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None,
                 dtype=None):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout, bias,
                                               batch_first=batch_first)
        self.linear1 = nn.Linear(d_model, dim_feedforward, bias)
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, d_model, bias)
        self.norm_first = norm_first
        self.norm1 = nn.LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = nn.LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        self.activation = activation

    def attended(self, x, mask):
        return self.dropout1(self.self_attn(x, x, x, attn_mask=mask, need_weights=False)[0])

    def fed(self, x):
        x = self.linear1(x)
        if self.activation == 'relu':
            x = F.relu(x)
        elif self.activation == 'gelu':
            x = F.gelu(x)
        else:
            x = self.activation(x)
        return self.dropout2(self.linear2(self.dropout(x)))

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        if src_key_padding_mask is not None:
            raise NotImplementedError('src_key_padding_mask is not here: src_mask is')
        x = src
        if self.norm_first:
            x = x + self.attended(self.norm1(x), src_mask)
            return x + self.fed(self.norm2(x))
        x = self.norm1(x + self.attended(x, src_mask))
        return self.norm2(x + self.fed(x))
"""

TEXTS: Mapping[str, str] = MappingProxyType({
    "MultiheadAttention": HEAD + ATTENTION,
    "RNN": HEAD + RECURRENT + PLAIN_STEP,
    "GRU": HEAD + RECURRENT + GATED,
    "LSTM": HEAD + RECURRENT + LONG,
    "TransformerEncoderLayer": HEAD + ENCODER,
})  # fmt: skip
"""The texts by the name of the class that each ends in."""

TAKEN: Mapping[str, str] = MappingProxyType({
    "MultiheadAttention": "query, key, value",
    "RNN": "input, hx=None",
    "GRU": "input, hx=None",
    "LSTM": "input",
    "TransformerEncoderLayer": "src, src_mask=None",
})  # fmt: skip
"""What the forward of each takes that may be an input."""
