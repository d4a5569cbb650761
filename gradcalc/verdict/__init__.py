"""Gradients → verdict: who is right, by the rounding of the dtype and nothing else.

An error e, relative to the largest element of the true gradient and in units of the dtype's
epsilon, is accepted up to 64·(1 + κ), where κ is how strongly the true gradient reacts to a
relative change of the inputs; for an input of more than 4,096 numbers the root of their count
takes the place of 64, as that is how far rounding goes astray in a long sum. So is what the
dtype's rounding alone does to the program as it is written, if that leaves more than half of the
digits. There are no tolerances to tune.
"""
