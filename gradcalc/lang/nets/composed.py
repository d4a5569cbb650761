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
def ends_of(layer):
    return ['', '_reverse'] if layer.bidirectional else ['']

def made(layer, gates):
    for number in range(layer.num_layers):
        size = layer.input_size if number == 0 else layer.hidden_size*len(ends_of(layer))
        for end in ends_of(layer):
            rows, name = gates*layer.hidden_size, f'_l{number}{end}'
            setattr(layer, 'weight_ih' + name, nn.Parameter(torch.empty(rows, size)))
            setattr(layer, 'weight_hh' + name, nn.Parameter(torch.empty(rows, layer.hidden_size)))
            if layer.bias:
                setattr(layer, 'bias_ih' + name, nn.Parameter(torch.empty(rows)))
                setattr(layer, 'bias_hh' + name, nn.Parameter(torch.empty(rows)))
    layer.reset_parameters()

def gates_of(layer, name, x, h):
    b1 = getattr(layer, 'bias_ih' + name) if layer.bias else None
    b2 = getattr(layer, 'bias_hh' + name) if layer.bias else None
    return (F.linear(x, getattr(layer, 'weight_ih' + name), b1),
            F.linear(h, getattr(layer, 'weight_hh' + name), b2))

def passed(layer, step, carried, input, states):
    batched = input.ndim == 3
    if not batched:
        input = input.unsqueeze(1)
        states = [s.unsqueeze(1) for s in states]
    elif layer.batch_first:
        input = input.transpose(0, 1)
    rows = layer.num_layers*len(ends_of(layer))
    if not states:
        states = [torch.zeros(rows, input.shape[1], layer.hidden_size) for _ in range(carried)]
    steps, lasts, place = [x for x in input], [], 0
    for number in range(layer.num_layers):
        outs = []
        for end in ends_of(layer):
            held = [s[place] for s in states]
            found = []
            for x in (steps if end == '' else list(reversed(steps))):
                held = step(layer, *gates_of(layer, f'_l{number}{end}', x, held[0]), held)
                found.append(held[0])
            outs.append(found if end == '' else list(reversed(found)))
            lasts.append(held)
            place += 1
        steps = outs[0] if len(outs) == 1 else [torch.cat(pair, -1) for pair in zip(*outs)]
        if number < layer.num_layers - 1 and layer.dropout > 0:
            steps = [F.dropout(x.contiguous(), layer.dropout, layer.training) for x in steps]
    out = torch.stack(steps)
    ends = [torch.stack([held[k] for held in lasts]) for k in range(carried)]
    if not batched:
        return out.squeeze(1), [s.squeeze(1) for s in ends]
    return out.transpose(0, 1) if layer.batch_first else out, ends

class RNNBase(nn.Module):
    def reset_parameters(self):
        bound = 1.0/math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def flatten_parameters(self):
        pass
"""

OPTIONS = """\
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
"""
"""How the constructors of all begin."""

PLAIN_STEP = f"""\
def step(layer, a, b, held):
    return [torch.tanh(a + b) if layer.nonlinearity == 'tanh' else torch.relu(a + b)]

class RNN(RNNBase):
    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True,
                 batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None):
{OPTIONS}\
        self.nonlinearity = nonlinearity
        made(self, 1)

    def forward(self, input, hx=None):
        out, ends = passed(self, step, 1, input, [] if hx is None else [hx])
        return out, ends[0]
"""

GATED = f"""\
def step(layer, a, b, held):
    r1, z1, n1 = a.chunk(3, -1)
    r2, z2, n2 = b.chunk(3, -1)
    kept = torch.sigmoid(z1 + z2)
    return [(1 - kept)*torch.tanh(n1 + torch.sigmoid(r1 + r2)*n2) + kept*held[0]]

class GRU(RNNBase):
    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, device=None, dtype=None):
{OPTIONS}\
        made(self, 3)

    def forward(self, input, hx=None):
        out, ends = passed(self, step, 1, input, [] if hx is None else [hx])
        return out, ends[0]
"""

LONG = f"""\
def step(layer, a, b, held):
    enters, forgets, new, leaves = (a + b).chunk(4, -1)
    memory = torch.sigmoid(forgets)*held[1] + torch.sigmoid(enters)*torch.tanh(new)
    return [torch.sigmoid(leaves)*torch.tanh(memory), memory]

class LSTM(RNNBase):
    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None):
{OPTIONS}\
        if proj_size:
            raise NotImplementedError('proj_size is not here')
        made(self, 4)

    def forward(self, input, hx=None):
        out, ends = passed(self, step, 2, input, [] if hx is None else [hx[0], hx[1]])
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
