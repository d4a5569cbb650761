"""Code of others that does what it should not, and what is said of it."""

from dataclasses import dataclass

RIGHT, WRONG, ERROR, UNRESOLVED, LIMIT = 0, 1, 2, 3, 4

SUM = "return (x * x).sum()"


@dataclass(frozen=True, slots=True)
class Code:
    """A file with a function `f`, the exit codes that are right for it, and a part of the sentence.

    What `leaves` a process behind has started it for that.
    """

    text: str
    codes: tuple[int, ...] = (RIGHT,)
    said: str = ""
    options: tuple[str, ...] = ()
    leaves: bool = False


def body(lines: str, codes: tuple[int, ...] = (RIGHT,), said: str = "", **more: bool) -> Code:
    """A function that does something before it gives the sum of squares."""
    inside = "".join(f"    {line}\n" for line in lines.splitlines())
    text = f"import os, sys, torch\n\ndef f(x):\n{inside}    {SUM}\n"
    return Code(text, codes, said, **more)


def ended(lines: str, said: str) -> Code:
    """A function that does not come to its end."""
    return body(lines, (LIMIT,), said)


def raises(lines: str, said: str) -> Code:
    """A function that raises something."""
    return body(lines, (ERROR,), said)


def module(lines: str, codes: tuple[int, ...] = (RIGHT,), said: str = "") -> Code:
    """A file that does something when it is run."""
    return Code(f"import os, sys, torch\n{lines}\n\ndef f(x):\n    {SUM}\n", codes, said)


def endless(code: Code) -> Code:
    """Code that never comes to its end, with a limit."""
    return Code(code.text, (LIMIT,), code.said, ("--timeout", "3"))


PRINTS = {
    "prints": body("print('hello')"),
    "prints binary": body(r"sys.stdout.buffer.write(bytes(range(256)))"),
    "prints megabytes": body("for _ in range(20): print('x' * 100_000)"),
    "prints to descriptor 1": body("os.write(1, b'hello')"),
    "prints by the shell": body("os.system('echo hello')"),
    "prints at exit": module("import atexit; atexit.register(print, 'bye')"),
    "exits at exit": module("import atexit; atexit.register(sys.exit, 3)"),
    "prints from a thread": body(
        "import threading\nt = threading.Thread(target=print, args=('a',)); t.start(); t.join()"
    ),
    "changes sys.stdout": body("sys.stdout = sys.stderr = None"),
    "closes sys.stdout": body("sys.stdout.close()"),
    "prints what no encoding has": body(r"print('\ud800'.encode('utf-8', 'surrogatepass'))"),
}

RAISES = {
    "Exception": raises("raise Exception('mine')", "f raises Exception: mine"),
    "BaseException": raises("raise BaseException('mine')", "f raises BaseException: mine"),
    "SystemExit": raises("raise SystemExit('mine')", "f raises SystemExit: mine"),
    "sys.exit(0)": raises("sys.exit(0)", "f raises SystemExit: 0"),
    "KeyboardInterrupt": raises("raise KeyboardInterrupt", "f raises KeyboardInterrupt"),
    "GeneratorExit": raises("raise GeneratorExit", "f raises GeneratorExit"),
    "StopIteration": raises("next(iter(()))", "f raises StopIteration"),
    "MemoryError": raises("raise MemoryError", "f raises MemoryError"),
    "a chain": raises("try: 1/0\nexcept Exception as e: raise KeyError(2) from e", "KeyError"),
    "a group": raises("raise ExceptionGroup('g', [KeyError(1)])", "f raises ExceptionGroup"),
    "recursion": raises("return f(x)", "f raises RecursionError"),
    "lines of text": raises(r"raise ValueError('a\nb\nc')", "f raises ValueError: a"),
    "escapes of a terminal": raises(r"raise ValueError('\x1b[31mred')", "f raises ValueError"),
    "what has no text": raises(
        "class E(Exception):\n    def __str__(self): raise KeyError\nraise E", "f raises E"
    ),
    "what is not an exception": raises("raise 3", "f raises TypeError"),
    "in the backward": Code(
        "import torch\n\nclass f(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x):\n        return x * 2\n"
        "    @staticmethod\n    def backward(ctx, g):\n        raise BaseException('back')\n",
        (ERROR, UNRESOLVED), "back",
    ),
    "in __del__": body("class D:\n    def __del__(self): raise KeyError('del')\nD()"),
    "in a thread": body(
        "import threading\nt = threading.Thread(target=lambda: 1/0); t.start(); t.join()"
    ),
    "input()": raises("input()", "f raises EOFError"),
    "reads standard input": body("assert sys.stdin.read() == ''"),
}  # fmt: skip

