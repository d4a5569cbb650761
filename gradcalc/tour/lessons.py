"""The lessons, one row each: what to look for, the commands, and what was to be seen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A command of gradcalc's, and a sentence on what it has shown."""

    command: str
    seen: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A few lines on what to look for, and commands that show it."""

    title: str
    text: str
    steps: tuple[Step, ...]


LESSONS = (
    Lesson(
        "A number of a vector",
        """\
The gradient of a number by a vector is a vector: one slope for each element. `autograd` is what
torch's backward pass gives, `symbolic` a formula that was found without torch. Look at the marks
behind the rows, which say whether the two agree, and at the last line, the verdict.""",
        (
            Step(
                'gradcalc grad "2*dot(x,x)" --x 0,1,2,3',
                """\
The gradient is 4*x. Autograd, the formula, and bounds that are proved say the same: verified.""",
            ),
            Step(
                'gradcalc grad "2*dot(x,x)" --x 0,1,2,3 --expect "3*x"',
                """\
A gradient that you derived is held to it. This one is wrong, and so is the verdict, with exit
code 1. Edit it: 4*x holds.""",
            ),
        ),
    ),
    Lesson(
        "There and back",
        """\
On the way there torch notes every call. `backward()` goes back along them: `g` is what has
arrived at a step, and the step hands on `g` times its own slope, which is the chain rule. Where
a tensor was used more than once, what comes back to it is added up.""",
        (
            Step(
                'gradcalc explain "u = x*x; sum(u*exp(x))" --x 1,2',
                """\
x is used in u and in exp(x). A part of the gradient comes back from each, and their sum is the
gradient.""",
            ),
            Step(
                'gradcalc graph "u = x*x; sum(u*exp(x))" --x 1,2',
                """\
The same as a tree: behind each tensor stands its value, and behind ∂ what has arrived at it. The
second x is the first one again.""",
            ),
        ),
    ),
    Lesson(
        "Gradients add up",
        """\
torch adds to `.grad`, it never replaces it. Two backward passes without `zero_grad()` between
them leave the sum of both. `--accumulate` does that with several programs: compare the column
`accumulated` with `autograd`.""",
        (
            Step(
                'gradcalc grad "x**2" "x**3" --x 1,2 --accumulate',
                """\
The gradient of x**3 is 3, 12. In `.grad` there is 5, 16, as the 2, 4 of x**2 was still there.""",
            ),
            Step(
                'gradcalc grad "x**3" --x 1,2',
                """\
So it is after `zero_grad()`. A step of training begins with that, unless its batch comes in
parts: then the sum is what is wanted.""",
            ),
        ),
    ),
    Lesson(
        "Outputs that are no number",
        """\
`backward()` begins at a number. Of an output with several elements torch has to be told how much
each of them counts: that is the argument of `backward`, the cotangent, and without it torch
refuses. gradcalc takes the gradient of the sum then, and says so.""",
        (
            Step(
                'gradcalc grad "x**2" --x 1,2,3',
                """\
The note says it: this is the gradient of the sum, as of `y.sum().backward()`.""",
            ),
            Step(
                'gradcalc grad "x**2" --x 1,2,3 --cotangent 1,0,10',
                """\
The second output counts nothing now, and the third ten times, as with `y.backward(v)`.""",
            ),
            Step(
                'gradcalc jacobian "x**2" --x 1,2,3',
                """\
Here are all slopes of all outputs, a row for each. The cotangent times this matrix is the
gradient above; torch calculates that product and not the matrix.""",
            ),
        ),
    ),
    Lesson(
        "What detach stops",
        """\
`u.detach()` is u without its history: where it is used, u counts as a constant. The tensor u
itself keeps its history, and what else is made of it is differentiated as before. What is
calculated under `torch.no_grad()` has no history either.""",
        (
            Step(
                'gradcalc explain "u = x*x; u.detach()*x + u" --x 3',
                """\
Nothing comes back through u.detach(), so that product gives u alone, which is 9. The other u
still gives 2*x, which is 6: together they are 15.""",
            ),
            Step(
                'gradcalc grad "u = x*x; u*x" --x 3 --detach u',
                """\
`--detach` tries it from outside. The gradient is u, 9; without it, it is 3*x**2, 27. Edit it and
see.""",
            ),
            Step(
                'gradcalc grad "with torch.no_grad():\n    u = x*x\nu*x" --x 3',
                """\
Again 9: u was calculated where torch takes no notes.""",
            ),
        ),
    ),
    Lesson(
        "Writing in place",
        """\
What is written into a tensor is differentiated too: the old elements get nothing back, the new
ones do. An input that has a gradient is another matter: torch refuses to write into that, but
under `torch.no_grad()`. It also refuses to go back where something was written over that it
needs on the way.""",
        (
            Step(
                'gradcalc grad "y = x*x; y[0] = 5; sum(y*x)" --x 1,2',
                """\
