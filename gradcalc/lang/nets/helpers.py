"""What several layers do alike, in the language: read with the forwards that name it."""

from collections.abc import Mapping
from types import MappingProxyType

HELPERS: Mapping[str, str] = MappingProxyType({
    "trains_on": """\
def trains_on(layer):
    if layer.running_mean is None:
        return True
    if not layer.training and hasattr(layer, '_trained'):
        raise NotImplementedError('what training has made of the running statistics is not known')
    if layer.training and layer.track_running_stats:
        setattr(layer, '_trained', True)
    return layer.training
""",
    "by_instances": """\
def by_instances(layer, input):
    layer._check_input_dim(input)
    if input.dim() == layer._get_no_batch_dim():
        return layer._handle_no_batch_input(input)
    return layer._apply_instance_norm(input)
""",
    "each_trains": """\
def each_trains(layer):
    if layer.running_mean is None:
        return layer.training or not layer.track_running_stats
    if layer.training or not layer.track_running_stats:
        setattr(layer, '_trained', True)
        return True
    return trains_on(layer)
""",
    "several": """\
def several(layer, input):
    layer._check_input_dim(input)
    count = input.numel()//max(layer.num_features, 1)
    if count == 1 and trains_on(layer):
        raise ValueError('Expected more than 1 value per channel when training')
    return input
""",
    "input_of": """\
def input_of(input, ranks):
    if len(input.shape) not in ranks:
        raise ValueError(f'an input of {len(input.shape)} dimensions; the layer takes {ranks}')
    return input
""",
    "no_input_of": """\
def no_input_of(layer):
    raise NotImplementedError
""",
    "gates": """\
def gates(cell, input, hidden):
    outer = F.linear(input, cell.weight_ih, cell.bias_ih)
    return outer, F.linear(hidden, cell.weight_hh, cell.bias_hh)
""",
    "resting": """\
def resting(cell, input):
    return torch.zeros(*input.shape[:-1], cell.hidden_size)
""",
    "rnn_cell": """\
def rnn_cell(cell, input, hx):
    outer, inner = gates(cell, input, resting(cell, input) if hx is None else hx)
    return torch.tanh(outer + inner) if cell.nonlinearity == 'tanh' else torch.relu(outer + inner)
""",
    "gru_cell": """\
def gru_cell(cell, input, hx):
    hidden = resting(cell, input) if hx is None else hx
    outer, inner = gates(cell, input, hidden)
    r1, z1, n1 = outer.chunk(3, -1)
    r2, z2, n2 = inner.chunk(3, -1)
    kept = torch.sigmoid(z1 + z2)
    new = torch.tanh(n1 + torch.sigmoid(r1 + r2)*n2)
    return (1 - kept)*new + kept*hidden
""",
    "lstm_cell": """\
def lstm_cell(cell, input, hx):
    hidden, memory = (resting(cell, input), resting(cell, input)) if hx is None else hx
    outer, inner = gates(cell, input, hidden)
    enters, forgets, new, leaves = (outer + inner).chunk(4, -1)
    memory = torch.sigmoid(forgets)*memory + torch.sigmoid(enters)*torch.tanh(new)
    return torch.sigmoid(leaves)*torch.tanh(memory), memory
""",
})  # fmt: skip
"""Functions by their names."""


def text_of(name: str, written: str) -> str:
    """A layer's method as a text of the language, with the helpers that it names."""
    taken, _, does = written.partition(": ")
    found = [f"def {name}({', '.join(filter(None, ('self', taken)))}):\n    return {does}\n"]
    names = set[str]()
    while True:
        more = [
            name
            for name in HELPERS
            if name not in names and any(f"{name}(" in text for text in found)
        ]
        if not more:
            break
        names.update(more)
        found[:0] = [HELPERS[name] for name in more]
    return "import torch\nimport torch.nn.functional as F\n" + "".join(found)
