"""Modules of torch.nn that are made of others, as classes in the language."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.lang.nets import transformers

HEAD = """\
import copy
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
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
                steps = [F.dropout(x.contiguous(), self.dropout, self.training) for x in steps]
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

TEXTS: Mapping[str, str] = MappingProxyType({
    "RNN": HEAD + RECURRENT + PLAIN_STEP,
    "GRU": HEAD + RECURRENT + GATED,
    "LSTM": HEAD + RECURRENT + LONG,
    **{name: HEAD + text for name, text in transformers.TEXTS.items()},
})  # fmt: skip
"""The texts by the name of the class that each ends in."""

TAKEN: Mapping[str, str] = MappingProxyType({
    "RNN": "input, hx=None",
    "GRU": "input, hx=None",
    "LSTM": "input",
    **transformers.TAKEN,
})  # fmt: skip
"""What the forward of each takes that may be an input."""