y[0] is 5, whatever x[0] is: only the x beside it gives a slope there, 5. x[1] gives 3*x**2, as
if nothing had been written.""",
            ),
            Step(
                'gradcalc grad "x[0] = 5; torch.sum(x*x)" --x 1,2',
                """\
gradcalc's tensors do not change, so it has the gradient nevertheless. The finding says that
torch refuses, and the tip what to do.""",
            ),
        ),
    ),
    Lesson(
        "Loops and branches",
        """\
torch notes what is calculated, not what is written: a loop is the rounds that it went, and of an
`if` there is the branch that was taken. The gradient is that of the way through the program,
which stands below as the path.""",
        (
            Step(
                'gradcalc grad "b = a*2\nwhile b.norm() < 1000: b = b*2\nb" --a 0.3',
                """\
a was doubled twelve times, so the slope is 2**12. A little to the side of a there are as many
rounds, so that is the true gradient.""",
            ),
            Step(
                'gradcalc grad "x**2 if x > 1 else x" --x 1',
                """\
Where two branches meet torch knows only the one that it took: 1, and on the right the slope is
2. The verdict is kink: there is no gradient, and torch's number is one of those around.""",
            ),
        ),
    ),
    Lesson(
        "Corners",
        """\
At a corner there is no gradient, and torch goes on with a number that was agreed on for each
function: for `abs` and `relu` it is 0. Alone that does no harm, as it lies between the slopes of
both sides. What is made of several of them need not.""",
        (
            Step(
                'gradcalc why "abs(x)" --x 0',
                """\
Any number from -1 to 1 would do, and torch's does. So the verdict is kink, with exit code 3, and
not wrong.""",
            ),
            Step(
                'gradcalc grad "relu(x) - relu(-x)" --x 0',
                """\
This is x, with slope 1 everywhere. Torch takes 0 for each relu, and what that makes, 0, is the
slope of no side: wrong.""",
            ),
            Step(
                'gradcalc plot "abs(x - 0.3) + x**2" --x -1:1:11',
                """\
No point of the plot is at the corner. It was found between two of them, as the slope jumps
there.""",
            ),
        ),
    ),
    Lesson(
        "NaN behind a mask",
        """\
`where` chooses between values, and the way back goes through both branches: that which was not
taken gets 0. But 0 times an infinite slope is NaN, and so is 0 times none. A mask is no
protection for what stands behind it.""",
        (
            Step(
                'gradcalc why "where(x > 0, sqrt(x), 0*x)" --x -1,4',
                """\
The value is right and the gradient is NaN: 0 came to sqrt, which has no slope at -1.""",
            ),
            Step(
                'gradcalc grad "where(x > 0, sqrt(where(x > 0, x, 1)), 0*x)" --x -1,4',
                """\
The inner where gives sqrt a 1 in place of what is masked: a finite slope, times 0, is 0. That is
the safe where.""",
            ),
        ),
    ),
    Lesson(
        "Digits that vanish",
        """\
A float has about 16 digits. Where numbers are subtracted that are nearly the same, the digits
that they share vanish, and rounding is left. And `exp` soon leaves the range of floats. No
formula shows either, so autograd is right by the rules and wrong by the numbers.""",
        (
            Step(
                'gradcalc grad "(1 - cos(x))/x**2" --x 1e-5',
                """\
1 - cos(x) loses 9 digits here, and the slope loses all. `instead` is a form that loses none.""",
            ),
            Step(
                'gradcalc why "log(sum(exp(x)))" --x 1000,999',
                """\
exp(1000) is no float. logsumexp takes the largest x out before, and its gradient is softmax, at
any size.""",
            ),
            Step(
                'gradcalc grad "log(sum(exp(x)))" --x 100,99',
                """\
All is well at 100, in float64. torch's usual float32 ends near exp(88): the finding says what
would happen there.""",
            ),
        ),
    ),
    Lesson(
        "Twice",
        """\
A gradient is calculated from its inputs, too, so it can be differentiated again: in torch with
`create_graph=True`. `hessian` has all second derivatives, checked as the first ones are. What
was detached once is a constant to the second derivative, too.""",
        (
            Step(
                'gradcalc hessian "sum(x**3)" --x 1,2',
                """\
6*x on the diagonal, and 0 elsewhere: the slope by one element does not hang on the other.""",
            ),
            Step(
                'gradcalc hessian "x.detach()*x**2" --x 3',
                """\
The value is that of x**3, whose second derivative is 6*x, 18. With one x a constant it is 2*x,
6. That is verified: it is what the program says, as detach is meant.""",
            ),
        ),
    ),
)

FURTHER = """\
`--expect` is for a gradient that you derived, `gradcalc why` for a NaN of your own, and
`gradcalc check` for a backward that you wrote. With `--steps symbolic`, `gradcalc explain`
writes the derivation. `gradcalc -h` lists the rest."""
