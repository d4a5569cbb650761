"""Attention: a softmax of products says how much of each value goes into the result."""

from typing import Any

from gradcalc.primitives.row import Composite

QUERY = [[0.5, -1.5], [2.0, 0.25], [-0.75, 1.0]]
KEY = [[1.25, -0.75], [0.5, 3.0], [-1.0, 0.25]]
VALUE = [[0.5, 1.0], [-1.5, 2.0], [0.75, -0.25]]
MASK = [[0.0, -0.5, 1.0], [0.25, 0.0, -1.0], [1.5, 0.5, 0.0]]


def _torch(
    t: Any, query: Any, key: Any, value: Any, attn_mask: Any = None, is_causal: bool = False,
    scale: Any = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    return t.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask, 0.0, is_causal, scale=scale, enable_gqa=enable_gqa
    )


ATTENTION: tuple[Composite, ...] = (
    Composite("scaled_dot_product_attention", """\
def scaled_dot_product_attention(query, key, value, attn_mask=None, is_causal=False, scale=None,
                                 enable_gqa=False):
    if enable_gqa:
        heads = []
        for head in range(query.shape[-3]):
            heads = heads + [head*key.shape[-3]//query.shape[-3]]
        key, value = key[..., heads, :, :], value[..., heads, :, :]
    scores = matmul(query, transpose(key, -2, -1))
    if scale is None:
        scores = scores/sqrt(tensor(query.shape[-1]))
    else:
        scores = scores*scale
    if is_causal:
        places = reshape(arange(query.shape[-2]), (-1, 1))
        scores = where(places >= arange(key.shape[-2]), scores, -inf)
    if attn_mask is not None:
        scores = scores + attn_mask
    return matmul(softmax(scores, -1), value)
""", ((QUERY, KEY, VALUE), (QUERY, KEY, VALUE, {"is_causal": True, "scale": 0.5}),
      ([[QUERY]], [[KEY]], [[VALUE]], {"attn_mask": MASK}),
      ([[QUERY, KEY]], [[KEY]], [[VALUE]], {"enable_gqa": True})),
              "softmax(query @ key.mT*scale + attn_mask) @ value", _torch,
              tensors=("query", "key", "value", "attn_mask")),
)  # fmt: skip