ENDS = {
    "os._exit(0)": ended("os._exit(0)", "left with exit code 0"),
    "os._exit(7)": ended("os._exit(7)", "left with exit code 7"),
    "segfault": ended("import ctypes; ctypes.string_at(0)", "ended by SIGSEGV"),
    "abort": ended("os.abort()", "ended by SIGABRT"),
    "kills itself": ended("os.kill(os.getpid(), 9)", "ended by SIGKILL"),
    "Ctrl-C of itself": ended("os.kill(os.getpid(), 2)", "ended by SIGINT"),
    "a stack of C": ended(
        "sys.setrecursionlimit(10**9)\na = []\nfor _ in range(10**6): a = [a]\nrepr(a)", ""
    ),
    "closes all descriptors": ended("os.closerange(0, 500)", "process"),
    "stops itself": endless(body("os.kill(os.getpid(), 19)", said="did not answer within 3 s")),
    "never ends": endless(body("while True: pass", said="did not answer within 3 s")),
    "never ends in C": endless(body("10 ** 10 ** 9", said="did not answer within 3 s")),
    "sleeps": endless(body("import time; time.sleep(10**6)", said="did not answer within 3 s")),
    "waits for itself": endless(
        body("import threading\nl = threading.Lock(); l.acquire(); l.acquire()")
    ),
    "takes all memory": raises("b = []\nwhile True: b.append(bytearray(1 << 26))", "MemoryError"),
    "a tensor that is too large": raises("torch.zeros(10**12)", "f raises RuntimeError"),
}

FORKS = {
    "forks": body("os.fork()"),
    "forks in C": body("import ctypes; ctypes.CDLL(None).fork()"),
    "forks, and the copy ends": body("if not os.fork(): os._exit(3)"),
    "forks, and the copy raises": body("if not os.fork(): raise KeyError"),
    "forks, and the copy exits": body("if not os.fork(): sys.exit()"),
    "forks at the top": module("os.fork()"),
    "processes of multiprocessing": body(
        "import multiprocessing as m\n"
        "p = m.get_context('fork').Process(target=print, args=(1,)); p.start(); p.join()"
    ),
    "threads that never end": body(
        "import threading, time\n"
        "for _ in range(8): threading.Thread(target=time.sleep, args=(10**6,)).start()"
    ),
    "threads that never rest": body(
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(2): threading.Thread(target=spin).start()"
    ),
    "leaves a daemon": body(
        "import subprocess\n"
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)", leaves=True,
    ),
}  # fmt: skip

STATES = {
    "default dtype": body("torch.set_default_dtype(torch.float16)"),
    "default device": body("torch.set_default_device('meta')", (RIGHT, ERROR, UNRESOLVED)),
    # nothing flows back then, which is what torch does too
    "grad mode off": body("torch.set_grad_enabled(False)"),
    "inference mode": body("torch.inference_mode(True).__enter__()"),
    "deterministic": body("torch.use_deterministic_algorithms(True)"),
    "seeds": body("import random\ntorch.manual_seed(3); random.seed(3)"),
    "threads": body("torch.set_num_threads(7)"),
    "anomaly mode": body("torch.autograd.set_detect_anomaly(True)"),
    "how tensors are printed": body("torch.set_printoptions(precision=1, threshold=1)"),
    "denormals": body("torch.set_flush_denormal(True)"),
    "a dispatch mode": body(
        "from torch.utils._python_dispatch import TorchDispatchMode as M\n"
        "class N(M):\n    def __torch_dispatch__(self, f, t, a=(), k=None):\n"
        "        return f(*a, **(k or {}))\nN().__enter__()", (RIGHT, ERROR, UNRESOLVED, LIMIT),
    ),
    "hooks of saved tensors": body(
        "torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__()"
    ),
    "the working directory": body("os.chdir('/')"),
    "the environment": body("os.environ.clear()"),
    "signal handlers": body(
        "import signal\nfor n in (2, 10, 13, 15, 17): signal.signal(n, signal.SIG_IGN)"
    ),
    "an alarm": body("import signal\nsignal.signal(14, lambda *_: None); signal.alarm(1)"),
    "closes 0 to 2": body("os.closerange(0, 3)"),
    "a limit on files": body("import resource as r\nr.setrlimit(r.RLIMIT_NOFILE, (3, 3))"),
    "writes files": body("open('written', 'w').write('x')"),
    "sys.path": body("sys.path.clear()"),
    "sys.modules": body("sys.modules.clear()", (RIGHT, ERROR, UNRESOLVED, LIMIT)),
    "a tracer": body("sys.settrace(lambda *a: None)"),
    "garbage": body("import gc; gc.disable(); gc.set_debug(gc.DEBUG_STATS)"),
    "the recursion limit": body("sys.setrecursionlimit(150)", (RIGHT, ERROR, UNRESOLVED, LIMIT)),
    "warnings": body("import warnings; warnings.simplefilter('error')"),
}  # fmt: skip

ANY = (ERROR, UNRESOLVED, LIMIT)
PATCHES = {
    # then it is x + x that ran
    "Tensor.__mul__": body("torch.Tensor.__mul__ = lambda a, b: a + b"),
    "torch.autograd.grad": body("torch.autograd.grad = None", ANY),
    "torch.autograd.grad that lies": body(
        "torch.autograd.grad = lambda *a, **k: (torch.zeros(2),)", (RIGHT, WRONG, *ANY)
    ),
    "numpy.asarray": body("import numpy; numpy.asarray = None", (RIGHT, *ANY)),
    "pickle.dumps": body("import pickle; pickle.dumps = None", (RIGHT, *ANY)),
    "os._exit": body("os._exit = None"),
    "os.write": body("os.write = None", ANY),
    "builtins.len": body("import builtins; builtins.len = lambda o: 0", (RIGHT, *ANY)),
    "builtins.open": body("import builtins; builtins.open = None"),
    "builtins.isinstance": body("import builtins; builtins.isinstance = None", (RIGHT, *ANY)),
    "builtins.print": body("import builtins; builtins.print = None"),
    "builtins.__import__": body("import builtins; builtins.__import__ = None", (RIGHT, *ANY)),
    "writes into the answers": body(
        "for n in range(3, 30):\n    try: os.write(n, b'garbage garbage garbage')\n"
        "    except OSError: pass", (RIGHT, *ANY),
    ),
    "calls gradcalc": body("import gradcalc; gradcalc.grad('x*x', x=2.0)", (RIGHT, *ANY)),
    "calls the command": body(
        "import subprocess\n"
        "subprocess.run([sys.executable, '-m', 'gradcalc', 'grad', 'x', '--x', '1'], check=True)"
    ),
}  # fmt: skip

FILES = {
    "exits": module("sys.exit(3)", (ERROR,), "the file raises SystemExit: 3"),
    "os._exit": module("os._exit(3)", (LIMIT,), "left with exit code 3"),
    "KeyboardInterrupt": module("raise KeyboardInterrupt", (ERROR,), "raises KeyboardInterrupt"),
    "loops": endless(module("while True: pass", said="did not answer within 3 s")),
    "a module that is not there": module("import nosuch", (ERROR,), "ModuleNotFoundError"),
    "a module that is broken": module("import broken", (ERROR,), "raises SyntaxError"),
    "a module that is slow": module("import slow"),
    "a module that exits": module("import exits", (ERROR,), "raises SystemExit"),
    "a module that crashes": module("import crashes", (LIMIT,), "ended by SIGSEGV"),
    "no Python": Code("def f(x:\n    return x\n", (ERROR,), "SyntaxError"),
    "a null byte": Code("def f(x):\n    return x\0\n", (ERROR,), "SyntaxError"),
    "nothing": Code("", (ERROR,), "has nothing called f"),
    "deep nesting": Code(f"def f(x):\n    return {'(' * 5000}x{')' * 5000}\n", (ERROR,), "raises"),
    "no UTF-8": Code('def f(x):\n    return "\udcff"\n', (ERROR,), "SyntaxError"),
    "another encoding": Code(
        "# coding: latin-1\nimport torch\n\ndef f(x):\n    é = 'ÿ'\n    return (x * x).sum()\n"
    ),
    "an encoding that is not there": Code("# coding: nosuch\nf = 3\n", (ERROR,), "SyntaxError"),
    "names in other letters": Code("def f(x):\n    größe = x * x\n    return größe.sum()\n"),
}

KINDS = {
    "prints": PRINTS, "raises": RAISES, "never comes back": ENDS, "processes and threads": FORKS,
    "changes what all share": STATES, "puts something in its place": PATCHES,
    "files": FILES,
}  # fmt: skip

BESIDE = {
    "broken.py": "def g(:\n",
    "slow.py": "import time; time.sleep(2)\n",
    "exits.py": "import sys; sys.exit(4)\n",
    "crashes.py": "import ctypes; ctypes.string_at(0)\n",
}
"""Files beside those that are checked."""
